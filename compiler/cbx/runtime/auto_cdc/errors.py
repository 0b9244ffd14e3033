"""Errors of AUTO CDC flows, with the target, the reason and a hint."""

import json
from typing import Final

from cbx.diagnostics.codes import INVALID_DATA, INVALID_DEFINITION, Code

NULL_SEQUENCE: Final = "AUTO CDC found a NULL sequence: "
NULL_KEY: Final = "AUTO CDC found a NULL in a key: "
DUPLICATE_KEY: Final = "AUTO CDC found a key twice in a snapshot: "


class CdcSpecError(ValueError):
    """The arguments of a flow contradict each other, the changes or the state of the target."""

    def __init__(self, target: str, reason: str, hint: str, code: Code = INVALID_DEFINITION) -> None:
        self.code = code
        self.target = target
        self.reason = reason
        self.hint = hint
        super().__init__(f"{target}: {reason}; {hint}")


class ChangedRowError(ValueError):
    """A change cannot be merged: it has no sequence or key, or its key occurs twice in a snapshot."""

    code = INVALID_DATA

    def __init__(self, target: str, reason: str, hint: str) -> None:
        self.target = target
        self.reason = reason
        self.hint = hint
        super().__init__(f"{target}: {reason}; {hint}")


_MISTAKES: Final = {
    NULL_SEQUENCE: (
        "a change of the key {key} has a NULL sequence",
        "set a sequence for every change, or filter these rows out in the source of the flow",
    ),
    NULL_KEY: (
        "a change has a NULL in its key {key}",
        "set a key for every change, or filter these rows out in the source of the flow",
    ),
    DUPLICATE_KEY: (
        "the snapshot has more than one row with the key {key} (DUPLICATE_KEY_VIOLATION)",
        "set keys= to the columns that identify a row, or keep one row per key in the source of the flow",
    ),
}


def find_merge_error(error: BaseException) -> CdcSpecError | ChangedRowError | None:
    """The error of a flow or a change because of which a merge failed; None for any other failure."""
    return error if isinstance(error, CdcSpecError) else changed_row_error(error)


def changed_row_error(error: BaseException) -> ChangedRowError | None:
    """The error of a change that cannot be merged, if a Spark job failed for one.

    The checks are part of the query of the merge, since a separate job would read all changes twice. So Spark wraps
    their errors.

    Args:
        error: The error of the action on `merge_changes`, or of the streaming query around it.

    Returns:
        The error to raise instead; None for any other failure.
    """
    text = str(error)
    for mark, (reason, hint) in _MISTAKES.items():
        start = text.find(mark)
        if start >= 0:
            document, _ = json.JSONDecoder().raw_decode(text, start + len(mark))
            return ChangedRowError(document["target"], reason.format(key=json.dumps(document["key"])), hint)
    return None
