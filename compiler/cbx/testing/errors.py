"""The errors that a test of a model can raise."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class ModelTestError(Exception):
    """A test names something that does not exist, or gives rows that do not fit.

    Attributes:
        reason: What is wrong.
        hint: How to fix it, if that is known.
    """

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(f"{reason}\n  hint: {hint}" if hint else reason)
        self.reason = reason
        self.hint = hint


class ModelFailed(ModelTestError):  # noqa: N818 - reads like `ExpectationFailed`
    """The code of a model fails on the rows of the test."""


class UnsupportedByEngine(Exception):  # noqa: N818 - an outcome of a test, as `pytest.skip` is
    """The engine cannot run the model; the model may be correct."""


def report_at_test_line(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Report the errors of a function at the line of the test that calls it, without the frames of this package."""

    @wraps(function)
    def call(*arguments: _P.args, **named: _P.kwargs) -> _T:
        __tracebackhide__ = True
        try:
            return function(*arguments, **named)
        except (ModelTestError, AssertionError) as error:
            raise error.with_traceback(None) from None

    return call
