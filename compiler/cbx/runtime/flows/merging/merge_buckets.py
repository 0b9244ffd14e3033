"""Merges changes into the state of an AUTO CDC target, of which only the buckets that they touch are read and written.

All rows are merged again if the keys, the columns or anything else has changed on which they depend, or if the number
of buckets no longer suits their size.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from cbx.runtime.auto_cdc import can_be_divided, read_buckets, touched_buckets
from cbx.runtime.tables.bucket_files import link_other_buckets
from cbx.runtime.tables.merge_state import MergeState

if TYPE_CHECKING:
    from collections.abc import Collection

    from pyspark.sql import DataFrame

    from cbx.runtime.auto_cdc import CdcSpec
    from cbx.runtime.flow_context import Engine, HeldChanges, MergeCounts

_MOST: Final = 48
"""The most buckets. With the files of its state, a target has at most two for each, so less than a hundred."""
_LEAST: Final = 4
"""The least number of buckets into which a state is divided."""

_ALWAYS_KEPT: Final = 64 * 1024
"""Changes up to so many bytes are kept to find the buckets that they touch; larger ones only if a bucket is larger."""
_OUTGROWN: Final = 4
"""How many times as large as intended buckets may become before the rows are divided anew."""


class MergedState(NamedTuple):
    """The new state of a target.

    Attributes:
        counts: The counts of its rows.
        buckets: How many buckets it has; 1 if it is not divided.
        written: The buckets that were written; None for all.
    """

    counts: MergeCounts
    buckets: int
    written: Collection[int] | None


def merge_buckets(
    engine: Engine,
    before: MergeState | None,
    changes: DataFrame,
    query: DataFrame | None,
    spec: CdcSpec,
    after: MergeState,
) -> MergedState:
    """Merge changes into a state, and write the new one.

    Args:
        engine: Runs the merge.
        before: The state before.
        changes: The changes.
        query: The query whose plan tells their size; None if none does.
        spec: The flow that they come from.
        after: The folder of the new state, and the definition of its rows.
    """
    shutil.rmtree(after.folder, ignore_errors=True)
    known = before if before is not None and _is_usable(before, after, engine.bucket_size) else None
    most = 0 if known is None else max(engine.bucket_size, _ALWAYS_KEPT)
    with engine.hold_changes(changes, query, most) as held:
        merged = _merge_touched(engine, known, held, spec, after) if known is not None and held.is_kept else None
        return merged or _merge_all(engine, before, held, spec, after)


def _is_usable(before: MergeState, after: MergeState, bucket_size: int) -> bool:
    """Whether those rows of a state that no change touches stay as they are."""
    if before.buckets == 1 or before.definition != after.definition:
        return False
    return before.buckets == _MOST or before.size < _OUTGROWN * before.buckets * bucket_size


def _merge_touched(
    engine: Engine, before: MergeState, held: HeldChanges, spec: CdcSpec, after: MergeState
) -> MergedState | None:
    """Merge into the buckets that the changes touch; None if all must be written."""
    if before.columns is None:
        return None
    numbers = touched_buckets(held.rows, spec, before.columns, before.buckets)
    touched = None if numbers is None else read_buckets(numbers)
    of_truncates = before.buckets
    if touched is None or of_truncates in touched or len(touched) == before.buckets:
        return None
    written = touched | {of_truncates}
    target = replace(after, columns=before.columns, buckets=before.buckets)
    state = engine.read_merge_state(held.rows.sparkSession, before, written)
    counts = engine.merge_changes(state, held, spec, target)
    if counts is None:
        return None
    link_other_buckets(before.folder, after.folder, written)
    return MergedState(counts, before.buckets, written)


def _merge_all(
    engine: Engine, before: MergeState | None, held: HeldChanges, spec: CdcSpec, after: MergeState
) -> MergedState:
    """Merge into the whole state."""
    state = None if before is None else engine.read_merge_state(held.rows.sparkSession, before)
    size = (0 if before is None else before.size) + (held.size or 0)
    buckets = _count_buckets(size, engine.bucket_size)
    frames = [held.rows] if state is None else [held.rows, state]
    if buckets > 1 and not all(can_be_divided(spec.keys, frame.schema) for frame in frames):
        buckets = 1
    counts = engine.merge_changes(state, held, spec, replace(after, columns=None, buckets=buckets))
    if counts is None:
        raise AssertionError("no columns were asked for")
    return MergedState(counts, buckets, None)


def _count_buckets(size: int, bucket_size: int) -> int:
    """Into how many buckets a state of some bytes is divided."""
    wanted = min(size // bucket_size, _MOST)
    return wanted if wanted >= _LEAST else 1
