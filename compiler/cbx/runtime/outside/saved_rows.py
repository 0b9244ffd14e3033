"""Reads the Delta tables that notebooks have saved in the state folder, without Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cbx.runtime.errors import CannotRunError

_LOG = "_delta_log"


def saved_folders(state: Path) -> dict[tuple[str, str], Path]:
    """The folders of saved tables, by the folder names of their schemas and tables."""
    return {(log.parts[-3], log.parts[-2]): log.parent for log in sorted((state / "saved").glob(f"*/*/{_LOG}"))}


def open_saved(folder: Path) -> Any:
    """The rows of a saved table, as a dataset of Arrow.

    Raises:
        CannotRunError: If deltalake is not installed, or cannot read the table with Arrow.
    """
    try:
        import deltalake
    except ModuleNotFoundError:
        raise CannotRunError(
            "Delta tables need the package deltalake", hint="pip install 'circuit-box[delta]'"
        ) from None
    try:
        return deltalake.DeltaTable(str(folder.resolve())).to_pyarrow_dataset()
    except deltalake.exceptions.DeltaError as error:
        raise CannotRunError(f"the Delta table {folder} cannot be read: {str(error).splitlines()[0]}") from None
