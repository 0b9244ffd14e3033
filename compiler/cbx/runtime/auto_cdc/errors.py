"""What can be wrong with an AUTO CDC flow, as exceptions that carry the target, the reason and a way out."""

import json
from typing import Final

NULL_SEQUENCE: Final = "AUTO CDC found a NULL sequence: "
NULL_KEY: Final = "AUTO CDC found a NULL in a key: "
DUPLICATE_KEY: Final = "AUTO CDC found a key twice in a snapshot: "


class CdcSpecError(ValueError):
    """A flow's arguments contradict each other, the changes or the state of the target."""

    def __init__(self, target: str, reason: str, hint: str) -> None:
        self.target = target
        self.reason = reason
        self.hint = hint
        super().__init__(f"{target}: {reason}; {hint}")


class ChangedRowError(ValueError):
    """A change cannot be merged: it has no sequence or key, or its key occurs twice in a snapshot."""

    def __init__(self, target: str, reason: str, hint: str) -> None:
        self.target = target
        self.reason = reason
        self.hint = hint
        super().__init__(f"{target}: {reason}; {hint}")


_MISTAKES: Final = {
    NULL_SEQUENCE: (
        "a change of the key {key} has a NULL sequence",
        "give every change a sequence, or filter such rows out in the view that feeds the flow",
    ),
    NULL_KEY: (
        "a change has a NULL in its key {key}",
        "give every change a key, or filter such rows out in the view that feeds the flow",
    ),
    DUPLICATE_KEY: (
        "the snapshot has more than one row with the key {key} (DUPLICATE_KEY_VIOLATION)",
        "give keys= the columns that identify a row, or keep one row per key in the view that feeds the flow",
    ),
}


def changed_row_error(error: BaseException) -> ChangedRowError | None:
    """Tell whether a failed Spark job failed for a change that cannot be merged.

    The checks are part of the merge's own query (a job of its own would read all the changes twice), so they
    surface as whatever exception Spark wraps around an error that a row raised.

    Args:
        error: What the action on `merge_changes` (or the streaming query around it) raised.

    Returns:
        The typed error to raise in its place, or None if this is some other failure.
    """
    text = str(error)
    for mark, (reason, hint) in _MISTAKES.items():
        start = text.find(mark)
        if start >= 0:
            document, _ = json.JSONDecoder().raw_decode(text, start + len(mark))
            return ChangedRowError(document["target"], reason.format(key=json.dumps(document["key"])), hint)
    return None
