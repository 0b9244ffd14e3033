"""The types that cbx gives to expressions, against those that Spark gives them: never another one, and rarely none.

Every expression that Spark accepts counts, also those whose type cbx does not know, and those that it cannot parse.
"""

from __future__ import annotations

import itertools
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from sqlglot.errors import SqlglotError

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Field
from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.sql.expressions.type_rules.expression_types import RULES, type_of_result
from cbx.analysis.sql.scope import Context, FromItem, Scope
from cbx.analysis.sql.trees.closed_world import replace_unknown
from cbx.analysis.types.result_types import RESULTS
from cbx.parse.databricks_sql.dialect import read_one
from cbx.parse.databricks_sql.types import is_same_type
from compiler.tests.runtime.typed_columns import TYPES, UNKNOWN

SHARE = float(os.environ.get("TYPES_OF_SPARK", "0.03"))
"""The share of the functions, and of the pairs of types for each, that are tried; `make soak` tries all."""

LEAST_SHARE = 0.95
"""The share of the types that are known, at least."""

LITERALS = ("'month'", "'x'", "2", "0", "-1", "1.50", "1e0", "3000000000", "NULL", "TRUE", "DATE '2024-01-31'")
OPERATORS = ("+", "-", "*", "/", "%", "div", "||", "=", "<=>", "<", "AND", "LIKE", "&")
NOT_CALLED = frozenset("and between case cast div ilike in like not or rlike session_window window".split())  # noqa: SIM905 - shorter
IN_WINDOWS = {"cume_dist", "dense_rank", "lag", "lead", "ntile", "percent_rank", "rank", "row_number", "nth_value"}
VALUES = (*TYPES, *LITERALS)
Item = TypeVar("Item")
MOST_TRIPLES = 100
AT_ONCE = 120
FORMS = tuple((Path(__file__).parent / "expression_forms.txt").read_text(encoding="utf-8").splitlines())
"""Forms of expressions; any value may stand for each pair of braces."""


class Analyser:
    """Asks Spark for the types of many expressions at once, of which some may be wrong."""

    def __init__(self, spark: SparkSession) -> None:
        columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in TYPES.items())
        spark.sql(f"SELECT {columns}").createOrReplaceTempView("typed")
        state: Any = spark._jsparkSession.sessionState()
        self.parse, self.analyse = state.sqlParser().parsePlan, state.analyzer().execute

    def types(self, expressions: list[str]) -> list[str | None]:
        """The type of each expression; None where Spark refuses it."""
        try:
            found = self._types(expressions)
        except (Py4JJavaError, PySparkException) as error:
            if len({expression.partition("(")[0] for expression in expressions}) == 1 and "WRONG_NUM_ARGS" in str(
                error
            ):
                return [None] * len(expressions)
            found = None
        if found is not None or len(expressions) == 1:
            return found or [None]
        half = len(expressions) // 2
        return self.types(expressions[:half]) + self.types(expressions[half:])

    def _types(self, expressions: list[str]) -> list[str | None] | None:
        plan = self.analyse(self.parse(f"SELECT {', '.join(expressions)} FROM typed"))
        # A window makes a plan of its own: the columns that come out of it have the types.
        items = plan.output() if " OVER " in " ".join(expressions) and plan.resolved() else plan.expressions()
        if items.size() != len(expressions):
            return None
        nodes = [items.apply(at) for at in range(items.size())]
        return [node.dataType().sql() if node.resolved() else None for node in nodes]


@pytest.fixture(scope="module")
def analyser(spark: SparkSession) -> Iterator[Analyser]:
    yield Analyser(spark)
    spark.catalog.dropTempView("typed")


def own_type(expression: str) -> str | None:
    """The type that cbx gives an expression."""
    fields = tuple(Field(at, name, kind) for at, (name, kind) in enumerate(TYPES.items()))
    scope = Scope(from_items=[FromItem((), fields, is_open=False, certain_names=frozenset(TYPES))])
    reader = ExpressionReader(scope, Context({}, (), lambda *_: ir.Opaque((), ())))
    try:
        tree = read_one(f"SELECT {expression}").expressions[0]
    except SqlglotError:
        return None
    return type_of_result(replace_unknown(tree, list(tree.walk())), reader)


