"""The expectation decorators, which hand their rules up to the decorator of the dataset."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import DatasetExpectation, OnViolation, Query
from cbx.runtime.problems import Place, RunError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

RULES = "__cbx_rules__"
DEFINED = "__cbx_defined__"

Decorator = Callable[[Query], Query]


def expect(on_violation: OnViolation, name: str, condition: str) -> Decorator:
    """One rule."""
    return _with_rules([DatasetExpectation(name, condition, on_violation)])


def expect_all(on_violation: OnViolation, expectations: Mapping[str, str]) -> Decorator:
    """Several rules, conditions by name."""
    return _with_rules(expectations_of(on_violation, expectations))


def expectations_of(on_violation: OnViolation, expectations: Mapping[str, str]) -> list[DatasetExpectation]:
    """Rules as values."""
    return [DatasetExpectation(name, condition, on_violation) for name, condition in expectations.items()]


def _with_rules(rules: Sequence[DatasetExpectation]) -> Decorator:
    """A decorator that hands rules up to the decorator of the dataset.

    Decorators apply from the function upwards, so rules are put in front to stand as they are written.
    """
    place = calling_line()

    def attach(query: Query) -> Query:
        if hasattr(query, DEFINED):
            raise RunError(
                "an expectation stands above the dataset's decorator, where it has no effect",
                place=place,
                hint="put @dlt.table or @dlt.view on top and the expectations below it",
            )

        @functools.wraps(query)
        def checked() -> DataFrame:
            return query()

        setattr(checked, RULES, check_distinct_names([*rules, *getattr(query, RULES, ())], place))
        return checked

    return attach


def check_distinct_names(rules: Sequence[DatasetExpectation], place: Place | None) -> tuple[DatasetExpectation, ...]:
    """The rules, none of which may have another's name.

    Raises:
        RunError: If two have the same.
    """
    seen = set()
    for rule in rules:
        if rule.name in seen:
            raise RunError(f"two expectations are named `{rule.name}`", place=place, hint="give each a name of its own")
        seen.add(rule.name)
    return tuple(rules)
