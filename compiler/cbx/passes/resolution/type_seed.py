"""Types the rows of a seed, and proves its keys from them."""

from __future__ import annotations

from collections.abc import Sequence

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Related, Report, did_you_mean, listing
from cbx.diagnostics.source_files import Span
from cbx.parse.databricks_sql.types import normal_type
from cbx.parse.seeds.csv_rows import other_separator
from cbx.parse.seeds.seed_values import SeedLiteral, example_of, is_seed_type, read_seed_value
from cbx.spark_spelling import quote_if_needed
from cbx.stages.declared import DeclaredModel
from cbx.stages.resolved_model import Column
from cbx.stages.seeds import Seed
from cbx.syntax.declarations import SeedRows, SeedValue
from cbx.syntax.spans import Spans
from cbx.syntax.text import Text

_SIMPLE = "a column of a seed has a simple type: STRING, BOOLEAN, DATE, TIMESTAMP, TIMESTAMP_NTZ, or a number"
_NULL = SeedLiteral(None, "NULL")
_MOST_CHARACTERS = 40
_MOST_LINES = 3
"""The lines that a message about several of them names."""


def type_seed(
    declaration: DeclaredModel, columns: Sequence[Column] | None, keys: Sequence[tuple[str, ...]], report: Report
) -> Seed | None:
    """The typed rows of a seed, and what they prove.

    Before: the texts ``EUR`` and ``2``, and the types STRING and INT. After: a row with these values, and the proof
    that ``code`` is unique.

    Args:
        declaration: The declaration, with the rows as texts.
        columns: The declared columns; None if they could not be read.
        keys: The declared keys.
        report: CBX103 for types, CBX245 for the names in the first line, CBX246 for values that are not of their type,
            CBX345 for two rows with one key, CBX346 for NULL in a column that is declared as NOT NULL.

    Returns:
        The rows; None for a model that is no seed, and after a diagnostic.
    """
    rows, spans, reported = declaration.rows, declaration.spans, len(report)
    if rows is None or columns is None:
        return None
    _check_types(columns, spans, report)
    _check_header(rows, columns, spans, report)
    if len(report) > reported or not all(column.type for column in columns):
        return None
    places = {(name.text or "").lower(): number for number, name in enumerate(rows.header)}
    literals = {}
    for column in columns:
        values = [row[places[column.name.lower()]] for row in rows.rows]
        literals[column.name.lower()] = _read_column(rows, column, values, report)
        _check_nulls(rows, column, values, report)
    if len(report) > reported:
        return None
    identities = {name: tuple(literal.identity for literal in read) for name, read in literals.items()}
    for key in keys:
        _check_key(rows, key, identities, report)
    lines = tuple(_span(rows, row[0]).line for row in rows.rows)
    query = _query(columns, list(zip(*([literal.sql for literal in read] for read in literals.values()), strict=True)))
    return Seed(rows.source.path, lines, Text.of(query), identities) if len(report) == reported else None


def _check_types(columns: Sequence[Column], spans: Spans, report: Report) -> None:
    """Check that columns have simple types. A table pads the texts of CHAR(n), and refuses long ones of VARCHAR(n)."""
    for column in columns:
        kind = normal_type(column.type)
        is_sized = kind == "STRING" and not column.type.upper().startswith(kind)
        if kind is not None and (is_sized or not is_seed_type(kind)):
            message = f"the column `{column.name}` of a seed cannot have the type {column.type if is_sized else kind}"
            report.add(codes.WRONG_ARGUMENT_TYPE, message, spans.at("columns", column.name), hint=_SIMPLE)


def _check_header(rows: SeedRows, columns: Sequence[Column], spans: Spans, report: Report) -> None:
    """Check that the first line names each declared column once, in any order."""
    declared = {column.name.lower() for column in columns}
    separator = other_separator(rows)
    if separator is not None and (rows.header[0].text or "").lower() not in declared:
        message = f"the values of `{rows.source.path}` are separated by {separator}"
        report.add(codes.INVALID_SEED, message, _span(rows, rows.header[0]), hint="separate them by commas")
        return
    names = [(name.text or "").lower() for name in rows.header]
    missing = {column.name.lower(): column.name for column in columns if column.name.lower() not in names}
    for number, (name, value) in enumerate(zip(names, rows.header, strict=True)):
        if name in names[:number]:
            message, hint = f"the first line names `{value.text}` twice", "name each column once"
            report.add(codes.INVALID_SEED, message, _span(rows, value), hint=hint)
        elif name not in declared:
            meant = did_you_mean(name, missing.values())
            hint = meant or "declare it under `[columns]`, or remove it here"
            message = f"the column `{value.text or ''}` is not declared"
            report.add(codes.INVALID_SEED, message, _span(rows, value), label="not declared", hint=hint)
            missing = {} if meant else missing
    for name in missing.values():
        message = f"the first line of `{rows.source.path}` has no column `{name}`"
        report.add(codes.INVALID_SEED, message, spans.at("columns", name), label="not in the file", hint="add it there")


