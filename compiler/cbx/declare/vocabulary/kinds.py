"""The kinds of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]
Columns = Mapping[str, Any]
OnViolation = Literal["warn", "fail"]
RefreshPolicy = Literal["auto", "incremental", "incremental_strict", "full"]


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
    tests: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    partition_cols: str | Sequence[str] = (),
    row_filter: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    private: bool = False,
    table_tags: Mapping[str, str] | None = None,
    replace_using: str | Sequence[str] = (),
    sequence_by: str | None = None,
    quarantine: bool = False,
    enforce: OnViolation = "warn",
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a table to which the new rows of streaming inputs are appended.

    Args:
        function: The model, if the decorator has no parentheses.
        key: The column or columns that are unique in the table.
        keys: Further keys, each a column or a list of them: `keys=["email", ["country", "number"]]`.
        relationships: `one_to_one`, `one_to_many` and `many_to_one`.
        columns: Every column by name: its SQL type, or `column`.
        expectations: `expect`, `expect_or_drop` and `expect_or_fail`.
        tests: `accepted_values`, `not_null`, `row_count`, `freshness` and `no_rows`, checked on the table.
        description: The description; by default the docstring or the leading comment.
        tags: Tags for selectors.
        owner: The owner.
        properties: Table properties.
        cluster_by: Columns for liquid clustering; ``"auto"`` lets Databricks choose them.
        partition_cols: Columns by whose values the files are divided, instead of clustering.
        row_filter: The function that decides who sees a row, and its columns: ``security.own_region ON (region)``.
        spark_conf: Spark settings while the table is made.
        private: Whether the table is not published.
        table_tags: Tags of the table in Unity Catalog, which `cbx deploy` sets.
        replace_using: Columns by whose values new rows replace old ones, instead of being appended.
        sequence_by: With ``replace_using``, the column that says which rows are the newest.
        quarantine: Whether rows that an expectation drops are kept in ``<table>_quarantine``.
        enforce: Whether a duplicate key warns or fails, if the key has to be checked on the data.
        for_each: The parameters of each of several models that this file defines, read with `each`; or the name of a
            TOML file beside this one, with a table ``[[for_each]]`` for each model.
        name: The name of each model of `for_each`, such as ``"orders_{{ each.region }}"``.
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
    tests: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    partition_cols: str | Sequence[str] = (),
    row_filter: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    private: bool = False,
    table_tags: Mapping[str, str] | None = None,
    refresh_policy: RefreshPolicy | None = None,
    quarantine: bool = False,
    enforce: OnViolation = "warn",
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a table with the result of its query.

    ``refresh_policy`` says how it is recomputed; the other arguments are those of `streaming_table`.
    """
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
    tests: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    quarantine: bool = False,
    enforce: OnViolation = "warn",
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
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
    tests: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    partition_cols: str | Sequence[str] = (),
    row_filter: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    private: bool = False,
    table_tags: Mapping[str, str] | None = None,
    quarantine: bool = False,
    enforce: OnViolation = "warn",
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a table that applies changes by their key, in the order of a sequence.

    The further arguments are those of `streaming_table`.

    Args:
        function: The model, which returns the changes.
        key: The column or columns that identify a row.
        keys: Further keys of the current rows.
        sequence_by: The column that orders the changes; several are compared in order.
        scd_type: 1 keeps the newest version of a row, 2 all of them.
        apply_as_deletes: A condition; a change that fulfils it deletes the row.
        apply_as_truncates: A condition; a change that fulfils it truncates the table (SCD type 1 only).
        ignore_null_updates: Whether a NULL in a change keeps the old value, or a list of such columns.
        except_columns: Columns of the changes that the table does not have.
        track_history: The columns whose changes start a new version (SCD type 2 only); ``{"except": [...]}``
            lists the others.
        relationships: As for `streaming_table`.
        columns: As for `streaming_table`.
        expectations: As for `streaming_table`; evaluated on the changes.
        tests: As for `streaming_table`; of SCD type 2, those of columns check the current rows.
        description: As for `streaming_table`.
        tags: As for `streaming_table`.
        owner: As for `streaming_table`.
        properties: As for `streaming_table`.
        cluster_by: As for `streaming_table`.
        partition_cols: As for `streaming_table`.
        row_filter: As for `streaming_table`.
        spark_conf: As for `streaming_table`.
        private: As for `streaming_table`.
        table_tags: As for `streaming_table`.
        quarantine: As for `streaming_table`.
        enforce: As for `streaming_table`.
        for_each: As for `streaming_table`.
        name: As for `streaming_table`.
    """
    return _keep_function(function)


def auto_cdc_from_snapshot(
    function: Any = None,
    /,
    *,
    key: str | Sequence[str],
    scd_type: Literal[1, 2] = 1,
    track_history: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    keys: str | Sequence[str | Sequence[str]] = (),
    relationships: Sequence[Any] = (),
    columns: Columns | None = None,
    expectations: Sequence[Any] = (),
    tests: Sequence[Any] = (),
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    properties: Mapping[str, str] | None = None,
    cluster_by: str | Sequence[str] = (),
    partition_cols: str | Sequence[str] = (),
    row_filter: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    private: bool = False,
    table_tags: Mapping[str, str] | None = None,
    quarantine: bool = False,
    enforce: OnViolation = "warn",
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a table that applies the differences between snapshots, each of which has all rows.

    The model returns a snapshot: of a table as it is now, or of one of the files of `snapshots`. The arguments are
    those of `auto_cdc`.
    """
    return _keep_function(function)


def sink(
    function: Any = None,
    /,
    *,
    format: str | None = None,  # noqa: A002 - Spark's name
    options: Mapping[str, Any] | None = None,
    foreach_batch: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    columns: Columns | None = None,
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a stream whose rows leave the pipeline; it has no table, and no model can read it.

    Args:
        function: The model, which returns the rows to send.
        format: The format of the target: ``kafka``, ``delta``, or that of a custom data source.
        options: Options of the format.
        foreach_batch: Instead of a format, the function that takes each micro-batch and its number.
        spark_conf: Spark settings while rows are sent.
        columns: Every column by name: its SQL type, or `column`.
        description: As for `streaming_table`.
        tags: As for `streaming_table`.
        owner: As for `streaming_table`.
        for_each: As for `streaming_table`.
        name: As for `streaming_table`.
    """
    return _keep_function(function)


def flow(
    function: Any = None,
    /,
    *,
    into: str,
    once: bool = False,
    columns: Columns | None = None,
    description: str | None = None,
    tags: str | Sequence[str] = (),
    owner: str | None = None,
    spark_conf: Mapping[str, Any] | None = None,
    for_each: Sequence[Mapping[str, Any]] | str = (),
    name: str | None = None,
) -> Any:
    """Declare a further flow into a streaming table or an AUTO CDC table, which has its own query beside it.

    Its columns are those of the target, which declares keys, expectations and how changes are applied.

    Args:
        function: The model, which returns rows of the target, or changes to it.
        into: The target.
        once: Whether it is a backfill: its inputs are read in batch, once.
        columns: As for `streaming_table`.
        description: As for `streaming_table`.
        tags: As for `streaming_table`.
        owner: As for `streaming_table`.
        spark_conf: As for `streaming_table`.
        for_each: As for `streaming_table`.
        name: As for `streaming_table`.
    """
    return _keep_function(function)
