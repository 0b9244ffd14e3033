"""Converts the types in casts from sqlglot's trees to the spelling of `cbx.parse.databricks_sql.types`."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from cbx.parse.databricks_sql.dialect import write_sql
from cbx.parse.databricks_sql.types import normal_type
from cbx.spark_spelling import quote_if_needed

_NESTED = (exp.DType.ARRAY, exp.DType.MAP, exp.DType.STRUCT)


def cast_type(kind: exp.Expr) -> str | None:
    """The type of a tree; None for a type that Databricks does not have."""
    if kind.args.keys() <= _PLAIN and not kind.args.get("expressions") and isinstance(kind.this, exp.DType):
        return _plain_type(kind.this.name)
    return normal_type(_write_type(kind))


_PLAIN = frozenset({"this", "nested", "expressions"})


@lru_cache(maxsize=256)
def _plain_type(name: str) -> str | None:
    return normal_type(_write_type(exp.DataType(this=exp.DType[name])))


def _write_type(kind: exp.Expr) -> str:
    """Write a type as SQL. sqlglot's writer drops collations and turns TIME into TIMESTAMP."""
    collation = kind.args.get("collate")
    if collation is not None:
        return f"STRING COLLATE {_last_name(collation)}"
    if kind.this in _NESTED:
        return f"{kind.this.name}<{', '.join(_write_member(member) for member in kind.expressions)}>"
    if kind.this is exp.DType.TIME:
        sizes = ", ".join(write_sql(size) for size in kind.expressions)
        return f"TIME({sizes})" if sizes else "TIME"
    return write_sql(kind)


def _write_member(node: exp.Expr) -> str:
    if not isinstance(node, exp.ColumnDef):
        return _write_type(node)
    collations = [
        constraint.kind.this for constraint in node.args.get("constraints") or () if _is_collation(constraint)
    ]
    written = f"STRING COLLATE {_last_name(collations[0])}" if collations else _write_type(node.args["kind"])
    return f"{quote_if_needed(node.name)}: {written}"


def _is_collation(node: exp.Expr) -> bool:
    return isinstance(node, exp.ColumnConstraint) and isinstance(node.kind, exp.CollateColumnConstraint)


def _last_name(collation: exp.Expr) -> str:
    return quote_if_needed(collation.name)
