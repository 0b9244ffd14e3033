"""Explains what is wrong in a template: Jinja reports where it stopped, not what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from cbx.diagnostics.diagnostic import did_you_mean

_MACRO_HEAD = re.compile(r"\{%[-+]?\s*macro\b")
_MACRO_END = re.compile(r"\{%[-+]?\s*endmacro\b")
_UNKNOWN_TAG = re.compile(r"unknown tag '(\w+)'")
_BLOCKS = ("macro", "for", "if", "set", "call", "filter", "with")
_NOT_PROVIDED = re.compile(r"parameter '(\w+)' was not provided")
_WRONG_CALL = re.compile(r"macro '(\w+)' takes no")


def reason_of(error: Exception) -> str:
    """The error inside a template, in one line."""
    if isinstance(error, RecursionError):
        return "a macro calls itself endlessly"
    return (str(error) or type(error).__name__).splitlines()[0]


def lacks_macro_head(text: str) -> bool:
    """Whether a file lacks the first line of a macro, so that the macro's name is unknown."""
    return len(_MACRO_END.findall(text)) > len(_MACRO_HEAD.findall(text))


def hint_of_tag(problem: str) -> str | None:
    """A hint for a closing tag without an opening one, or for an unknown tag."""
    match = _UNKNOWN_TAG.search(problem)
    if match is None:
        return None
    if match[1].removeprefix("end") in _BLOCKS and match[1].startswith("end"):
        return f"no `{{% {match[1].removeprefix('end')} ... %}}` before it is open"
    return did_you_mean(match[1], [*_BLOCKS, *(f"end{name}" for name in _BLOCKS), "else", "elif"])


def hint_of_call(problem: str, find_macro: Callable[[str], Any]) -> str | None:
    """A hint: the signature of a macro that was called with wrong arguments.

    Args:
        problem: Jinja's message.
        find_macro: Finds a macro by its name, or None.
    """
    missing = _NOT_PROVIDED.search(problem)
    if missing:
        return f"give `{missing[1]}` a value in the call, or a default in the macro"
    called = _WRONG_CALL.search(problem)
    macro = find_macro(called[1]) if called else None
    return f"it is called `{called[1]}({', '.join(macro.arguments)})`" if called and macro else None
