"""Parses decimals as Spark does."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError

_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]{1,9}))?")
_LONGEST_NUMBER: Final = 300
_LARGEST_EXPONENT: Final = 400
_CONTEXT: Final = Context(prec=1000, rounding=ROUND_HALF_UP)


def parse_decimal(text: str, precision: int, scale: int) -> Decimal:
    """A decimal, rounded half up to the scale.

    Args:
        text: Java's spelling of a decimal.
        precision: The most digits.
        scale: The digits after the point.

    Raises:
        MisfitError: The text is no number, or has too many digits.
        NeedsSparkError: It is very long, or has digits of another script.
    """
    match = _DECIMAL.fullmatch(text)
    if len(text) > _LONGEST_NUMBER or (not match and has_foreign_digits(text)):
        raise NeedsSparkError(f"a decimal has the form {text[:40]!r}")
    if not match:
        raise MisfitError
    if abs(int(match.group(1) or 0)) > _LARGEST_EXPONENT:
        raise NeedsSparkError(f"a decimal has the exponent {match.group(1)}")
    try:
        value = Decimal(text).quantize(Decimal(1).scaleb(-scale), context=_CONTEXT)
    except InvalidOperation as error:
        raise MisfitError from error
    if abs(value.scaleb(scale)) >= 10**precision:
        raise MisfitError
    return value


def has_foreign_digits(text: str) -> bool:
    """Whether Java may read characters that are not ASCII as digits."""
    return not text.isascii() and any(character.isdecimal() and not character.isascii() for character in text)
