"""Which flows fill which tables, and with which rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cbx.stages.resolved_model import ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.relation.relations import Relation


def flows_by_target(models: Mapping[str, ResolvedModel]) -> dict[str, list[str]]:
    """The flows into each target that has some, besides its own query, sorted by id."""
    flows: dict[str, list[str]] = {}
    for model in models.values():
        if model.flow is not None:
            flows.setdefault(model.flow.model, []).append(model.id)
    return {target: sorted(ids) for target, ids in flows.items()}


def rows_of_target(
    target: str, flows: Sequence[str], models: Mapping[str, ResolvedModel], relations: Mapping[str, Relation]
) -> Relation | None:
    """The rows of a streaming table that flows fill beside its own query; None if they are not known.

    Two backfills of one table do not read the same rows of it: it may change between them. With other Spark settings,
    such as another time zone, one condition can mean something else in each query.
    """
    from cbx.analysis.relation.append_rows import append_rows
    from cbx.analysis.relation.relation_walks import nodes_of, stream_scans
    from cbx.analysis.relation.relations import Scan

    if len({models[name].options.spark_conf for name in (target, *flows)}) > 1:
        return None
    known = [relations[name] for name in (target, *flows) if name in relations]
    backfills = [relation for relation in known if not any(stream_scans(relation))]
    read = [{node.table.name for node in nodes_of(relation) if isinstance(node, Scan)} for relation in backfills]
    is_read_twice = len(set().union(*read)) < sum(map(len, read))
    return append_rows(known[0], known[1:]) if len(known) == 1 + len(flows) and not is_read_twice else None
