"""The functions and methods of Python that are computed: pure ones, on known values."""

from __future__ import annotations

import json
import operator
import os.path
from collections.abc import Callable, Mapping
from typing import Any, Final

from cbx.importing.evaluation.bounded_results import call_text_method, fill_pattern, list_range, multiply
from cbx.importing.evaluation.values import UNKNOWN, SecretText, TextTemplate, is_known

BUILTINS: Final[Mapping[str, Callable[..., Any]]] = {
    "abs": abs,
    "all": all,
    "any": any,
    "bool": bool,
    "dict": dict,
    "enumerate": lambda *values: list(enumerate(*values)),
    "float": float,
    "int": int,
    "len": len,
    "list": list,
    "max": max,
    "min": min,
    "range": list_range,
    "repr": repr,
    "reversed": lambda value: list(reversed(value)),
    "round": round,
    "set": lambda *values: list(dict.fromkeys(*values)),
    "sorted": sorted,
    "str": str,
    "sum": sum,
    "tuple": tuple,
    "zip": lambda *values: list(zip(*values, strict=False)),
}
"""Sets are lists without duplicates, and iterators are lists, so that their order is known."""

LIBRARY: Final[Mapping[str, Callable[..., Any]]] = {
    "json.loads": json.loads,
    "os.path.join": os.path.join,
}

_METHODS: Final[Mapping[type, frozenset[str]]] = {
    str: frozenset(
        (
            *("capitalize", "casefold", "count", "endswith", "find", "format", "isdigit", "join", "lower", "lstrip"),
            *("partition", "removeprefix", "removesuffix", "replace", "rpartition", "rsplit", "rstrip", "split"),
            *("splitlines", "startswith", "strip", "swapcase", "title", "upper", "zfill"),
        )
    ),
    list: frozenset(("append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse")),
    tuple: frozenset(("count", "index")),
    dict: frozenset(
        ("clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values", "fromkeys")
    ),
}

OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": multiply,
    "Div": operator.truediv,
    "FloorDiv": operator.floordiv,
    "Mod": lambda left, right: fill_pattern(left, right) if isinstance(left, str) else left % right,
    "Pow": lambda left, right: left**right if abs(right) < 64 else UNKNOWN,
    "BitOr": operator.or_,
    "BitAnd": operator.and_,
}
COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "In": lambda left, right: left in right,
    "NotIn": lambda left, right: left not in right,
    "Is": lambda left, right: left is right if right is None or isinstance(right, bool) else UNKNOWN,
    "IsNot": lambda left, right: left is not right if right is None or isinstance(right, bool) else UNKNOWN,
}


def has_method(value: Any, name: str) -> bool:
    """Whether a method of a known value can be computed."""
    return name in _METHODS.get(type(value), ())


def call_method(value: Any, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """The result of a method; UNKNOWN if it fails.

    A list replaces the views of dictionaries.
    """
    if isinstance(value, str):
        if any(isinstance(part, TextTemplate) for part in (*arguments, *keywords.values())):
            return UNKNOWN
        return compute(call_text_method, [value, name, arguments, keywords], {})
    result = compute(getattr(value, name), arguments, keywords)
    return list(result) if isinstance(value, dict) and name in {"items", "keys", "values"} else result


def compute(function: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """The result of a pure function; UNKNOWN if it raises."""
    try:
        return function(*arguments, **keywords)
    except Exception:  # noqa: BLE001 - what fails here fails in the notebook, or is a value that only a run has
        return UNKNOWN


def format_values(parts: list[Any]) -> Any:
    """The text of an f-string: texts, and values that are formatted."""
    plain = (str, int, float, TextTemplate, SecretText, type(None))
    if not is_known(parts) or not all(isinstance(part, plain) for part in parts):
        return UNKNOWN
    return SecretText.join(part if isinstance(part, (str, TextTemplate, SecretText)) else str(part) for part in parts)
