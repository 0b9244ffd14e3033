"""AUTO CDC on plain Spark: change rows in, a slowly changing dimension of type 1 or 2 out.

The engine keeps one internal table, the state, per target and replaces it at every update with
`merge_changes(state, changes, spec)`. Readers of the target see `target_rows(state, spec)`, which only
filters and selects. The state remembers what the target must not show (tombstones, superseded events), so
that the result after any cutting of the changes into updates, in any order of arrival, is the one that all
the changes at once would give.

What the Databricks documentation of AUTO CDC leaves open is decided here, and always the same way:

- An upsert sorts before a delete or a truncate of the same sequence, and so never shows. Of two upserts of
  the same key and sequence the greater row wins, its columns compared in the order of their names, NULL
  lowest. Columns whose NULLs are ignored are compared each on its own.
- A NULL in a key fails, as a NULL sequence does. A struct is a NULL sequence when all its fields are NULL.
- A change that is both a delete and a truncate is a truncate.
- A column that a batch of changes lacks is NULL in its rows.
- In a type 2 target two upserts that follow each other and agree in every tracked column are one row, with
  the start of the first and the values of the last; without `track_history_*` every column but the keys is
  tracked.
- A delete forgets the values that ignored NULLs would have kept.
"""

from cbx.runtime.auto_cdc.errors import CdcSpecError, ChangedRowError, changed_row_error
from cbx.runtime.auto_cdc.merge import current_rows, merge_changes, target_rows
from cbx.runtime.auto_cdc.snapshots import snapshot_changes, snapshot_spec
from cbx.runtime.auto_cdc.spec import AllBut, CdcSpec

__all__ = [
    "AllBut",
    "CdcSpec",
    "CdcSpecError",
    "ChangedRowError",
    "changed_row_error",
    "current_rows",
    "merge_changes",
    "snapshot_changes",
    "snapshot_spec",
    "target_rows",
]
