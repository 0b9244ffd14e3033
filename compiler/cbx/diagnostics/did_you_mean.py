"""Finds the name that is nearest to a misspelt one, fast enough for a thousand mistakes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

_NEAR = 0.6
_LONGEST, _LONG = 300, 60
"""Longer words have no nearest choice; words longer than the second limit are compared by likeness only."""
_CHARACTERS = 1500
"""About how many characters of choices are compared."""
_FEW = 5


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that is most like a word, regardless of case; None if no choice is near.

    Args:
        word: The misspelt word.
        choices: The valid words. Of many choices, only those with a similar beginning or end are compared.
    """
    if not 0 < len(word) <= _LONGEST:
        return None
    text = word.lower()
    most = max(_CHARACTERS // len(word), 4)
    ordered = choices if isinstance(choices, frozenset) else tuple(choices)
    few = ordered if len(ordered) <= most else _name_index(ordered).around(text, most // 2)
    positions: dict[str, int] = {}
    for place, character in enumerate(text):
        positions[character] = positions.get(character, 0) | 1 << place
    scored = sorted((-_likeness(positions, len(text), choice.lower()), choice) for choice in few)
    likely = [choice for score, choice in scored[:_FEW] if -score >= _NEAR]
    if len(word) > _LONG:
        return likely[0] if likely else None
    return _closest(word, likely)


def _closest(word: str, likely: list[str]) -> str | None:
    by_case = get_close_matches(word, likely, n=1, cutoff=_NEAR)
    if by_case:
        return by_case[0]
    lower = {choice.lower(): choice for choice in reversed(likely)}
    return next((lower[match] for match in get_close_matches(word.lower(), lower, n=1, cutoff=_NEAR)), None)


def _likeness(positions: dict[str, int], length: int, other: str) -> float:
    """The share of characters that two words have in common, in order: 1 for equal words.

    All positions of the word are computed at once, as the bits of one number (Hyyro 2004, "Bit-parallel LCS-length
    computation revisited").

    Args:
        positions: The positions of each character in the word, as bits.
        length: The length of the word.
        other: The other word.
    """
    total = length + len(other)
    if 2 * min(length, len(other)) < _NEAR * total:
        return 0.0
    everything = (1 << length) - 1
    missing = everything
    for character in other:
        same = missing & positions.get(character, 0)
        missing = ((missing + same) | (missing - same)) & everything
    return 2 * (length - missing.bit_count()) / total


class _NameIndex(NamedTuple):
    """Pairs of a name in lower case and the name: sorted, and sorted by the reversed name."""

    forwards: Sequence[tuple[str, str]]
    backwards: Sequence[tuple[str, str]]

    def around(self, word: str, count: int) -> Iterable[str]:
        """The names that begin or end most like a word."""
        for names, text in ((self.forwards, word), (self.backwards, word[::-1])):
            place = bisect_left(names, (text, ""))
            start = max(place - count // 2, 0)
            yield from (name for _, name in names[start : start + count])


@lru_cache(maxsize=8)
def _name_index(names: tuple[str, ...] | frozenset[str]) -> _NameIndex:
    lower = [(name.lower(), name) for name in names]
    return _NameIndex(sorted(lower), sorted((lowered[::-1], name) for lowered, name in lower))
