"""The types that cbx gives to the columns of traced models, against those that Spark gives them."""

from __future__ import annotations

import os
import random
from collections import Counter
from textwrap import indent
from typing import Any

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.from_plan import read_plan
from cbx.analysis.tracing.requests import Frame, Function, Traced
from cbx.analysis.tracing.types import sql_type
from cbx.parse.types import is_same_type
from cbx.syntax.declarations import Snippet
from compiler.tests.runtime.typed_columns import TYPES, UNKNOWN

ROUNDS = int(os.environ.get("PYTHON_TYPES_OF_SPARK", "2"))
"""How often each form of expression is tried, each time with other columns; `make soak` tries more."""

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


def programs(choose: random.Random) -> list[tuple[str, list[str]]]:
    """How a model selects, and the expressions in it."""
    names = [*TYPES]

    def fill(form: str) -> str:
        return form.format(*(f'F.col("{name}")' for name in choose.choices(names, k=3)))

    selected = [fill(form) for form in FORMS for _ in range(ROUNDS)]
    grouped = [fill(form) for form in AGGREGATES for _ in range(ROUNDS)]
    return [("typed.select({})", selected), ('typed.groupBy("num").agg({})', grouped)]


def spark_types(spark: SparkSession, shape: str, expressions: list[str]) -> list[str | None]:
    """The type of each expression, None where Spark refuses it, or where it has no name."""
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
        except PySparkException:
            found.append(None)
            continue
        found.append(sql_type(schema["made"].dataType))
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
    """A type is Spark's, or it is not known; those of usual expressions are known."""
    counts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    wrong = []
    with Tracer() as tracer:
        for shape, expressions in programs(random.Random(os.environ.get("TYPES_SEED", "1"))):
            of_spark = spark_types(spark, shape, expressions)
            accepted = [
                (expression, kind) for expression, kind in zip(expressions, of_spark, strict=True) if kind is not None
            ]
            own = own_types(tracer, shape, [expression for expression, _ in accepted])
            for (expression, kind), mine in zip(accepted, own, strict=True):
                is_right = mine in UNKNOWN or is_same_type(mine, kind)
                counts["unknown" if mine in UNKNOWN else "right" if is_right else "wrong"] += 1
                unknown[expression] += mine in UNKNOWN
                wrong += [] if is_right else [f"{expression}: {mine}, Spark: {kind}"]
    print(f"types of traced columns: {dict(counts)}; unknown: {+unknown}")

    assert wrong == []
    assert counts["right"] > 4 * counts["unknown"]
