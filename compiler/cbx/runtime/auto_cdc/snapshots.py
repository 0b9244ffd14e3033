"""Converts successive snapshots of a table to the changes between them.

`create_auto_cdc_from_snapshot_flow` is AUTO CDC over these changes: a row that is new or different since the
previous snapshot is an upsert, a row that is missing is a delete, both at the snapshot's version.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc.columns import HIDDEN, column, comparable_value
from cbx.runtime.auto_cdc.errors import DUPLICATE_KEY
from cbx.runtime.auto_cdc.events import key_message, union_by_name
from cbx.runtime.auto_cdc.spec import CdcSpec, resolve_columns

VERSION = HIDDEN + "version"
IS_DELETE = HIDDEN + "is_delete"
IS_NEW = HIDDEN + "is_new"


def snapshot_spec(
    target: str,
    keys: tuple[str, ...],
    scd_type: int,
    track_history_column_list: tuple[str, ...] | None = None,
    track_history_except_column_list: tuple[str, ...] | None = None,
) -> CdcSpec:
    """Return the flow that merges the result of `snapshot_changes`."""
    return CdcSpec(
        target=target,
        keys=keys,
        sequence_by=column(VERSION),
        scd_type=scd_type,
        apply_as_deletes=column(IS_DELETE),
        except_column_list=(VERSION, IS_DELETE),
        track_history_column_list=track_history_column_list,
        track_history_except_column_list=track_history_except_column_list,
    )


def snapshot_changes(previous: DataFrame | None, snapshot: DataFrame, spec: CdcSpec, version: Column) -> DataFrame:
    """Return the changes from one snapshot to the next.

    Args:
        previous: The previous snapshot, or `current_rows` of the target's state; None for the first.
        snapshot: The whole table now, with one row for each key.
        spec: The result of `snapshot_spec`.
        version: The snapshot's version, a literal greater than any before.

    Returns:
        One row for each key that is new, changed or removed. A key that occurs twice in the snapshot fails the action
        on the result; `changed_row_error` recognises that failure.
    """
    rows = snapshot.withColumn(IS_NEW, F.lit(col=True))
    if previous is not None:
        old = previous.withColumn(IS_NEW, F.lit(col=False))
        rows = union_by_name(old, rows, spec)
    keys = resolve_columns(spec.keys, rows.columns, "keys", spec)
    values = [name for name in rows.columns if name not in (*keys, IS_NEW)]
    whole = F.struct(F.lit(0).alias(IS_NEW), *map(column, values))
    order = F.struct(F.lit(0), *(comparable_value(column(name), rows.schema[name].dataType) for name in values))
    is_new = column(IS_NEW)
    compared = rows.groupBy(*map(column, keys)).agg(
        F.max(F.when(~is_new, order)).alias("before"),
        F.max(F.when(is_new, order)).alias("after"),
        F.max_by(F.when(is_new, whole), F.when(is_new, order)).alias("row"),
        F.count_if(is_new).alias("times"),
    )
    is_change = ~F.col("before").eqNullSafe(F.col("after"))
    is_twice = F.col("times") > 1
    # Sail raises the message of the first row, whatever the condition around it says of that row.
    twice = F.raise_error(F.when(is_twice, key_message(DUPLICATE_KEY, keys, spec))).cast("boolean")
    return compared.filter(F.when(is_twice, twice).otherwise(is_change)).select(
        *map(column, keys),
        *(F.col("row")[name].alias(name) for name in values),
        version.alias(VERSION),
        F.col("after").isNull().alias(IS_DELETE),
    )
