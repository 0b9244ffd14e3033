"""Placeholders for values that depend on the environment."""

from __future__ import annotations

from typing import Any

MARK = "\ue000"
"""A character that no user text contains; it marks a placeholder."""


class ReadsSettingError(BaseException):
    """The code depends on the value of a setting, so its plan is not the same in all environments."""


class Placeholder(str):
    """The value of a setting: a text that can be inserted but not inspected; ``created`` counts them."""

    __slots__ = ()
    created = 0

    def __new__(cls, setting: str) -> Placeholder:  # noqa: PYI034 - `typing.Self` came with Python 3.11
        """Make the placeholder of a setting."""
        Placeholder.created += 1
        return super().__new__(cls, f"{MARK}{setting}{MARK}")

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise ReadsSettingError(str.strip(self, MARK))

    __hash__ = str.__hash__
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __contains__ = __len__ = __iter__ = __getitem__ = _refuse
    startswith = endswith = find = index = count = split = rsplit = partition = rpartition = _refuse
    isdigit = isnumeric = isdecimal = isalpha = isalnum = isidentifier = isspace = islower = isupper = _refuse
    lower = upper = casefold = title = capitalize = strip = lstrip = rstrip = replace = splitlines = _refuse
    removeprefix = removesuffix = _refuse
    __int__ = __float__ = _refuse
