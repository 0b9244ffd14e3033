"""SCD type 2: all events of each key, and which of them the target shows as rows.

The state is the log of all events, because a later change may come between two of them. Each event carries the bounds
of its row and whether it is shown, so that readers only filter.
"""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses

from cbx.runtime.auto_cdc.columns import END_AT, HIDDEN, START_AT, column, comparable_value, with_columns
from cbx.runtime.auto_cdc.counts import REMOVED, UPSERTED, CountRows
from cbx.runtime.auto_cdc.events import DELETED, KNOWN, SEQUENCE, Events
from cbx.runtime.auto_cdc.ignored_nulls import (
    FLOOR,
    LATEST,
    RESTORED,
    Leaves,
    add_given_values,
    column_leaves,
    every_leaf,
    newest_given_value,
    restore_columns,
)
from cbx.runtime.auto_cdc.spec import CdcSpec, resolve_columns

VISIBLE = HIDDEN + "visible"
NEXT = HIDDEN + "next"
SHOWN = HIDDEN + "shown"
BEGAN = HIDDEN + "began"
BOUNDS = HIDDEN + "bounds"
CONTINUES = HIDDEN + "continues"


def merge_history(events: Events, spec: CdcSpec, counts: CountRows | None) -> DataFrame:
    """Keep one event of each key and sequence, and recompute the rows of the target.

    All windows are by key and in the order of the sequence, so Spark shuffles and sorts once.

    Args:
        events: The state of the target and a batch of changes.
        spec: The flow that the changes come from.
        counts: Counts the rows, if that is needed.

    Returns:
        The new state, with columns that only the merge needed.
    """
    leaves = column_leaves(events, spec)
    counted = counts is not None and bool(events.stored)
    in_order = events.by_key.orderBy(SEQUENCE)
    rows = winning_events(events, leaves, counted=counted)
    if leaves:
        rows = fill_ignored_nulls(rows, in_order, leaves, events)
    rows = add_bounds(rows, in_order, tracked_values(events, spec))
    if counts is None:
        return rows
    return counts(add_counts(rows, leaves, counted=counted))


def winning_events(events: Events, leaves: Leaves, *, counted: bool) -> DataFrame:
    """Return the winning event of each key and sequence.

    In a complete tie it is the row of the state, so that a replay of changes counts nothing.
    """
    ties = events.tie_breakers(set(events.values) - set(leaves))
    winner_last = events.by_key.orderBy(SEQUENCE, DELETED, *ties, KNOWN)
    same = Window.partitionBy(*events.key_columns, SEQUENCE)
    rows = add_given_values(leaves, events).withColumn(NEXT, F.lead(SEQUENCE).over(winner_last))
    gathered = {leaf.name: newest_given_value(leaf).over(same) for leaf in every_leaf(leaves)}
    if counted:
        began = ~column(DELETED) & (column(START_AT) == column(SEQUENCE))
        gathered[BEGAN] = F.coalesce(F.bool_or(began).over(same), F.lit(col=False))
        gathered[SHOWN] = column(VISIBLE)
        gathered[BOUNDS] = F.struct(START_AT, END_AT)
    return with_columns(rows, gathered).filter(~column(NEXT).eqNullSafe(column(SEQUENCE)))


def fill_ignored_nulls(rows: DataFrame, in_order: WindowSpec, leaves: Leaves, events: Events) -> DataFrame:
    """Fill the NULLs that mean "as before" from the events before, back to the last delete."""
    until_now = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    latest = {
        leaf.hidden_name(LATEST): F.last(column(leaf.name), ignorenulls=True).over(until_now)
        for leaf in every_leaf(leaves)
    }
    last_delete = F.last(F.when(column(DELETED), column(SEQUENCE)), ignorenulls=True)
    return restore_columns(
        rows.withColumns({**latest, FLOOR: last_delete.over(until_now)}), leaves, LATEST, events
    ).drop(FLOOR)


def tracked_values(events: Events, spec: CdcSpec) -> Column:
    """Return the values whose change begins a new row."""
    tracked = set(events.values)
    known = (*events.keys, *events.values)
    if spec.track_history_column_list is not None:
        names = resolve_columns(spec.track_history_column_list, known, "track_history_column_list", spec)
        tracked &= set(names)
    if spec.track_history_except_column_list is not None:
        names = resolve_columns(spec.track_history_except_column_list, known, "track_history_except_column_list", spec)
        tracked -= set(names)
    values = [comparable_value(column(name), events.type_of(name)) for name in events.values if name in tracked]
    return F.struct(*values, F.lit(0))


def add_bounds(rows: DataFrame, in_order: WindowSpec, tracked: Column) -> DataFrame:
    """Add the start and the end of each event's row, and whether the event is shown.

    Upserts that follow each other with the same tracked values are a run: one row of the target, shown by the
    run's last event.
    """
    goes_on = ~F.lag(DELETED).over(in_order) & F.lag(tracked).over(in_order).eqNullSafe(tracked)
    rows = rows.withColumn(CONTINUES, F.coalesce(~column(DELETED) & goes_on, F.lit(col=False)))
    until_now = in_order.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    start = F.when(~column(CONTINUES), column(SEQUENCE))
    is_last = ~F.coalesce(F.lead(CONTINUES).over(in_order), F.lit(col=False))
    return rows.withColumns(
        {
            START_AT: F.last(start, ignorenulls=True).over(until_now),
            END_AT: F.lead(SEQUENCE).over(in_order),
            VISIBLE: ~column(DELETED) & is_last,
        }
    )


def add_counts(rows: DataFrame, leaves: Leaves, *, counted: bool) -> DataFrame:
    """Add the counts of each event; without a state every row is new."""
    if not counted:
        return rows.withColumns({UPSERTED: column(VISIBLE), REMOVED: F.lit(col=False)})
    same = column(KNOWN) & column(SHOWN) & column(BOUNDS).eqNullSafe(F.struct(START_AT, END_AT))
    if leaves:
        same = same & ~column(RESTORED)
    begins = ~column(DELETED) & ~column(CONTINUES)
    return rows.withColumns({UPSERTED: column(VISIBLE) & ~same, REMOVED: column(BEGAN) & ~begins})
