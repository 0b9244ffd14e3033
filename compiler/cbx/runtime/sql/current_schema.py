"""The schema of ``USE SCHEMA``, to which the names without a schema belong that follow in the file.

It is scoped to the file (the Databricks page "Set the target catalog and schema"). Temporary views have no schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbx.runtime.names import DatasetName
from cbx.runtime.sql.table_names import rewrite_table_names
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class CurrentSchema:
    """The schema of the last ``USE SCHEMA`` of a file; None for that of the pipeline."""

    name: str | None = None


def qualify_name(name: DatasetName, schema: str | None) -> DatasetName:
    """The name with the current schema, if it has none of its own.

    Args:
        name: The name of a table.
        schema: The current schema; None for that of the pipeline.
    """
    return name if schema is None or len(name.parts) > 1 else DatasetName.of([schema, name.written])


def qualify_reads(text: str, schema: str, is_view: Callable[[DatasetName], bool]) -> str:
    """A query in which the names of tables have the current schema.

    Args:
        text: The query.
        schema: The current schema.
        is_view: Whether a name is that of a temporary view.
    """

    def table(name: DatasetName, is_stream: bool) -> str | None:  # noqa: FBT001 - as `rewrite_table_names` calls it
        if len(name.parts) > 1 or is_view(name):
            return None
        written = f"{quote(schema)}.{quote(name.written)}"
        return f"STREAM({written})" if is_stream else written

    return rewrite_table_names(text, table)
