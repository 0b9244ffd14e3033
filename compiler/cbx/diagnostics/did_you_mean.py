"""Which of many names a misspelt one was meant to be, found at a cost that a thousand mistakes can bear."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

_NEAR = 0.6
_LONGEST, _LONG = 300, 60
"""Nobody mistypes a name of more characters; and from how many on those are not compared piece by piece."""
_CHARACTERS = 1500
"""How many of the choices' are looked at, about."""
_FEW = 5


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that is most like a word, whatever the case; None where none is near.

    Args:
        word: The misspelt word.
        choices: What it may have been. Of many, only those are looked at that begin or end as the word does.
    """
    if not 0 < len(word) <= _LONGEST:
        return None
    wanted = word.lower()
    most = max(_CHARACTERS // len(word), 4)
    ordered = choices if isinstance(choices, frozenset) else tuple(choices)
    few = ordered if len(ordered) <= most else _name_index(ordered).around(wanted, most // 2)
    positions: dict[str, int] = {}
    for place, character in enumerate(wanted):
        positions[character] = positions.get(character, 0) | 1 << place
    scored = sorted((-_likeness(positions, len(wanted), choice.lower()), choice) for choice in few)
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
    """The share of characters that a word and another have in common, in their order: 1 for the same.

    It is found for all places of the word at once, as the bits of one number (Hyyro 2004, "Bit-parallel LCS-length
    computation revisited").

    Args:
        positions: The places of each character in the word, as bits.
        length: Of the word.
        other: The other one.
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
    """Names in order, and in the order of their ends."""

    forwards: Sequence[tuple[str, str]]
    backwards: Sequence[tuple[str, str]]

    def around(self, word: str, count: int) -> Iterable[str]:
        """The names that begin or end most like a word."""
        for names, wanted in ((self.forwards, word), (self.backwards, word[::-1])):
            place = bisect_left(names, (wanted, ""))
            start = max(place - count // 2, 0)
            yield from (name for _, name in names[start : start + count])


@lru_cache(maxsize=8)
def _name_index(names: tuple[str, ...] | frozenset[str]) -> _NameIndex:
    lower = [(name.lower(), name) for name in names]
    return _NameIndex(sorted(lower), sorted((lowered[::-1], name) for lowered, name in lower))
