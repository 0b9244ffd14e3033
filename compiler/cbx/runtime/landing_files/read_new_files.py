"""Reads the new files of a landing folder as a table, without Spark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.runtime.auto_loader.listing import LandedFile
from cbx.runtime.auto_loader.reading_plan import Opening, ReadingPlan, plan_reading
from cbx.runtime.landing_files.columnar_files import read_columnar
from cbx.runtime.landing_files.csv.csv_rows import read_csv
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_rows import read_json
from cbx.runtime.landing_files.rows import TableBuilder, result_schema
from cbx.runtime.landing_files.schemas import LocalSchemas
from cbx.runtime.landing_files.supported import find_unsupported
from cbx.runtime.landing_files.whole_files import read_binary, read_lines

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from pyspark.sql.types import StructType

    from cbx.runtime.auto_loader.state import LoaderState


@dataclass(frozen=True, slots=True)
class NewRows:
    """The rows of new files.

    Attributes:
        table: The rows: data columns, partition columns, rescued data, and ``_metadata`` if it was asked for.
        schema: Their columns with Spark's types, without ``_metadata``.
        files: The files that were read.
        state: The state to be stored with the position.
    """

    table: pa.Table
    schema: StructType
    files: tuple[LandedFile, ...]
    state: LoaderState


def read_new_files(
    opening: Opening, read: Collection[str], state: LoaderState, *, with_metadata: bool = False
) -> NewRows:
    """Read the files of a landing folder that were not read before, as ``auto_loader.open_stream`` does with Spark.

    Args:
        opening: The options, the folder and the schema that the notebook gives.
        read: The position: the URIs of the files that were read before.
        state: The state of the last update (``auto_loader.state.load_state``).
        with_metadata: Whether ``_metadata`` is added. Its blocks are whole files, which Spark divides if they are
            larger than 4 MB.

    Raises:
        AutoLoaderError: An invalid option, folder or file; the same errors as with Spark.
        NeedsSparkError: Spark must read the files: an unsupported option, or a value of which it is not certain how
            Spark reads it. Nothing was changed.
    """
    reason = find_unsupported(opening.options, opening.schema)
    if reason is not None:
        raise NeedsSparkError(reason)
    plan = plan_reading(LocalSchemas(), opening, state)
    return _read(plan, _unread_files(plan, read), with_metadata=with_metadata)


def read_all_files(opening: Opening, state: LoaderState, *, with_metadata: bool = False) -> NewRows:
    """Read all files of a folder, as ``auto_loader.open_batch`` does with Spark.

    Arguments, result and errors are those of ``read_new_files``.
    """
    return read_new_files(opening, (), state, with_metadata=with_metadata)


def _unread_files(plan: ReadingPlan, read: Collection[str]) -> tuple[LandedFile, ...]:
    passed = {*read, *(plan.state.skipped or ())}
    return tuple(file for file in plan.landing.files if file.uri not in passed)


def _read(plan: ReadingPlan, files: tuple[LandedFile, ...], *, with_metadata: bool) -> NewRows:
    if not plan.columns.fields:
        raise NeedsSparkError("the files have no columns")
    rows = TableBuilder(plan, with_metadata=with_metadata)
    _READERS[plan.options.file_format](plan, files, rows)
    return NewRows(rows.build(), result_schema(plan), files, plan.state)


_READERS: Final[Mapping[str, Callable[[ReadingPlan, tuple[LandedFile, ...], TableBuilder], None]]] = {
    "json": read_json,
    "csv": read_csv,
    "parquet": read_columnar,
    "orc": read_columnar,
    "text": lambda _, files, rows: read_lines(files, rows),
    "binaryFile": lambda _, files, rows: read_binary(files, rows),
}
