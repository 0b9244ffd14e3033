"""The inputs of models, and the values that they and other arguments may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, overload

Columns = Mapping[str, Any]


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


def var(name: str) -> Any:
    """The value of a variable of the project in the environment."""
    return "{{ var(" + repr(name) + ") }}"


def secret(scope: str, key: str) -> Any:
    """The value of a secret of Databricks, which only the running pipeline reads; allowed in values of options."""
    return "{{ secret(" + repr(scope) + ", " + repr(key) + ") }}"


def each(name: str) -> Any:
    """The value of a parameter of `for_each`."""
    return ("each", name)
