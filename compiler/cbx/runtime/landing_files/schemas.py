"""Reads the schemas of landing files without Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql.types import StructField, StructType

from cbx.runtime.auto_loader.schema_inference.headers import read_local_header
from cbx.runtime.landing_files.columnar_files import infer_columns
from cbx.runtime.landing_files.csv.csv_text import make_dialect, read_records, split_record
from cbx.runtime.landing_files.csv.csv_types import infer_csv_type
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_fields import infer_json_fields
from cbx.runtime.landing_files.listing import list_files

if TYPE_CHECKING:
    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions


class LocalSchemas:
    """A ``SchemaReader`` without Spark. Each method raises ``NeedsSparkError`` for what only Spark reads."""

    def list_files(self, options: LoaderOptions, path: str) -> tuple[LandedFile, ...]:
        """List the files of a folder."""
        return list_files(options, path)

    def infer_json(self, options: LoaderOptions, files: tuple[LandedFile, ...], _folder: str | None) -> StructType:
        """Infer the fields of JSON files."""
        return infer_json_fields(files, is_multi_line=options.is_reader_set("multiLine"))

    def infer_columnar(self, options: LoaderOptions, files: tuple[LandedFile, ...]) -> StructType:
        """Merge the columns of Parquet or ORC files."""
        return infer_columns(options.file_format, files)

    def read_header(self, options: LoaderOptions, file: LandedFile) -> tuple[str, ...]:
        """Read the column names of a CSV file."""
        names = read_local_header(options, file)
        if names is None:
            raise NeedsSparkError(f"the header of {file.path} cannot be read")
        return names

    def infer_csv_types(
        self, options: LoaderOptions, files: tuple[LandedFile, ...], header: tuple[str, ...]
    ) -> StructType:
        """Infer the types of the columns of CSV files."""
        dialect = make_dialect(options)
        values: list[set[str]] = [set() for _ in header]
        for file in files:
            for text in read_records(file, dialect):
                for column, value in zip(values, split_record(text, dialect), strict=False):
                    if value is not None:
                        column.add(value)
        kinds = map(infer_csv_type, values)
        return StructType([StructField(name, kind) for name, kind in zip(header, kinds, strict=True)])
