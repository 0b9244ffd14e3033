"""The words of model files, for editors, type checkers, and tests that import a model.

A decorator returns its function unchanged and an input is a placeholder: an imported model is a plain function. The
compiler never calls these functions; it reads the words from the text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, overload

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


@overload
def ref(model: str) -> Any: ...
@overload
def ref(project: str, model: str, /) -> Any: ...
def ref(*names: str, model: str = "") -> Any:
    """Read a model in batch: one of this project, or a table of another project, ``ref("crm", "silver.customers")``."""
    return ("ref", *names, *filter(None, [model]))


@overload
def stream(model: str) -> Any: ...
@overload
def stream(project: str, model: str, /) -> Any: ...
def stream(*names: str, model: str = "") -> Any:
    """Read the new rows of a model as a stream: one of this project, or a table of another project."""
    return ("stream", *names, *filter(None, [model]))


def source(table: str) -> Any:
    """Read a table that is not a model, in batch."""
    return ("source", table)


def stream_source(table: str) -> Any:
    """Read the new rows of a table that is not a model, as a stream."""
    return ("stream_source", table)


def auto_loader(
    path: str,
    *,
    format: str,  # noqa: A002 - Spark's name
    schema_hints: str | Mapping[str, str] | None = None,
    columns: str | Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    glob: str | None = None,
) -> Any:
    """Read the new files of a folder with Databricks Auto Loader.

    Args:
        path: The folder.
        format: ``json``, ``csv``, ``parquet``, ``avro``, ``orc``, ``text``, ``xml`` or ``binaryFile``.
        schema_hints: Types of columns, in addition to those that the model declares.
        columns: All columns of the files and their types, so that nothing is inferred.
        options: Options of the reader and of Auto Loader.
        glob: A pattern that file names must match.
    """
    return ("auto_loader", path)


def kafka(
    topic: str | Sequence[str] | None = None,
    *,
    servers: str | Sequence[str],
    starting_offsets: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Read the new messages of topics of Kafka, or of an event hub, as a stream.

    The columns are ``key``, ``value``, ``topic``, ``partition``, ``offset``, ``timestamp`` and ``timestampType``.

    Args:
        topic: The topic or topics; None if an option ``subscribePattern`` or ``assign`` names them.
        servers: The addresses of brokers: ``"broker:9092"``.
        starting_offsets: Where a new stream starts: ``earliest``, ``latest`` (Spark's default) or offsets as JSON.
        options: Further options of the reader; those of Kafka's client begin with ``kafka.``.
    """
    return ("kafka", topic)


