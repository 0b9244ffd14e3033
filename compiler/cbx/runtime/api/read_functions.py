"""The functions of ``dlt`` that read datasets of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.runtime.api.argument_values import dataset_name
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import UnknownTableError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.names import DatasetName
    from cbx.runtime.spark.intercepted_reads import Reads


class ReadFunctions:
    """The functions that return the rows of a dataset."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def read(self, name: str) -> DataFrame:
        """``dlt.read``: a dataset of the pipeline, in batch."""
        wanted = self._readable_name(name)
        return self._check_found(wanted, self._reads.batch(wanted))

    def read_stream(self, name: str) -> DataFrame:
        """``dlt.read_stream``: a dataset of the pipeline, as a stream."""
        wanted = self._readable_name(name)
        return self._check_found(wanted, self._reads.stream(wanted, {}))

    def _readable_name(self, name: str) -> DatasetName:
        """The name of the dataset to read, in the function of a dataset."""
        wanted = dataset_name(name, calling_line())
        self._reads.context(wanted)
        return wanted

    @staticmethod
    def _check_found(wanted: DatasetName, rows: DataFrame | None) -> DataFrame:
        if rows is None:
            raise UnknownTableError(wanted.written, span=calling_line())
        return rows