def calls(name: str, choose: random.Random) -> Iterator[str]:
    """Calls of a function, with any types of arguments."""
    arguments: list[tuple[str, ...]] = [(), *((value,) for value in VALUES)]
    arguments += sample(choose, list(itertools.product(VALUES, VALUES)))
    arguments += [tuple(choose.choices(VALUES, k=3)) for _ in sample(choose, range(MOST_TRIPLES))]
    over = " OVER (ORDER BY num)" if name in IN_WINDOWS else ""
    yield from (f"{name}({', '.join(listed)}){over}" for listed in arguments)


def sample(choose: random.Random, items: Sequence[Item]) -> list[Item]:
    """The share of some items that is tried."""
    return choose.sample(items, max(1, round(SHARE * len(items))))


def arity(call: str) -> int:
    """How many arguments a call has."""
    return 0 if "()" in call else call.count(",") + 1


def compare(analyser: Analyser, expressions: list[str]) -> tuple[Counter[str], list[str]]:
    """How many types are known of those that Spark knows, and those that are not Spark's."""
    counts: Counter[str] = Counter()
    wrong = []
    for expression, kind in zip(expressions, analyser.types(expressions), strict=True):
        if kind is None:
            continue
        own = own_type(expression)
        is_right = own in UNKNOWN or is_same_type(own, kind)
        counts["unknown" if own in UNKNOWN else "right" if is_right else "wrong"] += 1
        wrong += [] if is_right else [f"{expression}: {own}, Spark: {kind}"]
    return counts, wrong


def assert_types_are_known(counts: Counter[str], wrong: list[str]) -> None:
    """No type is another one than Spark's, and few are not known."""
    print(f"{counts.total()} types: {dict(counts)}")

    assert wrong == []
    assert counts["right"] >= LEAST_SHARE * counts.total()


def test_functions(analyser: Analyser) -> None:
    """Every function of Spark's, with any one, two and three types of arguments."""
    choose = random.Random(os.environ.get("TYPES_SEED", "1"))
    spark = SparkSession.active()
    names = [row[0] for row in spark.sql("SHOW FUNCTIONS").collect() if re.fullmatch(r"[a-z_0-9]+", row[0])]
    counts: Counter[str] = Counter()
    wrong = []
    for name in sample(choose, sorted({*names} - NOT_CALLED)):
        for _, same_arity in itertools.groupby(calls(name, choose), arity):
            for chunk in chunks(list(same_arity)):
                found, mistakes = compare(analyser, chunk)
                counts += found
                wrong += mistakes

    assert_types_are_known(counts, wrong)


def test_operators(analyser: Analyser) -> None:
    """Every operator on every pair of types, and every form of expression with any types in it."""
    choose = random.Random(os.environ.get("TYPES_SEED", "1"))
    pairs = list(itertools.product(OPERATORS, VALUES, VALUES))
    expressions = [f"{left} {sign} {other}" for sign, left, other in sample(choose, pairs)]
    for form in FORMS:
        expressions += [form.format(*choose.choices(VALUES, k=3)) for _ in sample(choose, range(MOST_TRIPLES))]
    plain = [expression for expression in expressions if " OVER " not in expression and "posexplode" not in expression]
    others = [[expression] for expression in expressions if expression not in {*plain}]
    counts: Counter[str] = Counter()
    wrong = []
    for chunk in [*chunks(plain), *others]:
        found, mistakes = compare(analyser, chunk)
        counts += found
        wrong += mistakes

    assert_types_are_known(counts, wrong)


def chunks(expressions: list[str]) -> Iterator[list[str]]:
    """The expressions in lists that Spark analyses at once."""
    for start in range(0, len(expressions), AT_ONCE):
        yield expressions[start : start + AT_ONCE]


def test_every_rule_is_used() -> None:
    """A name among the results is a type or a rule, and no shape has two."""
    shapes = [shape for listed in RESULTS.values() for shape in listed.split()]

    assert [name for name in RESULTS if not name.isupper() and name not in RULES] == []
    assert [name for name in RULES if name not in RESULTS] == []
    assert len(shapes) == len(set(shapes))
