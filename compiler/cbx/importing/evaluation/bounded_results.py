"""Operations whose result may be much larger than what it is made of: they fail where it would be.

Code that is imported is not trusted: ``"a" * 10**10`` must not fill the memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cbx.importing.evaluation.values import LARGEST

_MOST_NUMBERS: Final = 10_000
_WIDTH: Final = re.compile(r"\d{4}|\*|\{[^{}]*\{")
"""What may be a large width in a pattern of ``%`` or ``format``, or one that a value gives."""


class LargeResultError(Exception):
    """The result would be too large to be followed."""


def list_range(*values: int) -> list[int]:
    """The numbers of ``range``.

    Raises:
        LargeResultError: There are too many.
    """
    numbers = range(*values)
    if len(numbers) > _MOST_NUMBERS:
        raise LargeResultError
    return list(numbers)


def multiply(left: Any, right: Any) -> Any:
    """The product of numbers, or a repeated text or list.

    Raises:
        LargeResultError: The result would be too large.
    """
    for repeated, times in ((left, right), (right, left)):
        if isinstance(repeated, (str, list, tuple)) and isinstance(times, int):
            _refuse_large(len(repeated) * times)
    return left * right


def fill_pattern(pattern: str, values: Any) -> str:
    """The text of ``pattern % values``.

    Raises:
        LargeResultError: The result may be too large.
    """
    _refuse_pattern(pattern, [values])
    return str(pattern % values)


def format_value(value: Any, spec: Any) -> str:
    """The text of a value with a format, as in an f-string.

    Raises:
        LargeResultError: The result may be too large.
        TypeError: It is no plain value.
    """
    if not isinstance(value, (str, int, float)):
        raise TypeError
    _refuse_pattern(spec, [value])
    return format(value, spec)


def call_text_method(text: str, name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
    """The result of a method of a text.

    Raises:
        LargeResultError: The result may be too large.
    """
    match name, arguments:
        case "format", _:
            _refuse_pattern(text, [*arguments, *keywords.values()])
        case "zfill", [int() as width]:
            _refuse_large(width)
        case "replace", [_, str() as new, *_]:
            _refuse_large((len(text) + 1) * len(new))
        case "join", [(list() | tuple() | dict()) as items]:
            _refuse_large(len(text) * len(items))
        case _:
            pass
    return getattr(text, name)(*arguments, **keywords)


def _refuse_large(size: int) -> None:
    if size > LARGEST:
        raise LargeResultError


def _refuse_pattern(pattern: str, values: Sequence[Any]) -> None:
    """Refuse a pattern that may make a large text: by a width, or by repeating values."""
    if _WIDTH.search(pattern):
        raise LargeResultError
    _refuse_large(len(pattern) * sum(len(str(value)) for value in values))
