"""Notes the conditions ``x NOT IN (SELECT ...)``."""

from __future__ import annotations

from sqlglot import exp

from cbx.analysis.relation.hazards import NotInQuery
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.predicates import split_conjuncts
from cbx.analysis.sql.trees.query_spans import place_of


def not_in_queries(condition: exp.Expr, reader: ExpressionReader) -> list[NotInQuery]:
    """The conjuncts that are not in the result of a query."""
    tests = [
        (conjunct, conjunct.this.unnest().args["query"])
        for conjunct in split_conjuncts(condition)
        if isinstance(conjunct, exp.Not) and conjunct.this.unnest().args.get("query")
    ]
    return [NotInQuery(place_of(conjunct), reader.relation_of_query(query)) for conjunct, query in tests]
