"""Limits what the templates of a file may compute, by the same amount on every machine."""

from __future__ import annotations

from typing import Any

from jinja2 import Undefined
from jinja2.utils import Namespace

_CONTAINERS: tuple[type[Any], ...] = (list, tuple, set, frozenset, type({}.keys()), type({}.values()), type({}.items()))
_SIZED: tuple[type[Any], ...] = (str, dict, range, *_CONTAINERS)
_PRINTABLE: tuple[type[Any], ...] = (float, bool, type(None), Undefined)
_LETTERS_PER_UNIT = 8
_BITS = 4096


class TooMuchError(Exception):
    """A template exceeds its budget."""


class Budget:
    """The units that are left: about one for each step, each value and every eighth character.

    Args:
        units: The units for each file.
    """

    def __init__(self, units: int) -> None:
        self.units = units
        self.left = units

    def refill(self) -> None:
        """Restore all units, for the next file."""
        self.left = self.units

    def spend(self, units: int) -> None:
        """Pay units before an operation.

        Raises:
            TooMuchError: If too few are left.
        """
        self.left -= abs(units)
        if self.left < 0:
            raise TooMuchError(f"it is too large: more than {self.units:,} steps, values and characters")

    def weigh(self, *values: Any, printed: bool = False) -> int:
        """Pay for values with all their parts; shared parts are paid as often as they occur.

        Args:
            values: The values.
            printed: Whether the values are printed; then each part must have the same text on every machine.

        Returns:
            The units paid: at least 1 for each part, and 1 for every eighth character.
        """
        before = self.left
        pending = list(values)
        while pending:
            value = pending.pop()
            if isinstance(value, str):
                self.spend(1 + len(value) // _LETTERS_PER_UNIT)
                continue
            if isinstance(value, _CONTAINERS):
                self.spend(1 + len(value))
                pending.extend(value)
                continue
            self.spend(1)
            if isinstance(value, dict):
                self.spend(2 * len(value))
                pending.extend(value)
                pending.extend(value.values())
            elif isinstance(value, range):
                self.spend(len(value))
            elif isinstance(value, int):
                _refuse_huge(value.bit_length())
            elif printed and not isinstance(value, _PRINTABLE):
                kind = "namespace" if isinstance(value, Namespace) else type(value).__name__
                raise TooMuchError(f"it prints a `{kind}`, which has no text")
        return before - self.left

    def glance(self, value: Any) -> Any:
        """Pay for the size of a value, but not for its parts, and return the value."""
        self.spend(1 + (len(value) if isinstance(value, _SIZED) else 0))
        if isinstance(value, int):
            _refuse_huge(value.bit_length())
        return value

    def operate(self, operator: str, left: Any, right: Any) -> None:
        """Pay for the result of an operation.

        Raises:
            TooMuchError: If too few units are left, or the result is a huge number.
        """
        self.weigh(left, right)
        lengths = [len(operand) for operand in (left, right) if isinstance(operand, _SIZED)]
        if isinstance(left, int) and isinstance(right, int):
            if operator == "*":
                _refuse_huge(left.bit_length() + right.bit_length())
            elif operator == "**":
                _refuse_huge(left.bit_length() * abs(right))
        elif operator == "*":
            times = next((operand for operand in (left, right) if isinstance(operand, int)), 1)
            self.spend(sum(lengths) * times)
        elif operator == "+":
            self.spend(sum(lengths))


def _refuse_huge(bits: int) -> None:
    if bits > _BITS:
        raise TooMuchError(f"it computes a number of more than {_BITS:,} bits")
