"""Reads CSV landing files: the types of their columns, and their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql.types import StringType

from cbx.runtime.auto_loader.errors import malformed_record
from cbx.runtime.auto_loader.schemas import find
from cbx.runtime.landing_files.csv.csv_text import Dialect, make_dialect, read_records, split_record
from cbx.runtime.landing_files.csv.csv_values import Converter, make_converter
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError
from cbx.runtime.landing_files.json.json_rescue import write_malformed, write_rescued

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.reading_plan import ReadingPlan
    from cbx.runtime.landing_files.rows import TableBuilder

Header = tuple[str, ...]


def read_csv(plan: ReadingPlan, files: tuple[LandedFile, ...], rows: TableBuilder) -> None:
    """Add the rows of CSV files.

    Args:
        plan: How the files are read.
        files: The new files.
        rows: Receives the rows.

    Raises:
        AutoLoaderError: A record is malformed, and the mode is FAILFAST.
        NeedsSparkError: It is not certain how Spark reads a record.
    """
    dialect = make_dialect(plan.options)
    parsers: dict[Header, _RecordParser] = {}
    for file in files:
        header = _header(plan, file)
        if header not in parsers:
            parsers[header] = _make_parser(plan, header, dialect)
        for text in read_records(file, dialect):
            row = parsers[header].parse(text, file)
            if row is not None:
                rows.add(row)
        rows.end_file(file)


def _header(plan: ReadingPlan, file: LandedFile) -> Header:
    if plan.landing.is_plain:
        return tuple(name for name in plan.columns.names if name != plan.options.corrupt_column)
    return plan.headers.get(file.uri, ())


@dataclass(frozen=True, slots=True)
class _RecordParser:
    """Parses the records of files with one header.

    Attributes:
        plan: How the files are read.
        dialect: How values are separated.
        header: The names of the values.
        converters: The converter of each value; None for one without a column.
        nothing: The row of a record without values.
        corrupt: The column for the text of malformed records.
        is_among_others: Whether there are files with other headers.
    """

    plan: ReadingPlan
    dialect: Dialect
    header: Header
    converters: tuple[Converter | None, ...]
    nothing: dict[str, Any]
    corrupt: str | None
    is_among_others: bool

    def parse(self, text: str, file: LandedFile) -> dict[str, Any] | None:
        """The row of a record; None if it is dropped."""
        tokens = split_record(text, self.dialect)
        if self.is_among_others and len(tokens) == 1 and self.dialect.quote in text:
            raise NeedsSparkError("a CSV record has a single, quoted value")
        is_cut = len(tokens) != len(self.header)
        row, misfits, is_whole = self._convert(tokens)
        is_malformed = is_cut or (self.plan.rescued is None and not is_whole)
        if is_malformed and not self._keeps_malformed(file):
            return None
        if self.corrupt is not None:
            row[self.corrupt] = text if is_malformed else None
        if self.plan.rescued is not None:
            row[self.plan.rescued] = write_malformed(text, file.uri) if is_cut else write_rescued(misfits, file.uri)
        return row

    def _convert(self, tokens: list[str | None]) -> tuple[dict[str, Any], dict[str, str], bool]:
        row, misfits, is_whole = dict(self.nothing), {}, True
        for name, token, converter in zip(self.header, tokens, self.converters, strict=False):
            if token is None:
                continue
            if converter is None:
                if self.plan.is_rescuing_new:
                    misfits[name] = token
                continue
            try:
                row[name] = converter(token)
            except MisfitError:
                misfits[name], is_whole = token, False
        return row, misfits, is_whole

    def _keeps_malformed(self, file: LandedFile) -> bool:
        mode = self.plan.options.malformed
        if mode != "PERMISSIVE" and self.plan.landing.is_plain:
            raise NeedsSparkError(f"a record is malformed, and the mode is {mode}")
        if mode == "FAILFAST":
            raise malformed_record(file.path)
        return mode == "PERMISSIVE"


def _make_parser(plan: ReadingPlan, header: Header, dialect: Dialect) -> _RecordParser:
    corrupt = plan.options.corrupt_column if plan.landing.is_plain else plan.corrupt
    corrupt = corrupt if corrupt in plan.names else None
    if corrupt is not None and plan.landing.is_plain and plan.columns[corrupt].dataType != StringType():
        raise NeedsSparkError(f"the column {corrupt} is no text")
    fields = (find(plan.columns, name, is_case_sensitive=True) for name in header)
    return _RecordParser(
        plan=plan,
        dialect=dialect,
        header=header,
        converters=tuple(make_converter(field.dataType) if field else None for field in fields),
        nothing=dict.fromkeys(plan.columns.names),
        corrupt=corrupt,
        is_among_others=len({names for names in plan.headers.values() if names}) > 1,
    )
