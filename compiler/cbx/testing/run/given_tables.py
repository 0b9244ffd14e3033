"""What stands behind the tables and folders that a notebook reads while it is tested."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from cbx.testing.errors import ModelTestError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import Registry
    from cbx.runtime.names import DatasetName
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.rows.input_frames import Batches


class Answers:
    """The given rows by table and folder, and the views that the notebook defines for itself.

    Attributes:
        number: Which batch of a stream is there to be read; None for all of them.
    """

    def __init__(self, model: CompiledModel, given: Mapping[str, Batches], registry: Registry) -> None:
        self._model = model
        self._given = given
        self._registry = registry
        self._streams = {one.table.lower() for one in model.inputs if one.is_streaming}
        self.number: int | None = None

    @property
    def batch_count(self) -> int:
        """How many batches the longest stream has."""
        counts = [len(self._given[name]) for name in self._streams if name in self._given]
        return max(counts, default=1)

    def table(self, name: DatasetName) -> DataFrame | None:
        """A table's rows; None if the model does not read it."""
        dataset = self._registry.datasets.get(name.key)
        if dataset is not None and dataset.kind == "view" and dataset.query is not None:
            return dataset.query()
        key = next((one for one in (name.written.lower(), name.key) if one in self._given), None)
        return None if key is None else self._rows(key)

    def folder(self, path: str) -> DataFrame:
        """The rows of a folder that Auto Loader reads.

        Raises:
            ModelTestError: If it is no input of the model.
        """
        if path.lower() not in self._given:
            raise ModelTestError(f"`{self._model.id}` reads the folder {path}, which is no input of it")
        return self._rows(path.lower())

    def context(self, _: DatasetName) -> None:
        """``dlt.read`` may be called anywhere here."""

    def batch(self, name: DatasetName) -> DataFrame | None:
        """``dlt.read``."""
        return self.table(name)

    def stream(self, name: DatasetName, _: Mapping[str, str]) -> DataFrame | None:
        """``dlt.read_stream``."""
        return self.table(name)

    def files(self, options: Mapping[str, str], path: str, schema: Any) -> DataFrame:  # noqa: ARG002 - what `Reads` asks for
        """Auto Loader."""
        return self.folder(path)

    def _rows(self, key: str) -> DataFrame:
        batches = self._given[key]
        if self.number is None or key not in self._streams:
            return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), batches)
        return batches[self.number] if self.number < len(batches) else batches[0].limit(0)
