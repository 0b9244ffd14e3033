"""The marks of `var` in a template, and the errors of forbidden uses."""

from __future__ import annotations

from typing import Any

import jinja2


class UnknownNowError(jinja2.TemplateRuntimeError):
    """A template uses a value that is known only when the pipeline runs."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the value of the variable `{variable}` is only known when the pipeline runs")
        self.variable = variable


class InputHereError(jinja2.TemplateRuntimeError):
    """A macro reads an input outside a query."""


class NotANameError(jinja2.TemplateRuntimeError):
    """``var`` is called without the name of a variable."""


class BrokenMacroError(jinja2.TemplateRuntimeError):
    """A template calls a macro that was reported already."""


class VariableMark:
    """The value of ``var``, which can only be printed."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __str__(self) -> str:
        return f"\0var:{self.name}\0"

    __repr__ = __str__

    def _refuse(self, *_: object) -> Any:
        raise UnknownNowError(self.name)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __len__ = __iter__ = _refuse
    __add__ = __radd__ = __int__ = __float__ = __getitem__ = __contains__ = _refuse
    __hash__ = object.__hash__

    def __mod__(self, other: object) -> Any:
        return self._refuse(other)


def variable(*arguments: Any, **keywords: Any) -> VariableMark:
    """The word ``var`` of templates."""
    values = (*arguments, *keywords.values())
    if len(values) != 1 or not isinstance(values[0], str) or not set(keywords) <= {"name"}:
        raise NotANameError
    return VariableMark(values[0])
