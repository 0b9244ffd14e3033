"""What Sail makes of expressions, as JSON: whether an update on Sail may have them, and their type and values."""

from __future__ import annotations

import datetime
import decimal
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

TYPES = {
    "i": ("INT", ["1", "-7", "NULL", "120", "3"]),
    "l": ("BIGINT", ["10", "-3", "NULL", "123456789012", "2"]),
    "d": ("DOUBLE", ["1.5", "-2.25", "NULL", "123456.789", "0.1"]),
    "n": ("DECIMAL(10, 2)", ["1.50", "-99999.99", "NULL", "12345.91", "0.05"]),
    "m": ("DECIMAL(18, 4)", ["2.5000", "-3.3333", "NULL", "9999.9999", "7.0000"]),
    "s": ("STRING", ["'Anna'", "'bob 12'", "NULL", "''", "'é-Ü ß'"]),
    "u": ("STRING", ["'2026-01-31'", "'12'", "NULL", "' x '", "'2026-02-30'"]),
    "b": ("BOOLEAN", ["true", "false", "NULL", "true", "false"]),
    "t": ("DATE", ["'2026-01-31'", "'1899-12-31'", "NULL", "'2024-02-29'", "'2026-12-01'"]),
    "ts": (
        "TIMESTAMP",
        ["'2026-01-31 12:34:56.789012'", "'1899-12-31 23:59:59'", "NULL", "'2024-02-29'", "'2026-03-29'"],
    ),
    "a": ("ARRAY<STRING>", ["array('a', 'b', NULL)", "array()", "NULL", "array('x')", "array('b', 'a', 'b')"]),
    "ai": ("ARRAY<INT>", ["array(3, 1, NULL)", "array()", "NULL", "array(5)", "array(2, 2, -1)"]),
    "st": (
        "STRUCT<x: INT, y: STRING>",
        ["named_struct('x', 1, 'y', 'p')"] * 2 + ["NULL"] + ["named_struct('x', 3, 'y', NULL)"] * 2,
    ),
}
SLOTS = {
    "{num}": ("i", "l", "d", "n", "m"),
    "{int}": ("i", "l"),
    "{str}": ("s", "u"),
    "{any}": ("i", "l", "d", "n", "m", "s", "b", "t", "ts"),
    "{time}": ("t", "ts"),
    "{arr}": ("a", "ai"),
}
ROWS = 5
FORMS = tuple(Path(__file__).with_name("sail_forms.txt").read_text(encoding="utf-8").splitlines())


def expressions() -> list[str]:
    """Every form with every type of argument."""
    return [expression for form in FORMS for expression in fill(form)]


def fill(form: str) -> Iterator[str]:
    parts = re.split(r"(\{\w+\})", form)
    for choice in itertools.product(*(SLOTS.get(part, (part,)) for part in parts)):
        yield "".join(choice)


def make_rows(spark: SparkSession) -> None:
    """The view `rows`, from literals; in one partition, so that `first` and `last` have one result."""
    rows = (
        f"({row}, " + ", ".join(f"CAST({values[row]} AS {kind})" for kind, values in TYPES.values()) + ")"
        for row in range(ROWS)
    )
    names = ", ".join(("k", *TYPES))
    spark.sql(f"SELECT * FROM VALUES {', '.join(rows)} AS t({names})").coalesce(1).createOrReplaceTempView("rows")


def query(selected: list[str]) -> str:
    """A query of expressions that are all aggregates, or all not."""
    columns = ", ".join(f"{text.removeprefix('agg:')} AS r{number}" for number, text in enumerate(selected))
    return f"SELECT {columns} FROM rows" + ("" if selected[0].startswith("agg:") else " ORDER BY k")


def evaluate(
    spark: SparkSession, selected: list[str], prepare: Callable[[DataFrame], DataFrame] = lambda frame: frame
) -> dict[str, list[Any]]:
    """The type and the values of expressions; those that the engine refuses are left out.

    So are structs with two fields of one name, which PySpark's client cannot convert to rows.
    """
    try:
        frame = prepare(spark.sql(query(selected)))
        rows = frame.collect()
    except (PySparkException, ValueError):
        if len(selected) == 1:
            return {}
        half = len(selected) // 2
        return {**evaluate(spark, selected[:half], prepare), **evaluate(spark, selected[half:], prepare)}
    kinds = [field.dataType.simpleString() for field in frame.schema]
    return {text: [kinds[place], [spell(row[place]) for row in rows]] for place, text in enumerate(selected)}


def spell(value: Any) -> Any:
    """A value as JSON; doubles with the digits in which engines agree."""
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, (decimal.Decimal, datetime.date)):
        return str(value)
    if hasattr(value, "asDict"):
        return spell(value.asDict())
    if isinstance(value, Mapping):
        return {str(key): spell(each) for key, each in value.items()}
    return [spell(each) for each in value] if isinstance(value, list) else value


def on_sail(selected: list[str]) -> dict[str, list[Any]]:
    """The expressions that an update on Sail may have."""
    from cbx.runtime.sail.checks.argument_types import check_argument_types
    from cbx.runtime.sail.checks.supported_plans import check_plan
    from cbx.runtime.sail.functions.own_functions import OwnFunctions
    from cbx.runtime.sail.functions.replaced_calls import replace_calls
    from cbx.runtime.sail.functions.rewritten_queries import rewrite_queries_for_sail
    from cbx.runtime.sail.messages import plan_of
    from cbx.runtime.sail.refusals import NotOnSailError
    from cbx.runtime.sail.session import start_sail, stop_sail

    sail = start_sail()
    spark = sail.spark
    make_rows(spark)
    found = {}
    with rewrite_queries_for_sail(spark):
        for text in selected:
            plan = plan_of(spark.sql(query([text])))
            try:
                check_plan(plan, is_stream=False)
                check_argument_types(spark, plan)
            except NotOnSailError:
                continue
            found.update(evaluate(spark, [text], partial(replace_calls, OwnFunctions(spark))))
    stop_sail(sail)  # PySpark's client calls the server when the process ends, and would wait for minutes if it is gone
    return found


if __name__ == "__main__":
    json.dump(on_sail(json.load(sys.stdin)), sys.stdout)
