"""What a pipeline needs that Sail cannot do."""

from __future__ import annotations


class NotOnSailError(Exception):
    """Sail cannot run a pipeline; Spark may.

    Attributes:
        reason: What it cannot do, as the predicate of a sentence about a dataset, such as "uses a watermark".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
