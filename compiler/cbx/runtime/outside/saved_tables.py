"""Tables that notebooks save outside of the pipeline, such as in a sink: Delta tables in the state folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.outside.delta_tables import delta_path
from cbx.runtime.outside.delta_writes import DeltaWrite, write_delta
from cbx.runtime.tables.store import folder_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import DataFrame

_SAVED: Final = "saved"


def saved_table(state: Path, name: DatasetName) -> Path:
    """The folder of a table that notebooks save."""
    return state / _SAVED / folder_name(name.schema) / folder_name(name.table)


@dataclass(frozen=True, slots=True)
class SavedTables:
    """Writes tables outside of the pipeline.

    Attributes:
        state: The state folder.
        is_defined: Whether the pipeline defines a dataset of this name.
        is_dry: Whether nothing is written.
    """

    state: Path
    is_defined: Callable[[DatasetName], bool]
    is_dry: bool

    def path_of(self, text: str) -> Path:
        """The folder of a table by its name, or of a name such as ``delta.`/data/orders```.

        Raises:
            RunError: If it is not a name, or that of a dataset of the pipeline.
        """
        kind, _, path = text.partition(".")
        if kind.strip("`").lower() == "delta" and "/" in path:
            return delta_path(path.strip("`"))
        try:
            name = DatasetName.parse(text)
        except InvalidNameError as error:
            raise RunError(INVALID_DEFINITION, str(error), span=calling_line(), hint="write schema.table") from None
        if self.is_defined(name):
            raise RunError(
                INVALID_DEFINITION,
                f"`{text}` is a dataset of the pipeline, so only its flows write to it",
                span=calling_line(),
                hint="add an append flow to it, or save under another name",
            )
        return saved_table(self.state, name)

    def write_path(
        self, rows: DataFrame, path: str, mode: str, partitions: tuple[str, ...], options: Mapping[str, str]
    ) -> None:
        """Write rows to the Delta table at a path."""
        self._write(rows, DeltaWrite(delta_path(path), mode, partitions, options))

    def write_table(
        self, rows: DataFrame, name: str, mode: str, partitions: tuple[str, ...], options: Mapping[str, str]
    ) -> None:
        """Write rows to a table of a catalog, which is a Delta table in the state folder."""
        self._write(rows, DeltaWrite(self.path_of(name), mode, partitions, options))

    def _write(self, rows: DataFrame, write: DeltaWrite) -> None:
        if not self.is_dry:
            write_delta(rows, write)
