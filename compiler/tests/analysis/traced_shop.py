"""A shop's tables, and functions of models over them, for the tests of tracing."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

from cbx.analysis.facts import CurrentKey, Table, TableColumn
from cbx.analysis.from_sql import Query
from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.from_plan import TracedPlan, read_plan
from cbx.analysis.tracing.requests import Frame, Function, Outcome, Traced
from cbx.analysis.verdicts import result_keys
from cbx.syntax.declarations import Snippet

IMPORTS = """
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
"""
PATH = "models/gold/model.py"


def columns(text: str) -> tuple[TableColumn, ...]:
    """Columns from ``name TYPE; name TYPE``."""
    return tuple(TableColumn(*column.strip().split(" ", 1)) for column in text.split(";"))


TABLES = {
    "orders": Table(
        "silver.orders",
        columns("order_id BIGINT; customer_id BIGINT; placed_at TIMESTAMP; status STRING; total DECIMAL(18, 2)"),
        (("order_id",),),
    ),
    "lines": Table(
        "silver.lines",
        columns("order_id BIGINT; line_number INT; product_id BIGINT; quantity INT; price DECIMAL(10, 2)"),
        (("order_id", "line_number"),),
    ),
    "customers": Table(
        "silver.customers",
        columns("customer_id BIGINT; name STRING; country STRING; email STRING"),
        (("customer_id",),),
    ),
    "products": Table(
        "silver.products",
        columns("product_id BIGINT; name STRING; tags ARRAY<STRING>; supplier STRUCT<id: BIGINT, city: STRING>"),
        (("product_id",),),
    ),
    "events": Table("bronze.events", columns("event_id STRING; customer_id BIGINT; kind STRING; at TIMESTAMP")),
    "tiers": Table(
        "silver.tiers",
        columns("customer_id BIGINT; tier STRING; __START_AT DATE; __END_AT DATE"),
        (("customer_id", "__START_AT"),),
        (CurrentKey(("customer_id",), "__END_AT"),),
    ),
}


def function(source: str, model: str = "gold.model", imports: str = IMPORTS) -> Function:
    """A model's function; its parameters are named as the tables they read."""
    text = dedent(source).strip()
    header = text[text.index("(") + 1 : text.index(")")]
    names = [name.strip() for name in header.split(",") if name.strip()]
    name = text[len("def ") : text.index("(")]
    frames = tuple(Frame(name, TABLES[name].name, TABLES[name].columns) for name in names)
    return Function(model, name, imports, (), Snippet(PATH, 10, text), frames)


def read(tracer: Tracer, source: str) -> tuple[Outcome, TracedPlan]:
    """Trace a model and read its plan."""
    outcome = tracer.trace(function(source))
    assert isinstance(outcome, Traced), outcome.reason
    return outcome, read_plan(outcome, TABLES)


def describe_plan(tracer: Tracer, source: str) -> str:
    """A model's columns and keys, a line each."""
    outcome, plan = read(tracer, source)
    assert isinstance(outcome, Traced)
    assert outcome.columns is not None, outcome.trouble
    return "\n".join([*(f"{field.name} {field.type}" for field in plan.relation.fields), *_keys(plan)])


def _keys(plan: TracedPlan | Query) -> Iterator[str]:
    yield from (f"key: {', '.join(key) or '(one row)'}" for key in result_keys(plan.relation))
