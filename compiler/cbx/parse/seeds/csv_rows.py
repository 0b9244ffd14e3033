"""Parses the CSV file of a seed: RFC 4180 with a header, commas, and lines that end in a line feed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.syntax.declarations import SeedRows, SeedValue

MOST_ROWS = 5000
_FIELD = re.compile(r'(?:"(?P<quoted>[^"]*(?:""[^"]*)*)"|(?P<plain>[^,"\n]*))(?P<end>,|\n|\Z)')
_QUOTED = re.compile(r'"[^"]*(?:""[^"]*)*"')
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}

_Record = tuple[SeedValue, ...]


def parse_csv_rows(source: SourceFile, report: Report) -> SeedRows | None:
    """The names and values of a CSV file.

    Before: ``code,digits`` and ``EUR,2``. After: two names, and one row with their values. An empty value is NULL, and
    ``""`` the empty text; lines without any character are skipped.

    Returns:
        The rows; None after a CBX245: a quote that is not closed, a line with another number of values, too many rows.
    """
    records = list(_records(source, report))
    if any(not record for record in records):
        return None
    if not records:
        hint = "write the names of the columns in its first line"
        report.add(codes.INVALID_SEED, f"`{source.path}` is empty", source.start(), hint=hint)
        return None
    header, *rows = records
    seed = SeedRows(source, header, tuple(rows))
    return seed if _check_lengths(seed, report) and _check_bound(seed, report) else None


def _records(source: SourceFile, report: Report) -> Iterator[_Record]:
    """The values of each line; an empty record after a diagnostic."""
    values: list[SeedValue] = []
    position, text = 0, source.text
    while position < len(text):
        match = _FIELD.match(text, position)
        if match is None:
            _report_quote(source, position, report)
            yield ()
            return
        value = _value(match)
        values.append(value)
        position = match.end()
        is_last = match["end"] != ","
        if match["end"] == "," and position == len(text):
            values.append(SeedValue(None, position, position))
            is_last = True
        if is_last:
            if len(values) > 1 or value.text is not None:
                yield tuple(values)
            values = []


def _value(match: re.Match[str]) -> SeedValue:
    text = match["plain"] or None
    if match["quoted"] is not None:
        text = match["quoted"].replace('""', '"')
    return SeedValue(text, match.start(), match.start("end"))


def _report_quote(source: SourceFile, position: int, report: Report) -> None:
    is_quoted = source.text.startswith('"', position)
    quote = position if is_quoted else source.text.index('"', position)
    closing = _QUOTED.match(source.text, position) if is_quoted else None
    message, hint = "this quote is never closed", 'close the value with `"`'
    if closing is not None:
        quote = closing.end() - 1
    if closing is not None or not is_quoted:
        message = "this quote is inside a value"
        hint = 'put the whole value in quotes, and double each quote in it: `"5"" disk"`'
    report.add(codes.INVALID_SEED, message, source.span(quote, quote + 1), hint=hint)


def _check_lengths(seed: SeedRows, report: Report) -> bool:
    """Whether all rows have as many values as the header; CBX245 at the first that does not."""
    wrong = [row for row in seed.rows if len(row) != len(seed.header)]
    if not wrong:
        return True
    row, wanted = wrong[0], len(seed.header)
    count = f"{len(row)} value{'s' if len(row) != 1 else ''}"
    names = f"{wanted} column{'s' if wanted != 1 else ''}"
    more = f"; {len(wrong)} lines differ" if len(wrong) > 1 else ""
    message = f"this line has {count}, and the first line names {names}{more}"
    hint = "separate values by commas; put a value that contains a comma in quotes"
    report.add(codes.INVALID_SEED, message, seed.source.span(row[0].start, row[-1].end), hint=hint)
    return False


def _check_bound(seed: SeedRows, report: Report) -> bool:
    if len(seed.rows) <= MOST_ROWS:
        return True
    message = f"this seed has {len(seed.rows):,} rows, and a seed has at most {MOST_ROWS:,}"
    hint = "a seed is written into its notebook: load a larger file with `auto_loader`"
    report.add(codes.INVALID_SEED, message, seed.source.start(), hint=hint)
    return False


def other_separator(seed: SeedRows) -> str | None:
    """The name of another separator than commas that the only name of a header contains."""
    header = seed.header[0].text or ""
    return next((name for sign, name in _OTHER_SEPARATORS.items() if len(seed.header) == 1 and sign in header), None)
