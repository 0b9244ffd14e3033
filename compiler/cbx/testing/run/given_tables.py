"""Provides the tables and folders that a notebook reads during a test."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cbx.declare.outside_systems import naming_option
from cbx.testing.errors import ModelTestError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Registry
    from cbx.runtime.names import DatasetName
    from cbx.runtime.spark.format_read import FormatRead
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.rows.input_frames import Batches


class GivenTables:
    """The given rows by table and folder, and the views of the notebook.

    Attributes:
        number: The batch of streams that is read, counted from 0; None for all of them.
    """

    def __init__(self, model: CompiledModel, given: Mapping[str, Batches], registry: Registry) -> None:
        self._model = model
        self._given = given
        self._registry = registry
        self._are_snapshots = model.kind == "auto_cdc_from_snapshot"
        self._streams = {read.table.lower() for read in model.inputs if read.is_streaming or self._are_snapshots}
        self.number: int | None = None

    @property
    def batch_count(self) -> int:
        """How many batches the longest stream has, or how many snapshots there are."""
        counts = [len(self._given[name]) for name in self._streams if name in self._given]
        return max(counts, default=1)

    def table(self, name: DatasetName) -> DataFrame | None:
        """The rows of a table or view; None if the model does not read it."""
        dataset = self._registry.datasets.get(name.key)
        if dataset is not None and dataset.kind == "view" and dataset.query is not None:
            return dataset.query()
        key = next((key for key in (name.written.lower(), name.key) if key in self._given), None)
        return None if key is None else self._rows(key)

    def folder(self, path: str) -> DataFrame:
        """The rows of a folder that Auto Loader reads.

        Raises:
            ModelTestError: If it is not an input of the model.
        """
        if path.lower() not in self._given:
            raise ModelTestError(f"`{self._model.id}` reads the folder {path}, which is not one of its inputs")
        return self._rows(path.lower())

    def context(self, _: DatasetName) -> None:
        """No flow: ``dlt.read`` may be called anywhere in a test."""

    def batch(self, name: DatasetName, options: Mapping[str, str] = MappingProxyType({})) -> DataFrame | None:  # noqa: ARG002 - as `Reads` declares it
        """The rows of a table, as ``dlt.read`` reads them."""
        return self.table(name)

    def stream(self, name: DatasetName, _: Mapping[str, str]) -> DataFrame | None:
        """The rows of a table, as ``dlt.read_stream`` reads them."""
        return self.table(name)

    def files(self, options: Mapping[str, str], path: str, schema: Any) -> DataFrame:  # noqa: ARG002 - as `Reads` declares it
        """The rows of a folder, as Auto Loader reads them."""
        return self.folder(path)

    def messages(self, service: str, options: Mapping[str, str], *, is_stream: bool) -> DataFrame:  # noqa: ARG002 - as above
        """The rows of the topics of a streaming service.

        Raises:
            ModelTestError: If they are not an input of the model.
        """
        named = {name.lower(): value for name, value in options.items()}
        option = naming_option(service, named)
        topics = service if option is None else named[option]
        if topics.lower() not in self._given:
            raise ModelTestError(f"`{self._model.id}` reads {service}:{topics}, which is not one of its inputs")
        return self._rows(topics.lower())

    def table_outside(self, name: DatasetName, *, is_stream: bool) -> DataFrame | None:  # noqa: ARG002 - as above
        """The rows of a table of another system."""
        return self.table(name)

    def given_files(self, path: str) -> DataFrame | None:
        """The rows of files that are an input of the model; None for others."""
        return self._rows(path.lower()) if path.lower() in self._given else None

    def files_of_format(self, files: FormatRead) -> None:
        """Nothing: the engine reads files that are no input of the model."""

    def delta(self, options: Mapping[str, str], path: str, *, is_stream: bool) -> DataFrame:  # noqa: ARG002 - as above
        """The rows of a Delta table, as those of a folder."""
        return self.folder(path)

    def batch_files(self, options: Mapping[str, str], path: str, schema: Any) -> DataFrame:
        """The same, as ``read_files`` reads them in batch."""
        return self.files(options, path, schema)

    def _rows(self, key: str) -> DataFrame:
        batches = self._given[key]
        if self._are_snapshots:
            return batches[-1 if self.number is None else min(self.number, len(batches) - 1)]
        if self.number is None or key not in self._streams:
            return reduce(lambda rows, batch: rows.unionByName(batch, allowMissingColumns=True), batches)
        return batches[self.number] if self.number < len(batches) else batches[0].limit(0)
