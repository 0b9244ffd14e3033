"""The types that cbx gives to the columns of traced models, against those that Spark gives them.

Every expression that Spark accepts counts, also those whose type cbx does not know.
"""

from __future__ import annotations

import inspect
import os
import random
from collections import Counter
from collections.abc import Iterator
from textwrap import indent
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.from_plan import read_plan
from cbx.analysis.tracing.requests import Frame, Function, Traced
from cbx.analysis.tracing.types import sql_type
from cbx.parse.databricks_sql.types import is_same_type
from cbx.syntax.declarations import Snippet
from compiler.tests.runtime.typed_columns import TYPES, UNKNOWN

ROUNDS = int(os.environ.get("PYTHON_TYPES_OF_SPARK", "1"))
"""How often each form of expression is tried, each time with other columns; `make soak` tries more."""

FUNCTIONS = float(os.environ.get("PYTHON_FUNCTIONS_OF_SPARK", "0.03"))
"""The share of all functions that is tried; `make soak` tries all."""

LEAST_SHARE = 0.95
"""The share of the types that are known, at least."""

ARGUMENTS = {"int": "2", "float": "0.5", "Any": "1", "class 'str'": '"month"'}
"""What is passed to a parameter that is no column, by a part of its type."""

NOT_CALLED = frozenset({
    "arrow_udf", "arrow_udtf", "broadcast", "bucket", "days", "hours", "months", "pandas_udf", "udf", "udtf", "years",
})  # fmt: skip
"""Functions that make functions, and those that are for partitions only, which fail in every other place."""
CALLS = 30 if FUNCTIONS == 1 else 10
"""How often each function is called with other columns, for each number of arguments."""

