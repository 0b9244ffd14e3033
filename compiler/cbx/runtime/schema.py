"""The columns of a table: declared, and growing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pyspark.sql.types import StructType

from cbx.runtime.problems import RunError

if TYPE_CHECKING:

    from cbx.runtime.store import TableState


def struct(schema: str) -> StructType:
    """The columns of a table as ``table.json`` has them."""

    return StructType.fromJson(json.loads(schema))


def evolved(table: TableState, incoming: StructType) -> StructType:
    """The columns of a streaming table after rows with these columns came in.

    Older rows have NULL in new columns, and rows to come have NULL in columns that they no longer bring, as in
    a Delta table that merges schemas.

    Raises:
        RunError: If a column has changed its type.
    """

    if not table.schema:
        return incoming
    fields = {field.name.lower(): field for field in struct(table.schema)}
    for field in incoming:
        known = fields.setdefault(field.name.lower(), field)
        if known.dataType.simpleString() != field.dataType.simpleString():
            raise RunError(
                f"the column `{field.name}` of `{table.name}` was {known.dataType.simpleString()} "
                f"and is now {field.dataType.simpleString()}",
                hint="cast it to what it was, or start over with --full-refresh",
            )
    return StructType(list(fields.values()))
