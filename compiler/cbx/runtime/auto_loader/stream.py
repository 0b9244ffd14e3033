"""A `cloudFiles` reader as a DataFrame: new files as a stream, or all files in batch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 (Spark's own convention)
from pyspark.sql.types import StringType, StructField

from cbx.runtime.auto_loader.readers.columnar_stream import read_columnar
from cbx.runtime.auto_loader.readers.csv_stream import read_csv
from cbx.runtime.auto_loader.readers.json_stream import read_json
from cbx.runtime.auto_loader.readers.large_exponents import refuse_large_exponents
from cbx.runtime.auto_loader.readers.rescue import file_path, is_one_of
from cbx.runtime.auto_loader.readers.source import LandingSource, ParsedRows
from cbx.runtime.auto_loader.reading_plan import ReadingPlan, plan_reading
from cbx.runtime.auto_loader.schema_inference.spark_schemas import SparkSchemas
from cbx.runtime.auto_loader.schemas import covers
from cbx.runtime.auto_loader.state import LoaderState, load_state, save_state
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pyspark.sql import Column, DataFrame, SparkSession

    from cbx.runtime.auto_loader.reading_plan import Opening


def open_stream(
    spark: SparkSession, opening: Opening, schema_folder: Path, read: Collection[str] = frozenset()
) -> DataFrame:
    """Open a landing folder as a stream, as `spark.readStream.format("cloudFiles")` does on Databricks.

    This reads the schema of new files and updates the stored schema; the returned plan is fixed. Each file is read once
    per checkpoint, even if it changes later.

    Args:
        spark: The session.
        opening: The options, the folder and the schema that the notebook gives.
        schema_folder: Where the schema is kept between updates; empty it for a full refresh.
        read: The files that the stream has read before, by URI, of which it reads none again.

    Returns:
        The data columns (inferred, then hinted ones; or as given), the partition columns, and the rescued data
        column; with a given schema the last only if `rescuedDataColumn` or the schema names it, or in mode
        `rescue`. `_metadata` can be selected by name.

    Raises:
        AutoLoaderError: An invalid option, folder or file. A query may fail later: see
            `explain_failure`.
    """
    old = load_state(schema_folder)
    plan = plan_reading(SparkSchemas(spark), opening, old)
    save_state(schema_folder, old, plan.state)
    return _rows(spark, plan, read, is_stream=True)


def open_batch(spark: SparkSession, opening: Opening) -> DataFrame:
    """Read all files of a landing folder in batch, as ``read_files`` does on Databricks.

    Arguments, result and errors are those of ``open_stream``; there is no schema of earlier updates.
    """
    plan = plan_reading(SparkSchemas(spark), opening, LoaderState())
    return _rows(spark, plan, (), is_stream=False)


def _rows(spark: SparkSession, plan: ReadingPlan, read: Collection[str], *, is_stream: bool) -> DataFrame:
    source = LandingSource(
        spark=spark,
        options=plan.options,
        landing=plan.landing.path,
        columns=plan.columns,
        seen=plan.state.seen,
        known=tuple(file.uri for file in plan.landing.files if file.uri not in read),
        headers=dict(plan.headers),
        is_rescuing_new=plan.is_rescuing_new,
        is_strict=plan.rescued is None,
        is_stream=is_stream,
    )
    refuse_large_exponents(source)
    parsed = _read_by_spark(source) if plan.landing.is_plain else _read(source)
    rows = parsed.rows
    if plan.state.skipped:
        rows = rows.where(~is_one_of(plan.state.skipped))
    selected = {field.name: parsed.column(field.name) for field in plan.columns.fields}
    selected |= {field.name: _partition(field) for field in plan.state.partitions.fields}
    if plan.corrupt is not None:
        selected[plan.corrupt] = parsed.malformed
    if plan.rescued is not None:
        selected[plan.rescued] = parsed.rescued
    return rows.select(*(selected[name].alias(name) for name in plan.names))


def _read(source: LandingSource) -> ParsedRows:
    if source.options.file_format == "json":
        return read_json(source, is_all_known=covers(source.columns, source.seen))
    return read_csv(source) if source.options.file_format == "csv" else read_columnar(source)


def _read_by_spark(source: LandingSource) -> ParsedRows:
    """Read with Spark alone: with a schema, without evolution and without rescued data."""
    reader = source.reader(source.options.file_format).schema(source.columns)
    if source.options.file_format in ("json", "csv"):
        reader = reader.option("mode", source.options.malformed)
        reader = reader.option("columnNameOfCorruptRecord", source.options.corrupt_column)
    if source.options.variant_column is not None:
        reader = reader.option("singleVariantColumn", source.options.variant_column)
    rows = source.load(reader)
    nothing = F.lit(None).cast(StringType())
    return ParsedRows(rows, lambda name: F.col(quote(name)), nothing, nothing)


def _partition(field: StructField) -> Column:
    """A column from the Hive-style folder of a row's file."""
    # In a path a plus sign is literal, but url_decode reads it as a space.
    path = F.url_decode(F.replace(file_path(), F.lit("+"), F.lit("%2B")))
    text = F.regexp_extract(path, f".*/{re.escape(field.name)}=([^/]+)/", 1)
    value = F.coalesce(F.try_url_decode(F.replace(text, F.lit("+"), F.lit("%2B"))), text)
    return F.when(value.isin("", "__HIVE_DEFAULT_PARTITION__"), None).otherwise(value).try_cast(field.dataType)
