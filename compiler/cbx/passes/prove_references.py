"""Proves that each row of a seed has its parent row, where the parent is a seed, too."""

from __future__ import annotations

from collections.abc import Sequence

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, listing
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import normal_type
from cbx.stages.resolved import Connected, Relationship
from cbx.stages.resolved_model import ResolvedModel
from cbx.stages.seeds import Seed

_MOST_LINES = 3


def prove_references(connected: Connected, report: Report) -> Connected:
    """From relationships between seeds to proven ones, which need no check on the data.

    Before: ``bronze.countries`` refers to ``bronze.currencies`` by ``currency``, and both are seeds. After: the
    relationship is proven, or CBX347 names the lines of the rows without a parent. As in a foreign key, a row with NULL
    in one of the columns refers to nothing.
    """
    models = connected.models
    if not any(model.seed is not None for model in models.values()):
        return connected
    relationships = [
        relationship._replace(
            is_proven=_is_proven(relationship, models[relationship.child], models.get(relationship.parent), report)
        )
        for relationship in connected.relationships
    ]
    return connected._replace(relationships=tuple(relationships))


def _is_proven(relationship: Relationship, child: ResolvedModel, parent: ResolvedModel | None, report: Report) -> bool:
    """Whether all rows of a seed have a parent in a seed; False for unknown columns, or columns of different types."""
    if child.seed is None or parent is None or parent.seed is None:
        return False
    ours, theirs = ([pair[side] for pair in relationship.on] for side in (0, 1))
    types = _types(child, ours)
    if None in types or types != _types(parent, theirs):
        return False
    known = set(_rows(parent.seed, theirs))
    rows = enumerate(_rows(child.seed, ours))
    missing = [number for number, row in rows if None not in row and row not in known]
    if missing:
        _report_missing(relationship, child.seed, missing, report)
    return not missing


def _types(model: ResolvedModel, names: Sequence[str]) -> list[str | None]:
    types = {column.name.lower(): normal_type(column.type) for column in model.columns or ()}
    return [types.get(name.lower()) for name in names]


def _rows(seed: Seed, names: Sequence[str]) -> list[tuple[object, ...]]:
    return list(zip(*(seed.values[name.lower()] for name in names), strict=True))


def _report_missing(relationship: Relationship, seed: Seed, missing: Sequence[int], report: Report) -> None:
    lines = [str(seed.lines[number]) for number in missing]
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    rows = f"line{'s' if len(lines) > 1 else ''} {', '.join(lines[:_MOST_LINES])}{more}"
    on = listing([ours for ours, _ in relationship.on])
    message = f"`{relationship.parent}` has no row for {on} of {rows}"
    line = seed.lines[missing[0]]
    span = Span(seed.path, line, 1, line, 2)
    hint = f"add the row to the seed `{relationship.parent}`, or correct the value"
    report.add(codes.MISSING_SEED_PARENT, message, span, label="no parent row", hint=hint)
