"""The expectation decorators. The decorator of the dataset collects their expectations."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.source_files import Span
from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import DatasetExpectation, OnViolation, Query
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RULES = "__cbx_rules__"
DEFINED = "__cbx_defined__"

Decorator = Callable[[Query], Query]


def expect(on_violation: OnViolation, name: str, condition: str) -> Decorator:
    """One expectation."""
    return _with_rules([DatasetExpectation(name, condition, on_violation)])


def expect_all(on_violation: OnViolation, expectations: Mapping[str, str]) -> Decorator:
    """Several expectations: conditions by name."""
    return _with_rules(expectations_of(on_violation, expectations))


def expectations_of(on_violation: OnViolation, expectations: Mapping[str, str]) -> list[DatasetExpectation]:
    """Expectations from conditions by name."""
    return [DatasetExpectation(name, condition, on_violation) for name, condition in expectations.items()]


def _with_rules(rules: Sequence[DatasetExpectation]) -> Decorator:
    """A decorator that attaches expectations to the function.

    Decorators apply from the function upwards, so later ones are put in front to keep the written order.
    """
    span = calling_line()

    def attach(query: Query) -> Query:
        if hasattr(query, DEFINED):
            raise RunError(
                INVALID_DEFINITION,
                "an expectation above the decorator of the dataset has no effect",
                span=span,
                hint="put @dlt.table or @dlt.view first and the expectations below it",
            )

        @functools.wraps(query)
        def query_with_expectations() -> DataFrame:
            return query()

        setattr(query_with_expectations, RULES, check_distinct_names([*rules, *getattr(query, RULES, ())], span))
        return query_with_expectations

    return attach


def check_distinct_names(rules: Sequence[DatasetExpectation], span: Span | None) -> tuple[DatasetExpectation, ...]:
    """The expectations, whose names must differ.

    Raises:
        RunError: If two have the same.
    """
    seen = set()
    for rule in rules:
        if rule.name in seen:
            raise RunError(
                INVALID_DEFINITION, f"two expectations are named `{rule.name}`", span=span, hint="rename one of them"
            )
        seen.add(rule.name)
    return tuple(rules)
