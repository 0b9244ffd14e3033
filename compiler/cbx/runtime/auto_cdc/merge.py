"""The new state of a target, its rows, and its current rows."""

from pyspark.sql import DataFrame

from cbx.runtime.auto_cdc.buckets import BUCKET
from cbx.runtime.auto_cdc.columns import END_AT, HIDDEN, START_AT, column
from cbx.runtime.auto_cdc.counts import CountRows
from cbx.runtime.auto_cdc.events import DELETED, SEQUENCE, TRUNCATED, gather_events
from cbx.runtime.auto_cdc.ignored_nulls import FLOOR, GIVEN
from cbx.runtime.auto_cdc.scd_type_1 import merge_current
from cbx.runtime.auto_cdc.scd_type_2 import VISIBLE, merge_history
from cbx.runtime.auto_cdc.spec import CdcSpec


def merge_changes(
    state: DataFrame | None, changes: DataFrame, spec: CdcSpec, counts: CountRows | None = None, buckets: int = 1
) -> DataFrame:
    """Merge one batch of changes into the state of a target.

    Nothing runs until the result is written, which takes one shuffle of state and changes by key. Where
    several flows feed one target, merge the changes of each with its own spec, in any order; keys and SCD
    type are the same for all.

    Args:
        state: The result of the last merge; None for the first.
        changes: Change rows, from the source of the flow.
        spec: The flow's arguments.
        counts: Counts the rows that are written and deleted (see `cbx.runtime.auto_cdc.counts`).
        buckets: Into how many buckets the result is divided. If changes touch only some buckets, the state of these,
            and of truncates, is enough.

    Returns:
        The new state: the target's columns, the bounds for type 2, and hidden columns (`__cbx_*`); with several
        buckets, the number of the bucket is the last column.

    Raises:
        CdcSpecError: The flow does not fit the changes or the state.

    A NULL sequence fails the action on the result; `changed_row_error` recognises that failure.
    """
    events = gather_events(state, changes, spec, buckets)
    merge = merge_history if spec.scd_type == 2 else merge_current
    merged = merge(events, spec, counts)
    columns = [name for name in events.rows.columns if name in events.keys or name in events.values]
    hidden = [
        name for name in (START_AT, END_AT, SEQUENCE, DELETED, VISIBLE, TRUNCATED, FLOOR) if name in merged.columns
    ]
    leaves = [name for name in merged.columns if name.startswith(GIVEN)]
    bucket = [BUCKET] if events.is_divided else []
    return merged.select(*map(column, (*columns, *hidden, *leaves, *bucket)))


def target_rows(state: DataFrame, spec: CdcSpec) -> DataFrame:
    """Return what readers of the target see, and their bucket if it is known; a filter and a projection of the state.

    For type 2 the last columns are `__START_AT` (inclusive) and `__END_AT` (exclusive, NULL in a current
    row), of the type of the sequence.
    """
    shown = column(VISIBLE) if spec.scd_type == 2 else ~column(DELETED)
    if TRUNCATED in state.columns:
        shown = shown & ~column(TRUNCATED)
    visible = [name for name in state.columns if not name.startswith(HIDDEN) or name == BUCKET]
    return state.filter(shown).select(*map(column, visible))


def current_rows(state: DataFrame, spec: CdcSpec) -> DataFrame:
    """Return the rows of the target that are valid now, without their bounds: for snapshots, the last one."""
    rows = target_rows(state, spec)
    if spec.scd_type == 1:
        return rows
    return rows.filter(column(END_AT).isNull()).drop(START_AT, END_AT)
