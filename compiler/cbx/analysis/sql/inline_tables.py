"""Reads rows that are written out: ``VALUES (1, 'a'), (2, 'b')``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from sqlglot import exp

from cbx.analysis.facts import DOUBTFUL
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relations import Ids
from cbx.analysis.relation.values_apart import are_different
from cbx.analysis.sql.expressions.expression_types import type_of
from cbx.analysis.sql.expressions.expressions import ExpressionReader, literal
from cbx.analysis.sql.scope import Context, Scope
from cbx.analysis.types.value_types import united_type

_MOST_ROWS = 1000
_MOST_COLUMNS = 6


def read_inline_table(node: exp.Values, context: Context) -> ir.Values:
    """Read VALUES; columns in which no two rows have the same literals are keys."""
    rows = [one.expressions if isinstance(one, exp.Tuple) else [one] for one in node.expressions]
    width = len(rows[0]) if rows else 1
    fields = tuple(context.new_field(f"col{at + 1}", _type(rows, at, context)) for at in range(width))
    positions = keys_of_rows(rows)
    return ir.Values(len(rows), fields, keys=tuple(frozenset(fields[at].id for at in key) for key in positions))


def _type(rows: Sequence[Sequence[exp.Expr]], at: int, context: Context) -> str | None:
    """The type of a column; NULL goes with any."""
    reader = ExpressionReader(Scope(), context)
    values = [row[at] for row in rows if at < len(row) and not isinstance(row[at], exp.Null)]
    return united_type(type_of(one, reader) for one in values) if len(values) <= _MOST_ROWS else DOUBTFUL


def keys_of_rows(rows: Sequence[Sequence[exp.Expr]]) -> list[Ids]:
    """The positions, one or two together, at which no two rows have the same literals."""
    if not rows or len(rows) > _MOST_ROWS or len({len(one) for one in rows}) > 1:
        return []
    texts = [_texts([row[at] for row in rows]) for at in range(len(rows[0]))]
    known = [at for at, column in enumerate(texts) if column is not None][:_MOST_COLUMNS]
    keys: list[Ids] = []
    for count in (1, 2):
        for chosen in itertools.combinations(known, count):
            seen = {tuple((texts[at] or [])[row] for at in chosen) for row in range(len(rows))}
            if len(seen) == len(rows) and not any(key <= set(chosen) for key in keys):
                keys.append(frozenset(chosen))
    return keys


def _texts(nodes: Sequence[exp.Expr]) -> list[str | None] | None:
    """The literals of a column, if those that are spelled differently are different."""
    literals = [literal(one) for one in nodes]
    if any(one is None for one in literals):
        return None
    texts = [one.text for one in literals if one is not None]
    known = list(dict.fromkeys(one for one in texts if one is not None))
    return texts if all(are_different(known[0], one) for one in known[1:]) else None
