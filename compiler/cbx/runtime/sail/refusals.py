"""What a pipeline needs that Sail cannot do."""

from __future__ import annotations

import re
from typing import Final


class NotOnSailError(Exception):
    """Sail cannot run a pipeline; Spark may.

    Attributes:
        reason: What it cannot do, as the predicate of a sentence about a dataset, such as "uses a watermark".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def refusal_in(error: Exception) -> str | None:
    """The reason of a ``NotOnSailError`` that a function in Python raised in a query, as Sail's error shows it.

    Its message has the traceback of the function. None for another error.
    """
    match = _RAISED.search(str(error))
    return None if match is None else match[1].strip()


_RAISED: Final = re.compile(rf"^\s*{re.escape(__name__)}\.{NotOnSailError.__name__}: (.*)$", re.MULTILINE)
