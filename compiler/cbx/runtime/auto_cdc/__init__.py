"""AUTO CDC on plain Spark: merges rows of changes into a target of SCD type 1 or 2.

The engine keeps one internal table, the state, per target. At every update `merge_changes(state, changes, spec)`
replaces it, or only those of its buckets that have keys of the changes. Readers of the target see
`target_rows(state, spec)`, which only filters and selects. The state also has what the target must not show
(tombstones, superseded events), so that the result does not depend on how the changes are divided into updates, or on
their order of arrival.

The Databricks documentation of AUTO CDC does not define these cases. Here they are deterministic:

- An upsert sorts before a delete or a truncate of the same sequence, and is never visible. Of two upserts with the same
  key and sequence the greater row wins; its columns are compared in the order of their names, with NULL lowest.
  Columns whose NULLs are ignored are compared separately.
- A NULL in a key fails, as a NULL sequence does. A struct is a NULL sequence when all its fields are NULL.
- A change that is both a delete and a truncate is a truncate.
- A column that a batch of changes lacks is NULL in its rows.
- In a type 2 target two upserts that follow each other and agree in every tracked column are one row, with
  the start of the first and the values of the last; without `track_history_*` every column but the keys is
  tracked.
- A delete drops the values that ignored NULLs would have kept.
"""

from cbx.runtime.auto_cdc.buckets import BUCKET, bucket_of_key, can_be_divided, names_of_key, read_buckets
from cbx.runtime.auto_cdc.counts import MERGE_COUNTS, observe_counts
from cbx.runtime.auto_cdc.errors import CdcSpecError, ChangedRowError, changed_row_error, find_merge_error
from cbx.runtime.auto_cdc.events import bucket_of_event, touched_buckets
from cbx.runtime.auto_cdc.merge import current_rows, merge_changes, target_rows
from cbx.runtime.auto_cdc.snapshots import snapshot_changes, snapshot_spec
from cbx.runtime.auto_cdc.spec import AllBut, CdcSpec

__all__ = [
    "BUCKET",
    "MERGE_COUNTS",
    "AllBut",
    "CdcSpec",
    "CdcSpecError",
    "ChangedRowError",
    "bucket_of_event",
    "bucket_of_key",
    "can_be_divided",
    "changed_row_error",
    "current_rows",
    "find_merge_error",
    "merge_changes",
    "names_of_key",
    "observe_counts",
    "read_buckets",
    "snapshot_changes",
    "snapshot_spec",
    "target_rows",
    "touched_buckets",
]
