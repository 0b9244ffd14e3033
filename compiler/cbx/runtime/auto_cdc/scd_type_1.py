"""SCD type 1: the newest event of each key, a delete among them as a tombstone."""

from collections.abc import Collection

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc.columns import HIDDEN, column, with_columns
from cbx.runtime.auto_cdc.counts import REMOVED, UPSERTED, CountRows
from cbx.runtime.auto_cdc.events import DELETED, KNOWN, SEQUENCE, TRUNCATED, Events
from cbx.runtime.auto_cdc.ignored_nulls import (
    FLOOR,
    GIVEN,
    RESTORED,
    Leaves,
    add_given_values,
    column_leaves,
    every_leaf,
    newest_given_value,
    restore_columns,
)
from cbx.runtime.auto_cdc.spec import CdcSpec

RANK = HIDDEN + "rank"
SHOWN = HIDDEN + "shown"
EMPTIED_AT = HIDDEN + "emptied_at"


def merge_current(events: Events, spec: CdcSpec, counts: CountRows | None) -> DataFrame:
    """Keep the newest event of each key.

    This takes one shuffle and one sort by key. A truncate is an event of no key that stays in the state (the newest of
    them), because older rows may still arrive.

    Args:
        events: The state of the target and a batch of changes.
        spec: The flow that the changes come from.
        counts: Counts the rows, if that is needed.

    Returns:
        The new state, with columns that only the merge needed.
    """
    leaves = column_leaves(events, spec)
    rows = newest_rows(events, leaves, counted=counts is not None)
    if events.has_truncates:
        rows = add_emptied_at(rows, events)
    if leaves:
        rows = restore_columns(rows, leaves, GIVEN, events)
    if counts is not None:
        rows = counts(add_counts(rows, events, leaves))
    return rows.filter(~is_emptied(events))


def newest_rows(events: Events, leaves: Leaves, *, counted: bool) -> DataFrame:
    """Return the newest event of each key, with the values that the key's other events contribute.

    In a complete tie the state's row comes first, so that a replay of changes counts nothing.
    """
    ties = [each.desc() for each in events.tie_breakers(set(events.values) - set(leaves))]
    newest_first = events.by_key.orderBy(column(SEQUENCE).desc(), column(DELETED).desc(), *ties, column(KNOWN).desc())
    rows = add_given_values(leaves, events).withColumn(RANK, F.row_number().over(newest_first))
    gathered = {leaf.name: newest_given_value(leaf).over(events.by_key) for leaf in every_leaf(leaves)}
    if leaves:
        gathered[FLOOR] = F.max(last_delete(events.stored)).over(events.by_key)
    if counted:
        gathered[SHOWN] = F.bool_or(column(KNOWN) & is_row(events)).over(events.by_key)
    return with_columns(rows, gathered).filter(column(RANK) == 1)


def last_delete(stored: Collection[str]) -> Column:
    """The sequence of the last delete that is stored with an event."""
    before = column(FLOOR) if FLOOR in stored else F.lit(None)
    return F.when(column(DELETED), column(SEQUENCE)).otherwise(before)


def add_emptied_at(rows: DataFrame, events: Events) -> DataFrame:
    """Add the sequence of the last truncate to every row; it is a floor for the leaves too."""
    truncates = events.rows.filter(column(TRUNCATED)).agg(F.max(SEQUENCE).alias(EMPTIED_AT))
    rows = rows.crossJoin(F.broadcast(truncates))
    if FLOOR in rows.columns:
        rows = rows.withColumn(FLOOR, F.greatest(FLOOR, EMPTIED_AT))
    return rows


def is_emptied(events: Events) -> Column:
    """Whether a truncate came after all events of a key, which can then be removed."""
    if not events.has_truncates:
        return F.lit(col=False)
    return ~column(TRUNCATED) & F.coalesce(column(SEQUENCE) <= column(EMPTIED_AT), F.lit(col=False))


def is_row(events: Events) -> Column:
    """Whether an event is a row of the target."""
    return ~(column(DELETED) | column(TRUNCATED)) if events.has_truncates else ~column(DELETED)


def add_counts(rows: DataFrame, events: Events, leaves: Leaves) -> DataFrame:
    """Add the counts of the newest event of each key."""
    shown_now = is_row(events) & ~is_emptied(events)
    is_new = ~column(KNOWN) | column(RESTORED) if leaves else ~column(KNOWN)
    return rows.withColumns({UPSERTED: shown_now & is_new, REMOVED: column(SHOWN) & ~shown_now})
