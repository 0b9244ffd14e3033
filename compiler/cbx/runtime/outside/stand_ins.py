"""Files that stand in for tables of a catalog: the options ``--table name=path``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.runtime.errors import CannotRunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.runtime.outside.data_files import DataFiles, find_data_files

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    try:
        return find_data_files(folder / Path(path).expanduser())
    except ValueError as error:
        hint = "name a file or a folder of files in the format Parquet, CSV, JSON or ORC, or a Delta table"
        raise CannotRunError(f"--table {table}: {error}", hint=hint) from None
