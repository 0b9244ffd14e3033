"""The records of CSV files with ``skipRows``, which Spark's reader lacks.

Such a file is read as a whole and split into records, without the skipped lines. Blank lines and comments count as
lines, and the header is the first record after the skipped lines (the Databricks page "Auto Loader options").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions

_ANY_BREAK: Final = r"(?:\r\n|[\r\n])"


def split_records(text: Column, options: LoaderOptions, *, has_header: bool) -> Column:
    """The texts of the records of a file, as an array.

    Args:
        text: The file's content.
        options: The checked options.
        has_header: Whether the first record is the header, which is omitted.
    """
    encoding = options.reader_value("encoding", options.reader_value("charset", "UTF-8"))
    if encoding.lower() not in ("utf-8", "utf8"):
        text = F.decode(text.cast("binary"), encoding)
    separator = options.reader_value("lineSep", "")
    line_break = re.escape(separator) if separator else _ANY_BREAK
    line = f"(?:(?!{line_break}).)*+{line_break}"
    head = rf"(?s)\A(?:{line}){{{options.skipped_rows}}}"
    rest = F.when(F.regexp_like(text, F.lit(head)), F.regexp_replace(text, head, "")).otherwise("")
    if options.is_reader_set("multiLine"):
        records = F.regexp_extract_all(rest, F.lit(_record_pattern(options, line_break)), F.lit(0))
    else:
        records = F.split(rest, line_break)
    comment = options.reader_value("comment", "\0")
    is_record = _is_record(comment if comment != "\0" else "")
    records = F.filter(records, is_record)
    return F.slice(records, 2, F.greatest(F.size(records), F.lit(1))) if has_header else records


def read_records(
    spark: SparkSession, options: LoaderOptions, files: tuple[LandedFile, ...], *, has_header: bool
) -> DataFrame:
    """Read files in batch; Spark's reader parses each record with the options of the notebook.

    Args:
        spark: The session.
        options: The checked options.
        files: The files.
        has_header: Whether each file has a header, which is skipped; else the first record of all is Spark's header,
            if the option is set.
    """
    texts = spark.read.format("text").option("wholetext", "true").load([file.glob for file in files])
    records = texts.select(F.explode(split_records(F.col("value"), options, has_header=has_header)).alias("value"))
    reader = spark.read.options(**options.reader)
    if has_header:
        reader = reader.option("header", "false")
    java: Any = records._jdf  # noqa: SLF001 - Python reads records from RDDs only, which pass through Python
    strings = getattr(java, "as")(spark._jvm.org.apache.spark.sql.Encoders.STRING())  # type: ignore[union-attr]  # noqa: SLF001
    return reader._df(reader._jreader.csv(strings))  # noqa: SLF001


def _record_pattern(options: LoaderOptions, line_break: str) -> str:
    """A pattern for one record, in which quoted values may contain line breaks."""
    quote, escape, separator = options.quote, options.escape, re.escape(options.separator)
    plain = f"(?:(?!{separator}|{line_break}).)*+"
    if not quote:
        return f"(?s){plain}(?:{separator}{plain})*+"
    mark = re.escape(quote)
    escaped = rf"{re.escape(escape)}.|{mark}{mark}" if escape not in ("", quote) else f"{mark}{mark}"
    quoted = f"{mark}(?:{escaped}|(?!{mark}).)*+{mark}"
    value = rf"(?:[ \t]*+{quoted}{plain}|{plain})"
    return f"(?s){value}(?:{separator}{value})*+"


def _is_record(comment: str) -> Any:
    def is_record(line: Column) -> Column:
        is_filled = F.trim(line) != ""
        return is_filled & ~F.startswith(line, F.lit(comment)) if comment else is_filled

    return is_record
