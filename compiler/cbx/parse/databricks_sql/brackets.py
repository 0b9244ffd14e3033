"""Walks over the tokens of SQL with the depth of brackets at each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def depths(changes: Iterable[int]) -> Iterator[int]:
    """How many brackets are open around each token of a walk.

    Args:
        changes: 1 for an opening bracket, -1 for a closing one, 0 for any other token.

    Returns:
        A depth for each token. A bracket has the depth outside it; below 0 the walk has left the brackets it began in.
    """
    depth = 0
    for change in changes:
        yield depth + min(change, 0)
        depth += change