IMPORTS = """
import datetime
from decimal import Decimal
from pyspark.sql import Window
from pyspark.sql import functions as F
"""
FORMS = """
{} + {}
{} * 2
{} * 2.5
{} / 3
{} % {}
{} - 1
-{}
2 / {}
{} + F.lit(3000000000)
{} == {}
{}.eqNullSafe({})
{}.isin(1, 2)
{}.between(1, 2)
({} > 1) & {}.isNull()
F.coalesce({}, {})
F.nvl({}, {})
F.nvl({}, F.lit(0))
F.ifnull({}, F.lit("x"))
F.nullif({}, {})
F.greatest({}, {}, {})
F.least({}, {})
F.when({} > 1, {}).otherwise({})
F.when({} > 1, {})
F.when({} > 1, 1).when({} > 2, 2.5).otherwise(0)
F.round({})
F.round({}, 1)
F.bround({}, 1)
F.ceil({})
F.floor({})
F.abs({})
F.sqrt({})
F.pow({}, 2)
F.log({})
F.exp({})
F.upper({})
F.concat({}, {})
F.concat(F.lit("a-"), {})
F.concat_ws("-", {}, {})
F.substring({}, 1, 2)
F.trim({})
F.lpad({}, 3, "0")
F.split({}, ",")
F.split({}, ",")[0]
F.regexp_extract({}, "(.)", 1)
F.regexp_replace({}, "a", "b")
F.length({})
F.md5({})
F.sha2({}, 256)
F.xxhash64({}, {})
F.to_date({})
F.to_date({}, "yyyy")
F.to_timestamp({})
F.date_trunc("month", {})
F.trunc({}, "month")
F.date_add({}, 1)
F.date_sub({}, 1)
F.datediff({}, {})
F.months_between({}, {})
F.add_months({}, 1)
F.year({})
F.dayofweek({})
F.hour({})
F.last_day({})
F.unix_timestamp({})
F.from_unixtime({})
F.date_format({}, "yyyy")
F.current_date()
F.current_timestamp()
F.lit(1)
F.lit(2.5)
F.lit(5000000000)
F.lit("x")
F.lit(True)
F.lit(Decimal("1.50"))
F.lit(datetime.date(2024, 1, 31))
F.lit(datetime.datetime(2024, 1, 31))
F.lit(None).cast("int")
{}.cast("decimal(12, 3)")
{}.cast("string")
{}.try_cast("int")
F.array({}, {})
F.array({}, {})[0]
F.struct({}, {})
F.struct({}.alias("a"), F.lit(1))
F.struct({}.alias("a"))["a"]
F.create_map(F.lit("k"), {})
F.create_map(F.lit("k"), {})["k"]
F.col("dims.w")
F.col("dims")["h"]
F.col("dims").getField("h")
F.col("all_dims.h")
F.col("all_dims")[0]["h"]
F.col("counts")["a"]
F.col("nums").getItem(0)
F.col("counts").getItem("a")
F.element_at("nums", 1)
F.element_at("counts", F.lit("a"))
F.size("nums")
F.array_contains("nums", 1)
F.array_distinct("names")
F.sort_array("names")
F.map_keys("counts")
F.map_values("counts")
F.transform("nums", lambda one: F.lit("x"))
F.transform("nums", lambda one: one + 1)
F.filter("nums", lambda one: one > 1)
F.exists("nums", lambda one: one > 1)
F.aggregate("nums", F.lit(0), lambda one, other: one + other)
F.from_json("name", "a INT, b STRING")
F.to_json("dims")
F.get_json_object("name", "$.a")
F.expr("coalesce(money, dbl)")
F.expr("money * 1.5")
F.expr("day + 1")
F.expr("nums[0] + tiny")
F.monotonically_increasing_id()
F.rand()
F.uuid()
F.hash({}, {})
F.isnan({})
F.isnull({})
F.udf(lambda one: one, "decimal(9, 3)")({})
F.row_number().over(Window.partitionBy({}).orderBy({}))
F.lag({}).over(Window.orderBy("num"))
F.lag({}, 1, 0).over(Window.orderBy("num"))
F.sum({}).over(Window.partitionBy("num"))
F.avg({}).over(Window.partitionBy("num").orderBy("big"))
F.first({}, ignorenulls=True).over(Window.orderBy("num"))
F.max({}).over(Window.partitionBy("num"))
F.ntile(4).over(Window.orderBy("num"))
F.percent_rank().over(Window.orderBy("num"))
""".strip().splitlines()
AGGREGATES = """
F.sum({})
F.sum_distinct({})
F.avg({})
F.round(F.avg({}), 2)
F.round(F.sum({}), 2)
F.min({})
F.max({})
F.count({})
F.count("*")
F.countDistinct({}, {})
F.approx_count_distinct({})
F.first({})
F.first({}, True)
F.last({})
F.any_value({})
F.max_by({}, {})
F.collect_list({})
F.collect_set({})
F.collect_list(F.struct({}, {}))
F.stddev({})
F.median({})
F.mode({})
F.percentile_approx({}, 0.5)
F.sum(F.when({} > 1, {}).otherwise(0))
F.sum({}) / F.count("*")
F.sum({} * 2)
F.bool_or("truth")
F.count_if({} > 1)
F.corr({}, {})
""".strip().splitlines()


def programs(choose: random.Random) -> Iterator[tuple[str, list[str]]]:
    """How a model selects, and the expressions in it."""

    def fill(form: str) -> str:
        return form.format(*(f'F.col("{name}")' for name in choose.choices([*TYPES], k=max(form.count("{}"), 1))))

    yield "typed.select({})", [fill(form) for form in FORMS for _ in range(ROUNDS)]
    yield 'typed.groupBy("num").agg({})', [fill(form) for form in AGGREGATES for _ in range(ROUNDS)]
    names = [name for name, _ in inspect.getmembers(F, inspect.isfunction) if takes_columns(name)]
    for name in choose.sample(names, round(FUNCTIONS * len(names))):
        calls = [fill(form) for form in call_forms(name) for _ in range(CALLS)]
        yield "typed.select({})", list(dict.fromkeys(calls))


