"""The module ``delta.tables``, whose class ``DeltaTable`` merges into, updates and deletes from Delta tables.

It is installed where the package delta-spark is missing. Conditions are SQL texts, which deltalake evaluates; the
functions are those of the page "delta.tables" of docs.delta.io. What deltalake cannot do is refused.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError
from cbx.runtime.outside.delta_tables import delta_path, open_delta, read_delta
from cbx.runtime.outside.delta_writes import explain_delta_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import DataFrame, SparkSession

_FUNCTIONS: Final = "forPath, forName, isDeltaTable, alias, toDF, merge, update and delete"
_CLAUSES: Final = (
    "whenMatchedUpdateAll, whenMatchedUpdate, whenMatchedDelete, whenNotMatchedInsertAll, whenNotMatchedInsert, "
    "whenNotMatchedBySourceUpdate, whenNotMatchedBySourceDelete and execute"
)


class _Clauses:
    """The clauses of a merge, in the order in which they are written."""

    def __init__(self, table: LocalDeltaTable, source: DataFrame, condition: str) -> None:
        plan: Any = source
        jvm: Any = plan._jdf.queryExecution().analyzed()  # noqa: SLF001 - an alias has no Python face
        alias = str(jvm.alias()) if str(jvm.nodeName()) == "SubqueryAlias" else None
        self._path = table.path
        rows = source.toArrow()
        with explain_delta_errors(table.path):
            self._merger = open_delta(table.path).merge(
                rows, _text(condition), source_alias=alias, target_alias=table.name
            )

    def whenMatchedUpdateAll(self, condition: Any = None) -> _Clauses:  # noqa: N802 - as documented
        """Update all columns of matched rows."""
        return self._add("when_matched_update_all", _optional(condition))

    def whenMatchedUpdate(self, condition: Any = None, set: Mapping[str, Any] | None = None) -> _Clauses:  # noqa: A002, N802 - as documented
        """Update columns of matched rows."""
        return self._add("when_matched_update", _texts(set), _optional(condition))

    def whenMatchedDelete(self, condition: Any = None) -> _Clauses:  # noqa: N802 - as documented
        """Delete matched rows."""
        return self._add("when_matched_delete", _optional(condition))

    def whenNotMatchedInsertAll(self, condition: Any = None) -> _Clauses:  # noqa: N802 - as documented
        """Insert rows that match none."""
        return self._add("when_not_matched_insert_all", _optional(condition))

    def whenNotMatchedInsert(self, condition: Any = None, values: Mapping[str, Any] | None = None) -> _Clauses:  # noqa: N802 - as documented
        """Insert columns of rows that match none."""
        return self._add("when_not_matched_insert", _texts(values), _optional(condition))

    def whenNotMatchedBySourceUpdate(self, condition: Any = None, set: Mapping[str, Any] | None = None) -> _Clauses:  # noqa: A002, N802 - as documented
        """Update rows of the table that the source does not have."""
        return self._add("when_not_matched_by_source_update", _texts(set), _optional(condition))

    def whenNotMatchedBySourceDelete(self, condition: Any = None) -> _Clauses:  # noqa: N802 - as documented
        """Delete rows of the table that the source does not have."""
        return self._add("when_not_matched_by_source_delete", _optional(condition))

    def execute(self) -> None:
        """Merge."""
        with explain_delta_errors(self._path):
            self._merger.execute()

    def _add(self, clause: str, *arguments: Any) -> _Clauses:
        self._merger = getattr(self._merger, clause)(*arguments)
        return self

    def __getattr__(self, name: str) -> NoReturn:
        raise _refusal(f"merge().{name}", f"the clauses are {_CLAUSES}")


class LocalDeltaTable:
    """``delta.tables.DeltaTable`` at a path."""

    def __init__(self, spark: SparkSession, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = name
        self._spark = spark

    def alias(self, aliasName: str) -> LocalDeltaTable:  # noqa: N803 - as documented
        """The table under a name, for the condition of a merge."""
        return LocalDeltaTable(self._spark, self.path, aliasName)

    def toDF(self) -> DataFrame:  # noqa: N802 - as documented
        """The rows."""
        rows = read_delta(self.path, self._spark, {})
        return rows.alias(self.name) if self.name else rows

    def merge(self, source: DataFrame, condition: Any) -> _Clauses:
        """Merge rows into the table."""
        return _Clauses(self, source, condition)

    def update(self, condition: Any = None, set: Mapping[str, Any] | None = None) -> None:  # noqa: A002 - as documented
        """Update rows."""
        with explain_delta_errors(self.path):
            open_delta(self.path).update(updates=_texts(set), predicate=_optional(condition))

    def delete(self, condition: Any = None) -> None:
        """Delete rows."""
        with explain_delta_errors(self.path):
            open_delta(self.path).delete(_optional(condition))

    def __getattr__(self, name: str) -> NoReturn:
        raise _refusal(name, f"the functions are {_FUNCTIONS}")


def _text(condition: Any) -> str:
    """A condition as a SQL text.

    Raises:
        RunError: If it is a column.
    """
    if isinstance(condition, str):
        return condition
    reason = "a condition of a Delta table is a Column, which deltalake cannot evaluate"
    hint = 'write it as SQL, such as "target.id = source.id"'
    raise RunError(NOT_SUPPORTED_LOCALLY, reason, span=calling_line(), hint=hint)


def _optional(condition: Any) -> str | None:
    return None if condition is None else _text(condition)


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _text(value) for name, value in (values or {}).items()}


def _refusal(name: str, hint: str) -> RunError:
    reason = f"DeltaTable.{name} is not supported locally"
    return RunError(NOT_SUPPORTED_LOCALLY, reason, span=calling_line(), hint=hint)


@contextlib.contextmanager
def install_delta_module(spark: SparkSession, path_of: Callable[[str], Path]) -> Iterator[None]:
    """Install the module ``delta.tables`` while the context lasts, unless the package delta-spark has it.

    Args:
        spark: The session.
        path_of: The path of a saved table by its name.
    """
    if "delta" in sys.modules or importlib.util.find_spec("delta") is not None:
        yield
        return

    class DeltaTable(LocalDeltaTable):
        """The tables of a run."""

        @staticmethod
        def forPath(sparkSession: Any, path: str) -> LocalDeltaTable:  # noqa: ARG004, N802, N803 - as documented
            """The table at a path."""
            return DeltaTable(spark, open_delta_path(path))

        @staticmethod
        def forName(sparkSession: Any, tableOrViewName: str) -> LocalDeltaTable:  # noqa: ARG004, N802, N803 - as documented
            """The table that ``saveAsTable`` wrote under a name."""
            path = path_of(tableOrViewName)
            open_delta(path)
            return DeltaTable(spark, path)

        @staticmethod
        def isDeltaTable(sparkSession: Any, identifier: str) -> bool:  # noqa: ARG004, N802, N803 - as documented
            """Whether there is a Delta table at a path."""
            return (delta_path(identifier) / "_delta_log").is_dir()

    package, module = types.ModuleType("delta"), types.ModuleType("delta.tables")
    vars(module).update(DeltaTable=DeltaTable)
    vars(package).update(tables=module, DeltaTable=DeltaTable, __path__=[])
    sys.modules.update({"delta": package, "delta.tables": module})
    try:
        yield
    finally:
        del sys.modules["delta"], sys.modules["delta.tables"]


def open_delta_path(path: str) -> Path:
    """The path of a Delta table, which must exist."""
    local = delta_path(path)
    open_delta(local)
    return local
