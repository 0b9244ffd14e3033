"""Writes Delta tables through the package ``deltalake``, where Spark has no Delta writer of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cbx.diagnostics.codes import INVALID_DATA, NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError
from cbx.runtime.outside.delta_tables import import_deltalake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

_MODES: Final = {
    "append": "append",
    "overwrite": "overwrite",
    "ignore": "ignore",
    "error": "error",
    "errorifexists": "error",
    "default": "error",
}
_KNOWN: Final = frozenset(
    {"mergeschema", "overwriteschema", "replacewhere", "txnappid", "txnversion", "path", "usermetadata", "datachange"}
)


class DeltaWrite(NamedTuple):
    """How rows are written to a Delta table.

    Attributes:
        path: The folder of the table.
        mode: Spark's save mode, which Spark has checked.
        partitions: The columns of the partitions.
        options: The options of the writer.
    """

    path: Path
    mode: str = "error"
    partitions: tuple[str, ...] = ()
    options: Mapping[str, str] = {}


def write_delta(rows: DataFrame, write: DeltaWrite) -> None:
    """Write rows to a Delta table.

    With the options ``txnAppId`` and ``txnVersion``, rows of a version that was already written are skipped (the page
    "Idempotent writes" of docs.delta.io).

    Raises:
        RunError: If an option is not supported, or deltalake cannot write the rows.
    """
    given = _check_options(write.options)
    mode = _MODES[write.mode.lower()]
    deltalake = import_deltalake()
    transaction = given.get("txnappid"), given.get("txnversion")
    if _is_written(write.path, transaction):
        return
    arguments: dict[str, Any] = {"mode": mode, "partition_by": list(write.partitions) or None}
    if given.get("replacewhere") and mode == "overwrite":
        arguments["predicate"] = given["replacewhere"]
    if "true" in (given.get("mergeschema", "").lower(), given.get("overwriteschema", "").lower()):
        is_merge = given.get("mergeschema", "").lower() == "true"
        arguments["schema_mode"] = "merge" if is_merge or mode != "overwrite" else "overwrite"
    app, version = transaction
    if app and version:
        properties = deltalake.CommitProperties(app_transactions=[deltalake.Transaction(app, int(version))])
        arguments["commit_properties"] = properties
    write.path.parent.mkdir(parents=True, exist_ok=True)
    table = rows.toArrow()
    with explain_delta_errors(write.path):
        deltalake.write_deltalake(str(write.path.resolve()), table, **arguments)


class explain_delta_errors:  # noqa: N801 - a context manager
    """Raise what deltalake raises as an error with a place and the table."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Start."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Convert the error."""
        if isinstance(error, Exception) and not isinstance(error, RunError) and _is_of_deltalake(error):
            raise RunError(
                INVALID_DATA,
                f"the Delta table {self._path} cannot be written: {str(error).splitlines()[0]}",
                span=calling_line(),
                hint="deltalake writes here, where Spark has no Delta jar; see the page on tables outside",
            ) from None


def _is_of_deltalake(error: Exception) -> bool:
    module = type(error).__module__
    return module.startswith(("deltalake", "_internal")) or isinstance(error, (ValueError, TypeError, OSError))


def _is_written(path: Path, transaction: tuple[str | None, str | None]) -> bool:
    app, version = transaction
    if not app or not version or not (path / "_delta_log").is_dir():
        return False
    last = import_deltalake().DeltaTable(str(path.resolve())).transaction_version(app)
    return last is not None and last >= int(version)


def _check_options(options: Mapping[str, str]) -> dict[str, str]:
    given = {name.lower(): value for name, value in options.items()}
    for name in given:
        if name not in _KNOWN and not name.startswith("delta."):
            raise RunError(
                NOT_SUPPORTED_LOCALLY,
                f"the option `{name}` of Delta's writer is not supported locally",
                span=calling_line(),
                hint="the options are mergeSchema, overwriteSchema, replaceWhere, txnAppId and txnVersion",
            )
    return given
