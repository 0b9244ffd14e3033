"""Splits CSV records into values as Univocity does with the settings of Spark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.landed_text import read_text, split_lines

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions

_BLANK: Final = "".join(map(chr, range(33)))
"""What Java trims."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the values of a record are separated and quoted.

    Attributes:
        separator: The character between values.
        quote: The character around values.
        quoted: Matches a quoted value, and its end, that Spark certainly reads so.
        escaped: Matches a character with its escape inside a quoted value.
        has_header: Whether the first record of a file is its header.
    """

    separator: str
    quote: str
    quoted: re.Pattern[str]
    escaped: re.Pattern[str]
    has_header: bool


def make_dialect(options: LoaderOptions) -> Dialect:
    """The dialect that the options describe."""
    separator, quote, escape = options.separator, options.quote, options.escape
    mark, end = re.escape(quote), f"[ \\t]*(?={re.escape(separator)}|\\Z)"
    if escape == quote:
        inside, escaped = f"(?:[^{mark}]|{mark}{mark})*", f"{mark}({mark})"
    else:
        inside, escaped = rf"(?:[^{mark}\\]|\\.)*", rf"\\([{mark}\\])"
    quoted = re.compile(f"{mark}({inside}){mark}{end}", re.DOTALL)
    return Dialect(separator, quote, quoted, re.compile(escaped), options.is_reader_set("header"))


def read_records(file: LandedFile, dialect: Dialect) -> list[str]:
    """The texts of the records of a file, without its header.

    Raises:
        NeedsSparkError: The file cannot be read.
    """
    text = read_text(file)
    if "\0" in text:
        raise NeedsSparkError(f"{file.path} has zero bytes")
    records = [line for line in split_lines(text) if line.strip(_BLANK)]
    return records[1:] if dialect.has_header else records


def split_record(text: str, dialect: Dialect) -> list[str | None]:
    """The values of a record; None for an empty one.

    Raises:
        NeedsSparkError: It is not certain how Spark splits it.
    """
    if dialect.quote not in text:
        return [value or None for value in text.split(dialect.separator)]
    values: list[str | None] = []
    place = 0
    while place <= len(text):
        value, place = _value(text, place, dialect)
        values.append(value or None)
        place += 1
    return values


def _value(text: str, place: int, dialect: Dialect) -> tuple[str, int]:
    """The value that begins at a place, and the place of its end."""
    if text.startswith(dialect.quote, place):
        match = dialect.quoted.match(text, place)
        if not match:
            raise NeedsSparkError("a CSV value has quotes inside quotes")
        return dialect.escaped.sub(r"\1", match.group(1)), match.end()
    end = text.find(dialect.separator, place)
    end = len(text) if end < 0 else end
    return text[place:end], end
