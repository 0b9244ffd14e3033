"""Spans of nodes in the text of a query."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation.places import QuerySpan


def query_span(node: exp.Expr) -> QuerySpan | None:
    """The span of a node, from its first to its last token; None where the parser kept no offsets."""
    starts: list[int] = []
    ends: list[int] = []
    for part in node.walk():
        if part._meta and "start" in part._meta:  # noqa: SLF001 - `meta` would give every node a dictionary
            starts.append(part._meta["start"])  # noqa: SLF001 - as above
            ends.append(part._meta["end"])  # noqa: SLF001 - as above
    return QuerySpan(min(starts), max(ends) + 1) if starts else None