def read_stream(
    format: str,  # noqa: A002 - Spark's name
    *,
    columns: str | Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Read the new rows of a streaming service, as ``spark.readStream`` does.

    Args:
        format: The format of the reader, such as ``kinesis``, ``pubsub`` or ``pulsar``.
        columns: All columns and their types, for a reader that takes a schema.
        options: Options of the reader.
    """
    return ("read_stream", format)


def read(
    format: str,  # noqa: A002 - Spark's name
    *,
    columns: str | Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Read all rows of another system, or of files, in batch, as ``spark.read`` does.

    Args:
        format: The format of the reader, such as ``postgresql``, ``jdbc`` or ``csv``.
        columns: All columns and their types, so that those of files are not inferred.
        options: Options of the reader.
    """
    return ("read", format)


def snapshots(
    path: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - Spark's name
    version: Literal["DATE", "TIMESTAMP", "BIGINT"] = "DATE",
    columns: str | Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    function: str | None = None,
) -> Any:
    """Read the snapshots of a folder one after the other, for `auto_cdc_from_snapshot`.

    Args:
        path: The folder; the name of each file or folder in it has a version, such as ``merchants_2026-01-31.csv``.
        format: ``json``, ``csv``, ``parquet``, ``avro``, ``orc``, ``text`` or ``xml``.
        version: The type of the versions.
        columns: All columns of the files and their types, so that nothing is inferred.
        options: Options of the reader.
        function: Instead of a folder, a function that takes the last version, None at first, and returns the next
            snapshot and its version, or None.
    """
    return ("snapshots", path)


def expect(name: str, sql: str) -> Any:
    """Count the rows that violate a condition, and keep them."""
    return ("expect", name)


def expect_or_drop(name: str, sql: str) -> Any:
    """Drop the rows that violate a condition."""
    return ("expect_or_drop", name)


def expect_or_fail(name: str, sql: str) -> Any:
    """Fail the update of the table if a row violates a condition."""
    return ("expect_or_fail", name)


def accepted_values(column: str, values: Sequence[Any], *, enforce: OnViolation = "warn") -> Any:
    """Test that a column has only these values; NULL is accepted.

    Args:
        column: The column.
        values: Texts, numbers or booleans.
        enforce: Whether another value warns or fails.
    """
    return ("accepted_values", column)


def not_null(column: str, *, at_least: float = 1, enforce: OnViolation = "warn") -> Any:
    """Test that a share of the rows, by default all of them, have a value in a column.

    Args:
        column: The column.
        at_least: The share: 0.95 for 95 % of the rows.
        enforce: Whether more NULLs warn or fail.
    """
    return ("not_null", column)


def row_count(*, at_least: int | None = None, at_most: int | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that a table has so many rows.

    Args:
        at_least: The smallest number of rows.
        at_most: The largest number of rows.
        enforce: Whether another number warns or fails.
    """
    return ("row_count", at_least, at_most)


def freshness(column: str, within: str, *, source: str | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that the newest time in a column is not too long ago.

    Args:
        column: A column with times or dates.
        within: The longest time, such as ``"1 day"`` or ``"36 hours"``.
        source: A table that the model reads with `source` or `stream_source`, to test instead of the model.
        enforce: Whether an older table warns or fails.
    """
    return ("freshness", column)


def no_rows(sql: str, *, name: str | None = None, enforce: OnViolation = "warn") -> Any:
    """Test that a query returns no rows.

    Args:
        sql: The query, which reads models as ``{{ ref("silver.orders") }}`` and other tables with `source`.
        name: What the test is called.
        enforce: Whether rows warn or fail.
    """
    return ("no_rows", sql)


def one_to_one(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Declare that each row belongs to one row of the parent, and no two rows to the same.

    Args:
        model: The parent.
        on: The columns, with the same names on both sides; a dict maps the columns of this model to the parent's.
        enforce: Whether a row without a parent warns or fails.
    """
    return ("one_to_one", model)


def one_to_many(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Declare that each row may have many rows of the child; a dict maps the child's columns to those of this model."""
    return ("one_to_many", model)


def many_to_one(model: str, on: str | Sequence[str] | Mapping[str, str], *, enforce: OnViolation = "warn") -> Any:
    """Declare that many rows may belong to one row of the parent; a dict maps columns of this model to the parent's."""
    return ("many_to_one", model)


def column(
    type: str,  # noqa: A002 - positional as in SQL
    description: str | None = None,
    not_null: bool = False,  # noqa: FBT001, FBT002 - positional as in SQL
    measure: Literal["total", "rate"] | None = None,
    mask: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> Any:
    """Declare a column with more than its type.

    Args:
        type: Its SQL type.
        description: What it holds.
        not_null: Whether it is never NULL.
        measure: ``total`` for a number that belongs to a row as a whole, so that summing it over repeated rows is an
            error; ``rate`` for a number per unit, for which summing over repeated rows is meant.
        mask: The function that hides its values, and its further columns: ``security.mask_email USING COLUMNS
            (country)``.
        tags: Tags of the column in Unity Catalog, which `cbx deploy` sets.
    """
    return ("column", type)


def var(name: str) -> Any:
    """The value of a variable of the project in the environment."""
    return "{{ var(" + repr(name) + ") }}"


def secret(scope: str, key: str) -> Any:
    """The value of a secret of Databricks, which only the running pipeline reads; allowed in values of options."""
    return "{{ secret(" + repr(scope) + ", " + repr(key) + ") }}"


def each(name: str) -> Any:
    """The value of a parameter of `for_each`."""
    return ("each", name)
