"""Reads the schemas of landing files with Spark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.runtime.auto_loader.listing import list_files
from cbx.runtime.auto_loader.schema_inference.headers import read_header
from cbx.runtime.auto_loader.schema_inference.inference import infer_columnar, infer_csv_types, infer_json

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

    from cbx.runtime.auto_loader.listing import LandedFile
    from cbx.runtime.auto_loader.options import LoaderOptions


@dataclass(frozen=True, slots=True)
class SparkSchemas:
    """A ``SchemaReader`` of a Spark session."""

    spark: SparkSession

    def list_files(self, options: LoaderOptions, path: str) -> tuple[LandedFile, ...]:
        """List the files of a folder or glob."""
        return list_files(self.spark, options, path)

    def infer_json(self, options: LoaderOptions, files: tuple[LandedFile, ...], folder: str | None) -> StructType:
        """Infer the fields of JSON files."""
        return infer_json(self.spark, options, files, folder)

    def infer_columnar(self, options: LoaderOptions, files: tuple[LandedFile, ...]) -> StructType:
        """Merge the schemas of Parquet or ORC files."""
        return infer_columnar(self.spark, options, files)

    def read_header(self, options: LoaderOptions, file: LandedFile) -> tuple[str, ...]:
        """Read the column names of a CSV file."""
        return read_header(self.spark, options, file)

    def infer_csv_types(
        self, options: LoaderOptions, files: tuple[LandedFile, ...], header: tuple[str, ...]
    ) -> StructType:
        """Infer the types of the columns of CSV files."""
        return infer_csv_types(self.spark, options, files, header)
