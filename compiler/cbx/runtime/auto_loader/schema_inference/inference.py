"""Infers the columns of new landing files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql.types import StructField, StructType

from cbx.runtime.auto_loader.errors import AutoLoaderError, explain_failure
from cbx.runtime.auto_loader.readers.csv_records import read_records

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions

_CORRUPT: Final = "__cbx_corrupt"


def infer_json(
    spark: SparkSession, options: LoaderOptions, files: tuple[LandedFile, ...], folder: str | None
) -> StructType:
    """Infer columns from every record of the files, in alphabetical order, as Spark returns them.

    All records are read, not a sample: a field that only the last record has becomes a column too. Spark infers the
    columns about three times as fast as it reads the records.

    Args:
        spark: The session.
        options: The checked options.
        files: The files.
        folder: The folder, if these are all of its files: Spark looks for each path that it is given one by one.

    Raises:
        AutoLoaderError: A file cannot be read.
    """
    session = _inference_session(spark)
    # Names that differ in case only must both be seen.
    session.conf.set("spark.sql.caseSensitive", "true")
    reader = session.read.options(**_batch_options(options)).option("columnNameOfCorruptRecord", _CORRUPT)
    paths = [file.glob for file in files] if folder is None else [folder]
    schema = _schema(lambda: reader.json(paths).schema, files)
    return StructType([field for field in schema.fields if field.name != _CORRUPT])


def infer_columnar(spark: SparkSession, options: LoaderOptions, files: tuple[LandedFile, ...]) -> StructType:
    """Merge the schemas of Parquet or ORC files.

    Raises:
        AutoLoaderError: A file cannot be read, or two files disagree about a column's type.
    """
    reader = (
        _inference_session(spark)
        .read.options(**_batch_options(options))
        .option("mergeSchema", "true")
        .format(options.file_format)
    )
    return _schema(lambda: reader.load([file.glob for file in files]).schema, files)


def infer_csv_types(
    spark: SparkSession, options: LoaderOptions, files: tuple[LandedFile, ...], header: tuple[str, ...]
) -> StructType:
    """Infer the types of the columns of CSV files with one header.

    Raises:
        AutoLoaderError: A file cannot be read.
    """
    session = _inference_session(spark)
    batch = replace(options, reader={**_batch_options(options), "inferSchema": "true"})

    def infer() -> StructType:
        if options.skipped_rows:
            return read_records(session, batch, files, has_header=options.is_reader_set("header")).schema
        return session.read.options(**batch.reader).csv([file.glob for file in files]).schema

    schema = _schema(infer, files)
    return StructType([StructField(name, field.dataType) for name, field in zip(header, schema.fields, strict=False)])


def _inference_session(spark: SparkSession) -> SparkSession:
    """A separate session with its own settings, since other queries run in the first one.

    It lists files one by one: Spark's listing job would start a task for each of a thousand files.
    """
    session = spark.newSession()
    session.conf.set("spark.sql.sources.parallelPartitionDiscovery.threshold", str(1 << 30))
    return session


def _batch_options(options: LoaderOptions) -> dict[str, str]:
    return {key: value for key, value in options.reader.items() if not key.startswith("max")} | {
        "recursiveFileLookup": "true"
    }


def _schema(infer: Callable[[], StructType], files: tuple[LandedFile, ...]) -> StructType:
    try:
        return infer()
    except (PySparkException, Py4JJavaError) as error:
        raise explain_failure(error, files[0].path) or AutoLoaderError(
            f"no schema can be inferred: {str(error).splitlines()[0]}", path=files[0].path
        ) from error
