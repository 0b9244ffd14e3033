"""Whether keys that are NULL match each other in a join that gives them a default."""

from __future__ import annotations

from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation.columns import NONE
from cbx.analysis.relation.hazards import CoalescedKeys


def may_match_nulls(keys: CoalescedKeys) -> bool:
    """Whether several rows may match because their keys are NULL.

    They do not if a key is never NULL on one side, which then decides as a plain key does, nor if the keys are unique
    on both sides, where at most one row of each has none: two tables are compared.
    """
    left, right = infer_grain(keys.left), infer_grain(keys.right)
    if any(mine <= left.not_null or theirs <= right.not_null for mine, theirs in keys.columns):
        return False
    is_left_unique = left.is_key(NONE.union(*(mine for mine, _ in keys.columns)))
    return not (is_left_unique and right.is_key(NONE.union(*(theirs for _, theirs in keys.columns))))
