"""Calls whose results on Sail are those of Spark only with some types of arguments.

`tests/runtime/test_functions_on_sail.py` compares the calls on both engines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cbx.runtime.sail.functions.calls import CAST, DAYS, OF_A_PART, Types, find_calls
from cbx.runtime.sail.functions.json_functions import TO_JSON
from cbx.runtime.sail.functions.replaced_calls import TEXTS, is_replaced
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import SparkSession

_DECIMAL: Final = re.compile(r"Decimal128\((\d+), \d+\)")
_WHOLE: Final = frozenset({"Int8", "Int16", "Int32", "Int64"})
_SMALL: Final = frozenset({"Int8", "Int16", "Int32"})
_FLOATS: Final = frozenset({"Float32", "Float64"})
_LARGEST_SUM: Final = 28
"""The digits of a decimal whose sum cannot overflow: Spark adds ten, and a decimal has at most 38."""


def check_argument_types(spark: SparkSession, plan: Any, *, are_calls_replaced: bool = True) -> None:
    """Check the calls in a plan whose results depend on the types of their arguments.

    Args:
        spark: The session of Sail.
        plan: A plan of Spark Connect.
        are_calls_replaced: Whether `replace_calls` changes the plan before it runs.

    Raises:
        NotOnSailError: If the result of a call is not known to be that of Spark.
    """
    for call in find_calls(spark, plan):
        rule = {**_RULES, **_CASTS}[call.name.removesuffix(OF_A_PART)]
        if not rule(call.types, call.literals) and not (are_calls_replaced and is_replaced(call)):
            raise NotOnSailError(f"calls `{call.name}` with {', '.join(map(_spell_type, call.types))}")


_SQL_TYPES: Final = {
    "Utf8": "STRING",
    "LargeUtf8": "STRING",
    "Utf8View": "STRING",
    "Boolean": "BOOLEAN",
    "Int8": "TINYINT",
    "Int16": "SMALLINT",
    "Int32": "INT",
    "Int64": "BIGINT",
    "Float32": "FLOAT",
    "Float64": "DOUBLE",
    "Date32": "DATE",
    "Binary": "BINARY",
    "Null": "NULL",
}


def _spell_type(kind: str) -> str:
    """A type of Arrow as SQL spells it, for messages."""
    if kind.startswith("Timestamp("):
        return "TIMESTAMP"
    return _SQL_TYPES.get(kind, kind.replace("Decimal128", "DECIMAL"))


def _is_same(types: Types, _: Sequence[bool]) -> bool:
    """Whether all types are equal, apart from NULL."""
    return len(set(types) - {"Null"}) <= 1


def _is_exact(types: Types, literals: Sequence[bool]) -> bool:
    """Whether all types are equal, or exact numbers."""
    return _is_same(types, literals) or all(kind in _WHOLE or _DECIMAL.match(kind) for kind in types)


def _is_number(kind: str) -> bool:
    return kind in _WHOLE | _FLOATS or _DECIMAL.match(kind) is not None


def _is_checked(types: Types, literals: Sequence[bool]) -> bool:
    """Whether the operation fails where it overflows, as in Spark, and literals do not count as other decimals."""
    if not all(map(_is_number, types)) or all(kind in _WHOLE for kind in types):
        return False
    return not any(is_literal and kind in _WHOLE for kind, is_literal in zip(types, literals, strict=True)) or bool(
        _FLOATS & set(types)
    )


def _is_checked_or_moves(types: Types, literals: Sequence[bool]) -> bool:
    """The same for sums and differences, one of whose arguments may be an interval that moves the other in time."""
    spans = [kind for kind in types if kind in _SPANS]
    if len(types) != 2 or len(spans) != 1:
        return _is_checked(types, literals)
    (moved,) = (kind for kind in types if kind not in _SPANS)
    # A date that is moved by hours is a timestamp in Spark, and a date in Sail.
    return moved.startswith("Timestamp") or (moved == "Date32" and spans != [_HOURS])


_HOURS: Final = "Duration(µs)"
_SPANS: Final = frozenset({DAYS, _HOURS, "Interval(YearMonth)"})


def _has_remainder(types: Types, literals: Sequence[bool]) -> bool:
    return all(kind in _WHOLE for kind in types) or _is_checked(types, literals)


def _divides(types: Types, _: Sequence[bool]) -> bool:
    """Whether the quotient is a double."""
    is_decimal = any(_DECIMAL.match(kind) for kind in types)
    return all(map(_is_number, types)) and (not is_decimal or bool(_FLOATS & set(types)))


def _is_summed(types: Types, _: Sequence[bool]) -> bool:
    """Whether a sum cannot overflow without an error."""
    decimal = _DECIMAL.match(types[0])
    return types[0] in _SMALL | _FLOATS or (decimal is not None and int(decimal[1]) <= _LARGEST_SUM)


def _is_float_or_whole(types: Types, _: Sequence[bool]) -> bool:
    return types[0] in _WHOLE | _FLOATS


def _is_time(types: Types, _: Sequence[bool]) -> bool:
    return types[-1].startswith("Timestamp")


def _is_date_or_time(types: Types, _: Sequence[bool]) -> bool:
    return len(types) == 1 and types[0].startswith(("Timestamp", "Date"))


def _is_case(types: Types, literals: Sequence[bool]) -> bool:
    """Whether the values of a CASE or IF, without its conditions, are equal."""
    values = [*types[1::2], *(types[-1:] if len(types) % 2 else ())]
    return _is_same(tuple(values), literals)


def _is_written_as_json(types: Types, _: Sequence[bool]) -> bool:
    """Whether the values of a struct or an array are written as Spark writes them."""
    is_nested = types[0].startswith(("Struct", "List"))
    return is_nested and not _NOT_WRITTEN.search(types[0])


_NOT_WRITTEN: Final = re.compile(
    r"\b(?:Float|Map|Binary|LargeBinary|Interval|Duration|Time32|Time64|Union|Timestamp\((?![^mn]s, \"UTC))"
)


def _is_no_text(types: Types, _: Sequence[bool]) -> bool:
    return types[0] not in TEXTS


def _is_whole_or_truth(types: Types, _: Sequence[bool]) -> bool:
    return types[0] in _WHOLE | {"Boolean"}


def _is_no_float(types: Types, _: Sequence[bool]) -> bool:
    return not any(kind in _FLOATS for kind in types)


_CASTS: Final[dict[str, Callable[[Types, Sequence[bool]], bool]]] = {
    **dict.fromkeys((f"{CAST}decimal", f"{CAST}double", f"{CAST}float", f"{CAST}date"), _is_no_text),
    f"{CAST}boolean": _is_whole_or_truth,
    f"{CAST}string": _is_no_float,
}
"""What is cast to these types as in Spark; every type is cast to the other plain types as in Spark, or fails."""
_RULES: Final[dict[str, Callable[[Types, Sequence[bool]], bool]]] = {
    **dict.fromkeys(("coalesce", "greatest", "least", "array"), _is_exact),
    "nullif": _is_same,
    **dict.fromkeys(("when", "if"), _is_case),
    "*": _is_checked,
    **dict.fromkeys(("+", "-"), _is_checked_or_moves),
    "%": _has_remainder,
    "/": _divides,
    **dict.fromkeys(("concat", "concat_ws"), _is_no_float),
    "sum": _is_summed,
    "round": _is_float_or_whole,
    "date_trunc": _is_time,
    "to_date": _is_date_or_time,
    TO_JSON: _is_written_as_json,
}