def takes_columns(name: str) -> bool:
    """Whether a name of the module of functions is that of a function of columns."""
    is_public = not name.startswith("_") and name not in NOT_CALLED
    return is_public and getattr(F, name).__module__.startswith("pyspark.sql.functions")


def call_forms(name: str) -> list[str]:
    """Calls of a function with the parameters that it requires, and with one more."""
    parameters = list(inspect.signature(getattr(F, name)).parameters.values())
    required = sum(parameter.default is parameter.empty for parameter in parameters)
    counts = dict.fromkeys((required, min(required + 1, len(parameters))))
    return [f"F.{name}({', '.join(map(placeholder, parameters[:count]))})" for count in counts]


def placeholder(parameter: inspect.Parameter) -> str:
    """What is passed to a parameter; braces stand for a column."""
    kind = str(parameter.annotation)
    if "Callable" in kind:
        return f"lambda {', '.join('abc'[: kind.partition(']')[0].count('Column')])}: a"
    others = ARGUMENTS if "ColumnOrName" not in kind or "int" in kind or "float" in kind else {}
    return next((value for part, value in others.items() if part in kind), "{}")


def spark_types(spark: SparkSession, shape: str, expressions: list[str]) -> list[str | None]:
    """The type of each expression; None where Spark refuses it."""
    import datetime
    from decimal import Decimal

    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in TYPES.items())
    names: dict[str, Any] = {
        "F": F, "Window": Window, "datetime": datetime, "Decimal": Decimal, "typed": spark.sql(f"SELECT {columns}"),
    }  # fmt: skip
    found: list[str | None] = []
    for expression in expressions:
        try:
            schema = eval(shape.format(f'({expression}).alias("made")'), names).schema
        except (Py4JJavaError, PySparkException, TypeError, FutureWarning):
            found.append(None)
            continue
        kind = schema["made"].dataType
        found.append(sql_type(kind) or kind.simpleString().upper())
    return found


def own_types(tracer: Tracer, shape: str, expressions: list[str]) -> list[str | None]:
    """The types that cbx finds, by tracing a model that makes all these columns."""
    items = ",\n".join(f'({expression}).alias("x{at}")' for at, expression in enumerate(expressions))
    text = f"def model(typed):\n    return {shape.format(indent(items, '    ').strip())}"
    table = Table("silver.typed", tuple(TableColumn(name, kind) for name, kind in TYPES.items()))
    frame = Frame("typed", table.name, table.columns)
    outcome = tracer.trace(Function("gold.model", "model", IMPORTS, (), Snippet("models/m.py", 1, text), (frame,)))
    assert isinstance(outcome, Traced), outcome
    relation = read_plan(Traced(outcome.plan, None), {"typed": table}).relation
    found = {field.name: field.type for field in relation.fields}
    return [found[f"x{at}"] for at in range(len(expressions))]


def test_types_of_traced_columns(spark: SparkSession) -> None:
    """A type is Spark's, or it is not known; few are not known."""
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    wrong = []
    with Tracer() as tracer:
        for shape, expressions in programs(random.Random(os.environ.get("TYPES_SEED", "1"))):
            of_spark = spark_types(spark, shape, expressions)
            accepted = [
                (expression, kind) for expression, kind in zip(expressions, of_spark, strict=True) if kind is not None
            ]
            own = own_types(tracer, shape, [expression for expression, _ in accepted]) if accepted else []
            for (expression, kind), mine in zip(accepted, own, strict=True):
                is_right = mine in UNKNOWN or is_same_type(mine, kind)
                counts["unknown" if mine in UNKNOWN else "right" if is_right else "wrong"] += 1
                unknown[expression] += mine in UNKNOWN
                wrong += [] if is_right else [f"{expression}: {mine}, Spark: {kind}"]
    print(f"{counts.total()} types of traced columns: {dict(counts)}; unknown: {+unknown}")

    assert wrong == []
    assert counts["right"] >= LEAST_SHARE * counts.total()