def _read_column(
    rows: SeedRows, column: Column, values: Sequence[SeedValue], report: Report
) -> tuple[SeedLiteral, ...]:
    """The values of a column; CBX246 at the first that is not of its type."""
    kind = normal_type(column.type) or ""
    read = [_NULL if value.text is None else read_seed_value(value.text, kind) for value in values]
    wrong = [value for value, literal in zip(values, read, strict=True) if literal is None]
    if wrong:
        message = (
            f"`{_shorten(wrong[0])}` is not a value of the type {kind} of `{column.name}`{_further_lines(rows, wrong)}"
        )
        report.add(codes.INVALID_SEED_VALUE, message, _span(rows, wrong[0]), label="wrong type", hint=example_of(kind))
    return tuple(literal or _NULL for literal in read)


def _check_nulls(rows: SeedRows, column: Column, values: Sequence[SeedValue], report: Report) -> None:
    empty = [value for value in values if value.text is None] if column.not_null else []
    if empty:
        message = f"`{column.name}` is declared as NOT NULL, and is empty here{_further_lines(rows, empty)}"
        hint = 'write the value, or `""` for an empty text' if column.type == "STRING" else "write the value"
        report.add(codes.NULL_IN_SEED, message, _span(rows, empty[0]), label="NULL", hint=hint)


def _shorten(value: SeedValue) -> str:
    text = " ".join((value.text or "").split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def _further_lines(rows: SeedRows, values: Sequence[SeedValue]) -> str:
    """The lines of all values but the first: ``, as in the lines 4, 7 and 9``."""
    lines = [str(_span(rows, value).line) for value in values[1:]]
    if not lines:
        return ""
    more = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
    return f", as in line{'s' if len(lines) > 1 else ''} {', '.join(lines[:_MOST_LINES])}{more}"


def _check_key(rows: SeedRows, key: tuple[str, ...], identities: dict[str, tuple[object, ...]], report: Report) -> None:
    """Report CBX345 for the first two rows that have the same values in all columns of a key; NULLs are equal."""
    if not all(name.lower() in identities for name in key):
        return
    first: dict[tuple[object, ...], int] = {}
    for number, values in enumerate(zip(*(identities[name.lower()] for name in key), strict=True)):
        earlier = first.setdefault(values, number)
        if earlier != number:
            _report_repeated(rows, key, earlier, number, report)
            return


def _report_repeated(rows: SeedRows, key: tuple[str, ...], earlier: int, later: int, report: Report) -> None:
    names = [(name.text or "").lower() for name in rows.header]
    at = names.index(key[0].lower())
    spans = [_span(rows, rows.rows[number][at]) for number in (earlier, later)]
    message = f"lines {spans[0].line} and {spans[1].line} have the same {listing(key)}, which is a key of the seed"
    related = [Related("the first", spans[0])]
    hint = "remove one of the two rows, or declare another key"
    report.add(codes.REPEATED_SEED_KEY, message, spans[1], label="repeated", hint=hint, related=related)


def _query(columns: Sequence[Column], rows: Sequence[tuple[str, ...]]) -> str:
    """The query that returns the rows, each column cast to its type."""
    names = [quote_if_needed(column.name) for column in columns]
    casts = ",\n".join(
        f"  CAST({name} AS {column.type}) AS {name}" for name, column in zip(names, columns, strict=True)
    )
    listed = ",\n".join(f"  ({', '.join(values)})" for values in rows or [("NULL",) * len(names)])
    no_rows = "" if rows else "\nWHERE false"
    return f"SELECT\n{casts}\nFROM VALUES\n{listed}\nAS seed ({', '.join(names)}){no_rows}"


def _span(rows: SeedRows, value: SeedValue) -> Span:
    return rows.source.span(value.start, value.end)
