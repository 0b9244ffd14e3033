"""The words of model files, as Python sees them when a model is imported, tested or type-checked.

Outside the compiler a decorator returns its function unchanged and an input is a placeholder: a model imports
and calls as the plain function it is. The compiler never calls any of this; it reads the words from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]
Columns = Mapping[str, Any]
OnViolation = Literal["warn", "fail"]


def _keep_function(function: Any) -> Any:
    return function if callable(function) else _keep_function


def streaming_table(
    function: Any = None,
    /,
    *,
    key: str | Sequence[str] | None = None,
    keys: str | Sequence[str | Sequence[str]] = (),
    relationships: Sequence[Any] = (),
    columns: Columns | None = None,
    expectations: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    quarantine: bool = False,
    enforce: OnViolation = "warn",
) -> Any:
    """Declare a table that grows by the new rows of its streaming inputs.

    Args:
        function: The model; given by Python when the decorator stands without parentheses.
        key: The column or columns that are unique in the table.
        keys: Further keys, each a column or a list of them: `keys=["email", ["country", "number"]]`.
        relationships: `one_to_one`, `one_to_many` and `many_to_one`.
        columns: Every column by name: its SQL type, or `column`.
        expectations: `expect`, `expect_or_drop` and `expect_or_fail`.
        description: What the table holds; the docstring or the leading comment if left out.
        tags: Words to select the model by.
        owner: Who answers for it.
        properties: Table properties.
        cluster_by: Columns for liquid clustering.
        quarantine: Whether rows that a rule drops are kept in ``<table>_quarantine``.
        enforce: What a duplicate of the key does when it has to be checked on the data.
    """
    return _keep_function(function)


def materialized_view(
    function: Any = None,
    /,
    *,
    key: str | Sequence[str] | None = None,
    keys: str | Sequence[str | Sequence[str]] = (),
    relationships: Sequence[Any] = (),
    columns: Columns | None = None,
    expectations: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    quarantine: bool = False,
    enforce: OnViolation = "warn",
) -> Any:
    """Declare a table that always holds the result of its query. The arguments are those of `streaming_table`."""
    return _keep_function(function)


def view(
    function: Any = None,
    /,
    *,
    key: str | Sequence[str] | None = None,
    keys: str | Sequence[str | Sequence[str]] = (),
    relationships: Sequence[Any] = (),
    columns: Columns | None = None,
    expectations: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    quarantine: bool = False,
    enforce: OnViolation = "warn",
) -> Any:
    """Declare a query that is not published. The arguments are those of `streaming_table`."""
    return _keep_function(function)


def auto_cdc(
    function: Any = None,
    /,
    *,
    key: str | Sequence[str],
    sequence_by: str | Sequence[str],
    scd_type: Literal[1, 2] = 1,
    apply_as_deletes: str | None = None,
    apply_as_truncates: str | None = None,
    ignore_null_updates: bool | Sequence[str] = False,
    except_columns: Sequence[str] = (),
    track_history: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    keys: str | Sequence[str | Sequence[str]] = (),
    relationships: Sequence[Any] = (),
    columns: Columns | None = None,
    expectations: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    quarantine: bool = False,
    enforce: OnViolation = "warn",
) -> Any:
    """Declare a table that applies changes by their key, in the order of a sequence.

    The further arguments are those of `streaming_table`.

    Args:
        function: The model: it shapes the changes.
        key: The column or columns that identify a row.
        keys: Further keys of the rows that hold now.
        sequence_by: The column that orders the changes; several are compared one after the other.
        scd_type: 1 keeps the newest version of a row, 2 all of them.
        apply_as_deletes: A condition: such a change deletes the row.
        apply_as_truncates: A condition: such a change empties the table (SCD type 1 only).
        ignore_null_updates: Whether a NULL in a change leaves the column as it was, or for which columns.
        except_columns: Columns of the changes that the table leaves out.
        track_history: The columns whose changes make a new version (SCD type 2 only); ``{"except": [...]}``
            names those which do not.
        relationships: As for `streaming_table`.
        columns: As for `streaming_table`.
        expectations: As for `streaming_table`; checked on the changes.
        description: As for `streaming_table`.
        tags: As for `streaming_table`.
        owner: As for `streaming_table`.
        properties: As for `streaming_table`.
        cluster_by: As for `streaming_table`.
        quarantine: As for `streaming_table`.
        enforce: As for `streaming_table`.
    """
    return _keep_function(function)


def ref(model: str) -> Any:
    """Read a model as it stands: a batch input."""
    return ("ref", model)


def stream(model: str) -> Any:
    """Read the new rows of a model: a streaming input."""
    return ("stream", model)


def source(table: str) -> Any:
    """Read a table that no model makes, as it stands."""
    return ("source", table)


def stream_source(table: str) -> Any:
    """Read the new rows of a table that no model makes."""
    return ("stream_source", table)


def auto_loader(
    path: str,
    *,
    format: str,  # noqa: A002 - the name Spark gives it
    schema_hints: str | Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    glob: str | None = None,
) -> Any:
    """Read the new files of a folder with Databricks Auto Loader.

    Args:
        path: The folder.
        format: ``json``, ``csv``, ``parquet``, ``avro``, ``orc``, ``text``, ``xml`` or ``binaryFile``.
        schema_hints: Types of columns, over and above the columns that the model declares.
        options: Options of the reader and of Auto Loader.
        glob: A pattern that file names must match.
    """
    return ("auto_loader", path)


def expect(name: str, sql: str) -> Any:
    """Count the rows that break a rule, and keep them."""
    return ("expect", name)


def expect_or_drop(name: str, sql: str) -> Any:
    """Leave out the rows that break a rule."""
    return ("expect_or_drop", name)


def expect_or_fail(name: str, sql: str) -> Any:
    """Stop the update of the table when a row breaks a rule."""
    return ("expect_or_fail", name)


def one_to_one(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Say that each row here belongs to one row of the parent, and no other row does.

    Args:
        model: The parent.
        on: The columns, of the same names on both sides; a dict maps ours to the parent's.
        enforce: What a row without its parent does.
    """
    return ("one_to_one", model)


def one_to_many(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Say that each row here may have many rows of the child; a dict maps the child's columns to ours."""
    return ("one_to_many", model)


def many_to_one(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Say that many rows here may belong to one row of the parent; a dict maps our columns to the parent's."""
    return ("many_to_one", model)


def column(type: str, description: str | None = None, not_null: bool = False) -> Any:  # noqa: A002, FBT001, FBT002 - reads as SQL does
    """Say more of a column than its type."""
    return ("column", type)


def var(name: str) -> Any:
    """Name a variable of the project; in a model's code, the value that the environment gives it."""
    return "{{ var(" + repr(name) + ") }}"
