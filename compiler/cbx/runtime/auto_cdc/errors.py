"""What can be wrong with an AUTO CDC flow, as exceptions that carry the target, the reason and a way out."""

import json
from typing import Any

NULL_SEQUENCE = "AUTO CDC found a NULL sequence: "


class CdcSpecError(ValueError):
    """A flow's arguments contradict each other, the changes or the state of the target."""

    def __init__(self, target: str, reason: str, hint: str) -> None:
        self.target = target
        self.reason = reason
        self.hint = hint
        super().__init__(f"{target}: {reason}; {hint}")


class NullSequenceError(ValueError):
    """A change has no sequence, so it has no place among the others of its key."""

    def __init__(self, target: str, key: dict[str, Any]) -> None:
        self.target = target
        self.key = key
        self.reason = f"a change of the key {json.dumps(key)} has a NULL sequence"
        self.hint = "give every change a sequence, or filter such rows out in the view that feeds the flow"
        super().__init__(f"{target}: {self.reason}; {self.hint}")


def null_sequence_error(error: BaseException) -> NullSequenceError | None:
    """Tell whether a failed Spark job failed for a NULL sequence.

    The check is part of the merge's own query (a job of its own would read all the changes twice), so it
    surfaces as whatever exception Spark wraps around an error that a row raised.

    Args:
        error: What the action on `merge_changes` (or the streaming query around it) raised.

    Returns:
        The typed error to raise in its place, or None if this is some other failure.
    """
    text = str(error)
    start = text.find(NULL_SEQUENCE)
    if start < 0:
        return None
    document, _ = json.JSONDecoder().raw_decode(text, start + len(NULL_SEQUENCE))
    return NullSequenceError(document["target"], document["key"])
