"""The expressions that cbx reports for their types, against Spark: it refuses each of them, and few others."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator

from pyspark.sql import SparkSession

from cbx.analysis.facts import Table, TableColumn
from cbx.analysis.from_sql import read_query
from cbx.analysis.types.refused_types import ACCEPTED
from compiler.tests.runtime.test_expression_types_of_spark import Analyser, chunks, sample
from compiler.tests.runtime.typed_columns import TYPES

LEAST_SHARE = 0.9
"""The share of the expressions refused by Spark that are reported, at least."""

OPERATORS = (
    "+", "-", "*", "/", "%", "div", "=", "<>", "<", "<=", ">", ">=", "<=>", "AND", "OR", "IS DISTINCT FROM",
)  # fmt: skip
FORMS = (
    "{} IN ({}, 'x')", "{} NOT IN (NULL, {})", "{} BETWEEN {} AND 'x'", "coalesce({}, {})", "nvl({}, {})", "{} IN ({})",
    "{} BETWEEN {} AND NULL",
    "CASE {} WHEN {} THEN 1 END",
    "CASE WHEN truth THEN {} WHEN FALSE THEN NULL ELSE {} END",
    "if(truth, {}, {})",
    "greatest({}, {})",
)  # fmt: skip
VALUES = (
    *TYPES,
    "'x'",
    "NULL",
    "1",
    "1.5",
    "1e0",
    "TRUE",
    "DATE '2024-01-31'",
    "INTERVAL 1 DAY",
    "current_time()",
    "sum(num)",
)
UNJUDGED = ("any_json", "code", "current_time", "NULL")
"""Parts of expressions of which cbx says nothing: VARIANT, collations, TIME, NULL."""

SPELLED = {
    "contains": "contains({}, 'x')", "countif": "count_if", "endswith": "endswith({}, 'x')", "lastday": "last_day",
    "left": "left({}, 1)", "like": "{} LIKE 'x'", "logicaland": "bool_and", "logicalor": "bool_or", "neg": "- {}",
    "not": "NOT {}", "regexplike": "{} RLIKE 'x'", "right": "right({}, 1)", "startswith": "startswith({}, 'x')",
    "stddevpop": "stddev_pop", "stddevsamp": "stddev_samp", "substring": "substring({}, 1, 2)",
    "tsordsadd": "date_add({}, 1)", "variancepop": "var_pop",
}  # fmt: skip
TABLE = Table("typed", tuple(TableColumn(name, kind) for name, kind in TYPES.items()))


def expressions() -> Iterator[str]:
    """Every operator and form on every pair of values, and every function on every value."""
    for left, right in itertools.product(VALUES, VALUES):
        yield from (f"{left} {sign} {right}" for sign in OPERATORS)
        yield from (form.format(left, right) for form in FORMS)
    for name in (name for names in ACCEPTED.values() for name in names.split()):
        spelled = SPELLED.get(name, name.removeprefix("anonymous:"))
        form = spelled if "{" in spelled else f"{spelled}({{}})"
        yield from (form.format(value) for value in VALUES)
    for name in ("sum", "avg", "stddev", "try_sum"):
        yield from (f"{name}(DISTINCT {value})" for value in VALUES)


def is_reported(expression: str) -> bool:
    query = read_query(f"SELECT {expression} FROM typed", {"typed": TABLE})
    return any(mistake.kind == "mismatched_types" for mistake in query.mistakes)


def test_reported_types_are_refused(spark: SparkSession) -> None:
    """Spark refuses each expression that is reported; of those that it refuses nearly all are reported."""
    analyser = Analyser(spark)
    choose = random.Random(os.environ.get("TYPES_SEED", "1"))
    tried = sample(choose, list(dict.fromkeys(expressions())))
    kinds = [kind for chunk in chunks(tried) for kind in analyser.types(chunk)]
    spark.catalog.dropTempView("typed")
    refused = {expression for expression, kind in zip(tried, kinds, strict=True) if kind is None}
    judged = {expression for expression in refused if not any(map(expression.count, UNJUDGED))}
    reported = set(filter(is_reported, tried))
    missed = judged - reported

    share = 1 - len(missed) / len(judged)
    print(f"{len(refused)} of {len(tried)} refused, {share:.1%} reported of {len(judged)} with types that are judged")

    assert sorted(reported - refused) == []
    assert share >= LEAST_SHARE
