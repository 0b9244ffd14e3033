"""A landing folder that Auto Loader reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cbx.runtime.auto_loader import open_stream
from cbx.runtime.auto_loader.reading_plan import Opening

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

JSON = {"cloudFiles.format": "json"}
TYPED_JSON = {**JSON, "cloudFiles.inferColumnTypes": "true"}
CSV = {"cloudFiles.format": "csv", "header": "true"}
TYPED_CSV = {**CSV, "cloudFiles.inferColumnTypes": "true"}


class Loader:
    """One stream with its landing folder, its checkpoint and its schema folder."""

    def __init__(self, session: SparkSession, root: Path, landing: Path | None = None) -> None:
        self.session = session
        self.root = root
        self.landing = landing or root / "landing"
        self.landing.mkdir(exist_ok=True)
        self.notes: list[str] = []

    def land(self, name: str, *lines: Any) -> Path:
        """Write a file; a dict becomes a line of JSON."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        return path

    def open(self, options: Mapping[str, str], schema: str | None = None, path: str | None = None) -> DataFrame:
        opening = Opening(options, path or str(self.landing), schema, self.notes.append)
        return open_stream(self.session, opening, self.root / "schema")

    def run(self, stream: DataFrame) -> list[dict[str, Any]]:
        """The rows that an update reads, in the order of their texts."""
        rows: list[dict[str, Any]] = []
        query = (
            stream.writeStream.foreachBatch(
                lambda batch, _: rows.extend(row.asDict(recursive=True) for row in batch.collect())
            )
            .option("checkpointLocation", str(self.root / "checkpoint"))
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        return sorted(rows, key=repr)

    def update(
        self, options: Mapping[str, str], schema: str | None = None, path: str | None = None
    ) -> list[dict[str, Any]]:
        return self.run(self.open(options, schema, path))

    def rescued_data(self, name: str, **values: Any) -> str:
        """The rescued data of a record of that file."""
        uri = "file:" + str(self.landing / name)
        return json.dumps({**values, "_file_path": uri}, separators=(",", ":"), ensure_ascii=False)
