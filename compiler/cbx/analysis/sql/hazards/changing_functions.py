"""Finds functions whose result is another one each time that a query runs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.sql.trees.query_spans import place_of

_SEEDS: dict[type[exp.Expr], str] = {
    exp.Rand: "this", exp.Randn: "this", exp.Randstr: "generator", exp.Shuffle: "", exp.Uniform: "seed", exp.Uuid: "",
}  # fmt: skip
"""The classes of random functions, and the argument that holds the seed; `uuid` and `shuffle` have none if seeded."""
_NAMES = frozenset({"monotonically_increasing_id", "random", "spark_partition_id"})


def changing_functions(nodes: Iterable[exp.Expr]) -> list[Hazard]:
    """The random functions among some nodes, those that depend on how Spark divides the rows, and random samples.

    The current time is not among them: that a table says when it was computed is what people mean by it. Neither is
    what has a seed, which people write to get the same values again.
    """
    hazards = (_hazard_of(node) for node in nodes)
    return [hazard for hazard in hazards if hazard is not None]


def _hazard_of(node: exp.Expr) -> Hazard | None:
    match node:
        case exp.TableSample() if not node.args.get("seed"):
            return Hazard("changing_sample", place_of(node))
        case exp.Anonymous() if node.name.lower() in _NAMES:
            return Hazard("changing_values", place_of(node), (node.name.lower(),))
        case exp.Func() if type(node) in _SEEDS and not node.args.get(_SEEDS[type(node)]):
            return Hazard("changing_values", place_of(node), (node.sql_name().lower(),))
        case _:
            return None
