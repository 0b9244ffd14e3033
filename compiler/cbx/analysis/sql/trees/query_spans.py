"""Places of nodes: spans in the text of a query, or calls in a Python file."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation.places import Place, PythonCallSite, QuerySpan


def query_span(node: exp.Expr) -> QuerySpan | None:
    """The span of a node, from its first to its last token; None where the parser kept no offsets."""
    starts: list[int] = []
    ends: list[int] = []
    for part in node.walk():
        if part._meta and "start" in part._meta:  # noqa: SLF001 - `meta` would give every node a dictionary
            starts.append(part._meta["start"])  # noqa: SLF001 - as above
            ends.append(part._meta["end"])  # noqa: SLF001 - as above
    return QuerySpan(min(starts), max(ends) + 1) if starts else None


_SITE = "site"


def set_call_site(node: exp.Expr, site: PythonCallSite | None) -> exp.Expr:
    """Note the file and the line of the call in Python that made a node, if they are known, and return the node."""
    if site is not None:
        node.meta[_SITE] = site
    return node


def place_of(node: exp.Expr) -> Place:
    """Where a node is: the call that made it, in Python, or else its span."""
    for part in node.walk():
        if part._meta and _SITE in part._meta:  # noqa: SLF001 - as above
            site: PythonCallSite = part._meta[_SITE]  # noqa: SLF001 - as above
            return site
    return query_span(node)
