"""Reads inline tables: ``VALUES (1, 'a'), (2, 'b')``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Ids
from cbx.analysis.relation.disjoint_values import are_different
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.expressions.type_rules.expression_types import type_of_result
from cbx.analysis.sql.scope import Context, Scope
from cbx.analysis.types.value_types import united_type

_MOST_ROWS = 1000
_MOST_COLUMNS = 6


def read_inline_table(node: exp.Values, context: Context) -> ir.Values:
    """Read an inline table; columns with distinct literals are keys."""
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    width = len(rows[0]) if rows else 1
    fields = tuple(context.new_field(f"col{at + 1}", _type(rows, at, context)) for at in range(width))
    positions = keys_of_rows(rows)
    return ir.Values(len(rows), fields, keys=tuple(frozenset(fields[at].id for at in key) for key in positions))


def _type(rows: Sequence[Sequence[exp.Expr]], at: int, context: Context) -> str | None:
    """The type of a column; NULL has no influence."""
    reader = ExpressionReader(Scope(), context)
    values = [row[at] for row in rows if at < len(row) and not isinstance(row[at], exp.Null)]
    return united_type(type_of_result(value, reader) for value in values) if len(values) <= _MOST_ROWS else UNKNOWN_TYPE


def keys_of_rows(rows: Sequence[Sequence[exp.Expr]]) -> list[Ids]:
    """The positions, single ones and pairs, at which all rows have distinct literals."""
    if not rows or len(rows) > _MOST_ROWS or len({len(row) for row in rows}) > 1:
        return []
    texts = [_texts([row[at] for row in rows]) for at in range(len(rows[0]))]
    comparable = [at for at, column in enumerate(texts) if column is not None][:_MOST_COLUMNS]
    keys: list[Ids] = []
    for count in (1, 2):
        for positions in itertools.combinations(comparable, count):
            seen = {tuple((texts[at] or [])[row] for at in positions) for row in range(len(rows))}
            if len(seen) == len(rows) and not any(key <= set(positions) for key in keys):
                keys.append(frozenset(positions))
    return keys


def _texts(nodes: Sequence[exp.Expr]) -> list[str | None] | None:
    """The literals of a column; None where two that are spelled differently may be equal."""
    literals = [literal(node) for node in nodes]
    if any(constant is None for constant in literals):
        return None
    texts = [constant.text for constant in literals if constant is not None]
    distinct = list(dict.fromkeys(text for text in texts if text is not None))
    return texts if all(are_different(distinct[0], text) for text in distinct[1:]) else None
