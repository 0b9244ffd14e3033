"""Refuses operations that would read a text that is not known yet.

The values of ``var``, ``secret`` and inputs are marks in a rendered text. What compares, counts, sorts, cuts or changes
such a text would do so with the mark, and compile something that the value did not decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from cbx.parse.jinja.template_marks import UnknownNowError

_OFFSET = re.compile("\0@[0-9]+\0")
_NAMED = re.compile("\0(var|secret):([^\0]*)#")
_OF_VARIABLES = re.compile("\0(?:var|secret):[^\0]*\0")
_FILTERS_OF_TEXTS = frozenset(("d", "default", "string"))
"""Filters that keep a text as it is."""
_FILTERS_OF_LISTS = frozenset((
    "batch", "count", "d", "default", "first", "items", "last", "length", "list", "map", "reverse", "slice",
))  # fmt: skip
"""Filters that do not look at the items of a list."""
_TESTS_OF_TYPES = frozenset((
    "boolean", "callable", "defined", "escaped", "filter", "float", "integer", "iterable", "mapping", "none", "number",
    "sequence", "string", "test", "undefined",
))  # fmt: skip
_METHODS = frozenset(("append", "copy", "extend", "insert", "items", "keys", "update", "values"))
_LOOKUPS = frozenset(("get", "pop", "setdefault"))


def refuse_unknown(*values: Any) -> None:
    """Refuse values that are, or have in them, texts that are not known yet.

    Raises:
        UnknownNowError: If there is one.
    """
    for value in values:
        text = _unknown_text(value)
        if text is not None:
            found = _NAMED.search(text)
            raise UnknownNowError(*(found.groups() if found else ("", "")))


def forget_places(value: Any) -> Any:
    """A value whose texts have no marks of places, which are in the texts of macros and of blocks that are set.

    An operation would read the marks: two equal texts would differ, and an empty one would be true. Texts that are not
    known yet keep all marks.
    """
    return _copy_without_places(value, {}) if _has_places(value) else value


def _copy_without_places(value: Any, copies: dict[int, Any]) -> Any:
    """A copy; parts that a value shares are copied once, and one that has itself as a part is left as it is there."""
    if isinstance(value, str):
        known = _OFFSET.sub("", value)
        return value if "\0" in known else known
    if type(value) not in _PLAIN:
        return value
    if id(value) not in copies:
        copies[id(value)] = value
        if isinstance(value, dict):
            pairs = value.items()
            copy = {_copy_without_places(key, copies): _copy_without_places(inner, copies) for key, inner in pairs}
        else:
            copy = type(value)(_copy_without_places(inner, copies) for inner in value)
        copies[id(value)] = copy
    return copies[id(value)]


def _has_places(value: Any) -> bool:
    """Whether a value is, or has in it, a text with such a mark; parts that it shares are looked at once."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if isinstance(part, str):
            if "\0@" in part:
                return True
        elif type(part) in _PLAIN and id(part) not in seen:
            seen.add(id(part))
            pending += [*part.keys(), *part.values()] if isinstance(part, dict) else part
    return False


_PLAIN: Final = frozenset({dict, list, tuple, set, frozenset})


def refuse_unknown_text(value: Any) -> None:
    """As `refuse_unknown`, but a list may have such texts in it."""
    if isinstance(value, str):
        refuse_unknown(value)


def refuse_perhaps_empty(value: Any) -> None:
    """As `refuse_unknown`, for a text that has nothing but values of variables and secrets, which may be empty."""
    if isinstance(value, str) and not _OF_VARIABLES.sub("", _OFFSET.sub("", value)):
        refuse_unknown(value)


def refuse_list_of_unknown(value: Any) -> None:
    """As `refuse_unknown`, but the value may be such a text."""
    if not isinstance(value, str):
        refuse_unknown(value)


def check_filter(name: str, arguments: list[Any]) -> None:
    """Refuse a filter that would read a text that is not known yet."""
    first, *others = arguments
    if name == "format":
        check_format(first, others)
    elif name == "join" and not isinstance(first, str):
        _check_items(first)
    elif name == "replace":
        refuse_unknown(first, *others[:1])
    elif isinstance(first, str):
        has_choice = name in {"d", "default"} and len(others) > 1 and others[1]
        if name == "trim":
            _check_edges(first)
        elif name == "indent":  # the name of an input has one line, a value may have several
            refuse_unknown(*_OF_VARIABLES.findall(first))
        elif name not in _FILTERS_OF_TEXTS or has_choice:
            refuse_unknown(first)
    elif name == "dictsort" and isinstance(first, dict) and "value" not in others:
        refuse_unknown([*first])
    elif name not in _FILTERS_OF_LISTS and not _is_choice_by_a_test(name, others):
        refuse_unknown(first)


def check_format(template: Any, values: Iterable[Any]) -> None:
    """Refuse to fill in a text that is not known yet, or to print a list with such texts."""
    refuse_unknown_text(template)
    _check_items(values)


def check_test(name: str, arguments: list[Any]) -> None:
    """Refuse a test that would read a text that is not known yet."""
    if name not in _TESTS_OF_TYPES:
        refuse_unknown(*arguments)


def check_method(name: str, owner: Any, arguments: Iterable[Any]) -> None:
    """Refuse a method of a text, list or dictionary that would read a text that is not known yet."""
    given = [*arguments]
    if isinstance(owner, str):
        refuse_unknown(owner)
    if name in {"format", "join"}:
        _check_items(given[0] if name == "join" and given else given)
    elif name in _LOOKUPS or name == "replace":
        refuse_unknown(*given[:1])
    elif name not in _METHODS:
        refuse_unknown(owner, *given)


def _check_items(values: Any) -> None:
    """Refuse values of which one would be printed with its parts, and a text that is taken for a list."""
    refuse_unknown_text(values)
    for value in values.values() if isinstance(values, dict) else values if isinstance(values, Iterable) else ():
        refuse_list_of_unknown(value)


def _is_choice_by_a_test(name: str, others: list[Any]) -> bool:
    """Whether a test, which is checked itself, chooses the items."""
    names = {"select": 1, "reject": 1, "selectattr": 2, "rejectattr": 2}
    return name in names and len(others) >= names[name]


def _check_edges(text: str) -> None:
    """Refuse a text of which a value that is not known yet is the first or the last part."""
    trimmed = _OFFSET.sub("", text).strip()
    if trimmed.startswith("\0") or trimmed.endswith("\0"):
        refuse_unknown(text)


def _unknown_text(value: Any) -> str | None:
    """A text in a value that is not known yet; parts that a value shares are looked at once."""
    pending, seen = [value], set[int]()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        if isinstance(part, str):
            if "\0" in part and "\0" in _OFFSET.sub("", part):
                return part
        elif isinstance(part, dict):
            seen.add(id(part))
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, (list, tuple, set, frozenset)):
            seen.add(id(part))
            pending += part
    return None
