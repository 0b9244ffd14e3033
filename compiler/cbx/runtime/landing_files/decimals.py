"""Parses decimals as Spark does."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError

_DECIMAL: Final = re.compile(r"[+-]?(?:([0-9]+)(?:\.([0-9]*))?|\.([0-9]+))(?:[eE]([+-]?[0-9]+))?")
_LONGEST_NUMBER: Final = 300
_LARGEST_EXPONENT: Final = 400
_LARGEST_SCALE: Final = 2**31
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

    Spark writes all digits of a number such as ``1e99999999``, which takes minutes; here it is known that they are too
    many.
    """
    match = _DECIMAL.fullmatch(text)
    if len(text) > _LONGEST_NUMBER or (not match and has_foreign_digits(text)):
        raise NeedsSparkError(f"a decimal has the form {text[:40]!r}")
    if not match:
        raise MisfitError
    whole, fraction, only_fraction, exponent = match.groups()
    if abs(int(exponent or 0)) > _LARGEST_EXPONENT:
        return _parse_power(whole or "", fraction or only_fraction or "", int(exponent), precision)
    try:
        value = Decimal(text).quantize(Decimal(1).scaleb(-scale), context=_CONTEXT)
    except InvalidOperation as error:
        raise MisfitError from error
    if abs(value.scaleb(scale)) >= 10**precision:
        raise MisfitError
    return value


def _parse_power(whole: str, fraction: str, exponent: int, precision: int) -> Decimal:
    """A decimal with a large exponent, which is too large or rounded to zero."""
    if not -_LARGEST_SCALE <= len(fraction) - exponent < _LARGEST_SCALE:  # Java does not read it
        raise MisfitError
    if exponent > precision and int(whole + fraction):
        raise MisfitError
    return Decimal(0)


def has_foreign_digits(text: str) -> bool:
    """Whether Java may read characters that are not ASCII as digits."""
    return not text.isascii() and any(character.isdecimal() and not character.isascii() for character in text)
