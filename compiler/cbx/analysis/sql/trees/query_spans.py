"""Where in the text of a query something stands."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation.relations import QuerySpan


def query_span(node: exp.Expr) -> QuerySpan | None:
    """From the first to the last word of a part of a query; None where the parser kept no places."""
    starts: list[int] = []
    ends: list[int] = []
    for one in node.walk():
        if one._meta and "start" in one._meta:  # noqa: SLF001 - `meta` would give every node a dictionary
            starts.append(one._meta["start"])  # noqa: SLF001 - as above
            ends.append(one._meta["end"])  # noqa: SLF001 - as above
    return QuerySpan(min(starts), max(ends) + 1) if starts else None
