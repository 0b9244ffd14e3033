"""What a test of a model can go wrong with, in words for the person who wrote the test."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class ModelTestError(Exception):
    """A test gives or asks for something that there is not: the reason, and a hint if there is one."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(f"{reason}\n  hint: {hint}" if hint else reason)
        self.reason = reason
        self.hint = hint


class ModelFailed(ModelTestError):  # noqa: N818 - reads like `ExpectationFailed`
    """The code of a model does not run on the rows that it was given."""


class UnsupportedByEngine(Exception):  # noqa: N818 - an outcome of a test, as `pytest.skip` is
    """The engine cannot run the model, which says nothing of the model."""


def at_the_line_of_the_test(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """Let what a test did wrong be reported at its own line, without the frames of this package."""

    @wraps(function)
    def call(*arguments: _P.args, **named: _P.kwargs) -> _T:
        __tracebackhide__ = True
        try:
            return function(*arguments, **named)
        except (ModelTestError, AssertionError) as error:
            raise error.with_traceback(None) from None

    return call
