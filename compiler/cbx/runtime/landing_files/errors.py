"""What does not fit a column, and what the readers of this package leave to Spark."""

from __future__ import annotations


class NeedsSparkError(Exception):
    """Files, values or options that are not certain to be read as Spark reads them.

    Attributes:
        reason: What it is, in words for the user.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MisfitError(Exception):
    """A value does not fit its type, certainly."""
