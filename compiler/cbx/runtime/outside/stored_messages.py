"""The messages of a topic, from the files that stand in for it.

Each file is read once and stored as Parquet under the next number, with the offsets of its messages. So a message keeps
its offset, and a stream, which Spark reads from the stored files, gets each message once.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyspark.sql.types import StructType, _parse_datatype_string

from cbx.diagnostics.codes import INVALID_DATA
from cbx.files.atomic_write import write_atomically
from cbx.runtime.errors import RunError
from cbx.runtime.outside.data_files import visible_files
from cbx.runtime.tables.store import read_document

_DDL: Final = (
    "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP, timestampType INT, "
    "headers ARRAY<STRUCT<key: STRING, value: BINARY>>"
)
_ARROW: Final = pa.schema(
    {
        "key": pa.binary(),
        "value": pa.binary(),
        "topic": pa.string(),
        "partition": pa.int32(),
        "offset": pa.int64(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "timestampType": pa.int32(),
        "headers": pa.list_(pa.struct({"key": pa.string(), "value": pa.binary()})),
    }
)
LEDGER: Final = "_messages.json"
_MILLISECOND: Final = 1000


def message_schema() -> StructType:
    """The columns of stored messages, which needs a running session."""
    schema = _parse_datatype_string(_DDL)
    assert isinstance(schema, StructType)  # noqa: S101 - it is a list of columns
    return schema


def store_new_messages(source: Path, topic: str, folder: Path) -> None:
    """Store the messages of the files that are new since the last call.

    Args:
        source: The folder that stands in for the topic, or a file.
        topic: The topic.
        folder: Where its messages are stored.

    Raises:
        RunError: If a file cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ledger = folder / LEDGER
    known: dict[str, Any] = read_document(ledger) if ledger.exists() else {"files": [], "next": {}}
    files = visible_files(source) if source.is_dir() else iter([source])
    for file in sorted(files, key=lambda file: (file.stat().st_mtime_ns, str(file))):
        name = str(file.resolve())
        if name not in known["files"]:
            rows = [message for message in _messages(file, topic, known["next"]) if message["topic"] == topic]
            stored = folder / f"{len(known['files']):08d}.parquet"
            copy = stored.with_name(f".{stored.name}.new")
            pq.write_table(pa.Table.from_pylist(rows, schema=_ARROW), copy)
            copy.replace(stored)
            known["files"].append(name)
            write_atomically(ledger, json.dumps(known, indent=1))


def _messages(file: Path, topic: str, offsets: dict[str, int]) -> Iterator[dict[str, Any]]:
    """The messages of a file. Offsets continue those of earlier files."""
    arrived = datetime.fromtimestamp(file.stat().st_mtime, timezone.utc)
    try:
        for fields in _records(file):
            partition = int(fields.get("partition") or 0)
            offset = int(fields.get("offset") or offsets.get(str(partition), 0))
            offsets[str(partition)] = offset + 1
            yield {
                "key": _bytes(fields.get("key")),
                "value": _bytes(fields["value"]),
                "topic": fields.get("topic") or topic,
                "partition": partition,
                "offset": offset,
                "timestamp": _time(fields.get("timestamp")) or arrived,
                "timestampType": int(fields.get("timestampType") or 0),
                "headers": _headers(fields.get("headers")),
            }
    except (OSError, ValueError, TypeError, pa.ArrowException) as error:
        raise RunError(
            INVALID_DATA,
            f"the messages of {file} cannot be read: {error}",
            hint="write one message per line: its value, or JSON with its fields, such as key, value and timestamp",
        ) from None


def _records(file: Path) -> Iterator[Mapping[str, Any]]:
    """The fields of each message of a file; a record that is not a message is the value of one."""
    if file.suffix == ".parquet":
        yield from map(_as_message, pq.read_table(file).to_pylist())
    elif file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as text:
            yield from map(_as_message, csv.DictReader(text))
    elif file.suffix in (".json", ".jsonl", ".ndjson"):
        yield from _json_records(file.read_text(encoding="utf-8-sig"))
    else:
        yield from ({"value": line} for line in file.read_bytes().splitlines() if line.strip())


def _json_records(text: str) -> Iterable[Mapping[str, Any]]:
    if text.lstrip().startswith("["):
        return [_as_message(record) for record in json.loads(text)]
    lines = [line for line in text.splitlines() if line.strip()]
    return [_as_message(json.loads(line), line) for line in lines]


def _as_message(record: Any, text: str | None = None) -> Mapping[str, Any]:
    """A record that has the fields of a message, or else a message whose value is the record."""
    if isinstance(record, Mapping) and "value" in record and record.keys() <= set(_ARROW.names):
        return record
    return {"value": json.dumps(record, default=str) if text is None else text}


def _bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode()


def _time(value: Any) -> datetime | None:
    """A time, from a text in the format of ISO 8601 or from milliseconds since 1970."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / _MILLISECOND, timezone.utc)
    time = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def _headers(value: Any) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    pairs = value.items() if isinstance(value, Mapping) else [(header["key"], header["value"]) for header in value]
    return [{"key": key, "value": _bytes(content)} for key, content in pairs]
