"""The lists of functions, against the functions of the installed Spark."""

from __future__ import annotations

import re
from typing import Any

from pyspark.sql import SparkSession
from sqlglot.errors import SqlglotError

from cbx.analysis.sql.expressions.spark_functions import FUNCTIONS, GENERATORS, NONDETERMINISTIC
from cbx.analysis.sql.grouping import aggregates_in
from cbx.parse.databricks_sql.dialect import read_one

SYNTAX = {"case", "cast", "python_worker_logs"}
"""What Spark lists among its functions and DataFrames cannot call."""

_CATALYST = "org.apache.spark.sql.catalyst"


def functions(spark: SparkSession) -> dict[str, Any]:
    """What Spark knows of each of its functions, by name."""
    java: Any = spark._jvm
    catalog = spark._jsparkSession.sessionState().catalog()
    names = [row[0] for row in spark.sql("SHOW FUNCTIONS").collect()]
    identifier = getattr(java, f"{_CATALYST}.FunctionIdentifier")
    return {
        name: catalog.lookupFunctionInfo(identifier(name))
        for name in names
        if re.fullmatch(r"[a-z_][a-z_0-9]*", name) and name not in SYNTAX
    }


def are_of(spark: SparkSession, infos: dict[str, Any], trait: str) -> set[str]:
    """The functions whose class has a trait."""
    load = spark._jvm.java.lang.Class.forName  # type: ignore[union-attr]
    wanted = load(f"{_CATALYST}.{trait}")
    return {name for name, info in infos.items() if wanted.isAssignableFrom(load(info.getClassName()))}


def test_every_function_is_in_one_list(spark: SparkSession) -> None:
    """A function that a release of Spark adds fails here; until somebody looks at it, nothing is known of it."""
    there = set(functions(spark))

    assert there - FUNCTIONS - NONDETERMINISTIC - GENERATORS == set()
    assert set() == FUNCTIONS & NONDETERMINISTIC
    assert set() == (FUNCTIONS | NONDETERMINISTIC) & GENERATORS
    assert (FUNCTIONS | NONDETERMINISTIC) - there == set()


def test_generators_and_draws(spark: SparkSession) -> None:
    """What Spark makes rows of is a generator here, and what it calls nondeterministic is drawn."""
    infos = functions(spark)
    drawn = are_of(spark, infos, "expressions.Nondeterministic")
    drawn |= are_of(spark, infos, "expressions.ExpressionWithRandomSeed")

    assert are_of(spark, infos, "expressions.Generator") <= GENERATORS
    assert drawn <= NONDETERMINISTIC


def test_only_aggregates_are_read_as_aggregates(spark: SparkSession) -> None:
    """A function that gives a value for each row is never taken for one that leaves a single row."""
    infos = functions(spark)
    aggregates = {name for name, info in infos.items() if info.getGroup() in {"agg_funcs", "window_funcs"}}
    aggregates |= are_of(spark, infos, "expressions.aggregate.AggregateFunction")
    taken = set()
    for name in infos.keys() - aggregates - GENERATORS:
        for arguments in ("", "a", "a, b", "a, b, c"):
            try:
                node = read_one(f"SELECT {name}({arguments})").expressions[0]
            except SqlglotError:
                continue
            taken |= {name} if aggregates_in([node]) else set()

    assert taken - {"schema_of_variant_agg"} == set()
