"""Files that stand in for what is outside the pipeline: the options ``--table`` and ``--stream``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics.codes import UNSUPPORTED_STORAGE
from cbx.files.storage import storage_scheme, without_file_scheme
from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.outside.data_files import DataFiles, find_data_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.runtime.results import StandInPaths


@dataclass(frozen=True, slots=True)
class TableStandIns:
    """The files that stand in for tables, each by the parts of the table's name."""

    files: Mapping[tuple[str, ...], DataFiles] = field(default_factory=dict)

    def find(self, name: DatasetName, defined: DatasetName | None) -> DataFiles | None:
        """The files that stand in for a table; None if there are none.

        Args:
            name: The table as a query names it. A missing part fits every catalog or schema ``default``.
            defined: The dataset of the pipeline that has this name if the catalog is ignored.
        """
        exact = self.files.get(name.parts)
        if defined is not None:
            return exact if len(name.parts) == _WITH_CATALOG and defined.parts != name.parts else None
        if exact is not None:
            return exact
        others = (files for parts, files in self.files.items() if _is_same_table(DatasetName(parts, ""), name))
        return next(others, None)

    def has(self, name: DatasetName) -> bool:
        """Whether files stand in for exactly this name."""
        return name.parts in self.files


class StandIns(NamedTuple):
    """What stands in for tables, and for topics and services by their names."""

    tables: TableStandIns
    streams: Mapping[str, Path]


def read_stand_ins(paths: StandInPaths, folder: Path) -> StandIns:
    """Find what stands in for tables and streams.

    Args:
        paths: Their names and paths.
        folder: The folder of relative paths.

    Raises:
        CannotRunError: If a name or a path is wrong.
    """
    return StandIns(read_table_stand_ins(paths.tables, folder), read_stream_stand_ins(paths.streams, folder))


_WITH_CATALOG = 3


def _is_same_table(first: DatasetName, second: DatasetName) -> bool:
    """Whether two names are equal, if a catalog that only one of them has is ignored."""
    have_catalogs = len(first.parts) == len(second.parts) == _WITH_CATALOG
    return first.key == second.key and not have_catalogs


def read_table_stand_ins(tables: Mapping[str, str], folder: Path) -> TableStandIns:
    """Find the files that stand in for tables.

    Args:
        tables: The path of a file or folder by the name of a table.
        folder: The folder of relative paths.

    Raises:
        CannotRunError: If a name is not that of a table, or its path has no files in a known format.
    """
    return TableStandIns({_table_name(text).parts: _files(text, path, folder) for text, path in tables.items()})


def _table_name(text: str) -> DatasetName:
    try:
        return DatasetName.parse(text)
    except InvalidNameError as error:
        raise CannotRunError(f"--table {text}: {error}", hint="write --table catalog.schema.table=path") from None


def _files(table: str, path: str, folder: Path) -> DataFiles:
    place = _local_path(f"--table {table}", path, folder)
    try:
        return find_data_files(place)
    except ValueError as error:
        hint = "name a file or a folder of files in the format Parquet, CSV, JSON or ORC, or a Delta table"
        raise CannotRunError(f"--table {table}: {error}", hint=hint) from None


def _local_path(option: str, path: str, folder: Path) -> Path:
    """A path of an option, which may be a URL of a file of this machine.

    Raises:
        CannotRunError: If it is a URL of other storage.
    """
    scheme = storage_scheme(path)
    if scheme is not None:
        raise CannotRunError(
            f"{option}: {path} is on `{scheme}`, and what stands in must be files of this machine",
            hint="copy the files, or name a folder where the storage is mounted",
            code=UNSUPPORTED_STORAGE,
        )
    return folder / Path(without_file_scheme(path)).expanduser()


def read_stream_stand_ins(streams: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """The folders that stand in for topics and services, by their names.

    Args:
        streams: The path of a folder by the name of a topic or of a service.
        folder: The folder of relative paths.

    Raises:
        CannotRunError: If a path does not exist.
    """
    paths = {name: _local_path(f"--stream {name}", path, folder) for name, path in streams.items()}
    for name, path in paths.items():
        if not path.exists():
            hint = "name a folder of files with messages; it may be empty"
            raise CannotRunError(f"--stream {name}: there is no file or folder {path}", hint=hint)
    return paths
