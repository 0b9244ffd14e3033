"""The arguments of the pipeline's API, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cbx.importing.definitions import FoundExpectation, FoundText, Rule, UnreadableArgumentError
from cbx.importing.evaluation.values import UNKNOWN, LibraryCall, TextTemplate

_TABLE: Final = ("query_function", "name", "comment")
_CHANGES: Final = ("target", "source", "keys", "sequence_by")
POSITIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("table", "create_table", "materialized_view", "view", "create_view", "temporary_view"), _TABLE),
    **dict.fromkeys(("create_streaming_table", "create_target_table", "create_streaming_live_table"), ("name",)),
    **dict.fromkeys(("apply_changes", "create_auto_cdc_flow"), _CHANGES),
    "append_flow": ("target",),
    "create_sink": ("name", "format", "options"),
}
"""The names of positional parameters; a decorator takes the function first."""

_RULES: Final[Mapping[str, Rule]] = {
    "expect": "expect",
    "expect_or_drop": "expect_or_drop",
    "expect_or_fail": "expect_or_fail",
    "expect_all": "expect",
    "expect_all_or_drop": "expect_or_drop",
    "expect_all_or_fail": "expect_or_fail",
}


def arguments_of(word: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The given arguments by the names of their parameters, without those that are None.

    Args:
        word: The function of the pipeline's API.
        arguments: Its positional arguments.
        keywords: Its other arguments.
    """
    values = {**dict(zip(POSITIONAL.get(word, ()), arguments, strict=False)), **keywords}
    return {name: value for name, value in values.items() if value is not None}


def read_text(values: Mapping[str, Any], name: str) -> FoundText | None:
    """An argument that is a text.

    Raises:
        UnreadableArgumentError: If its value is not known.
    """
    value = values.get(name)
    if value is None or isinstance(value, (str, TextTemplate)):
        return value
    raise UnreadableArgumentError(f"the value of {name}= is not known without running the notebook")


def read_condition(values: Mapping[str, Any], name: str) -> FoundText | None:
    """An argument that is a SQL expression: a text, or ``expr`` of one.

    Raises:
        UnreadableArgumentError: If it is anything else.
    """
    value = values.get(name)
    if isinstance(value, LibraryCall):
        value = _condition_text(value)
    return read_text({name: value}, name)


_OPERATORS: Final = {
    "Eq": "=",
    "NotEq": "<>",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "BitAnd": "AND",
    "BitOr": "OR",
}


def _condition_text(value: Any) -> Any:
    """A condition on columns as SQL; UNKNOWN if it is anything else."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    if not isinstance(value, LibraryCall) or value.on is not None or not value.arguments:
        return UNKNOWN
    if value.name.endswith(".expr"):
        return value.arguments[0]
    if value.name.endswith((".col", ".column")):
        return value.arguments[0]
    if value.name.endswith(".lit"):
        return _condition_text(value.arguments[0])
    sides = [_condition_text(side) for side in value.arguments]
    if value.name not in _OPERATORS or not all(isinstance(side, str) for side in sides):
        return UNKNOWN
    left, right = (f"({side})" if value.name in {"BitAnd", "BitOr"} else side for side in sides)
    return f"{left} {_OPERATORS[value.name]} {right}"


def read_columns(values: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """An argument that lists columns: names, or ``col`` of them.

    Raises:
        UnreadableArgumentError: If its value is not known.
    """
    value = values.get(name)
    if value is None:
        return None
    items = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_column(item, name) for item in items)


def read_sequence(values: Mapping[str, Any]) -> tuple[tuple[str, ...], str | None]:
    """The columns of ``sequence_by``, one or those of a struct; or the expression of ``expr``.

    Raises:
        UnreadableArgumentError: If it is another expression.
    """
    value = values.get("sequence_by")
    if isinstance(value, LibraryCall) and value.name.endswith(".struct"):
        items = value.arguments[0] if len(value.arguments) == 1 and isinstance(value.arguments[0], list) else None
        return tuple(_column(item, "sequence_by") for item in items or value.arguments), None
    text = value.arguments[0] if isinstance(value, LibraryCall) and _is_sql(value) else None
    if isinstance(text, str) and not _is_name(text):
        return (), text
    return (_column(value, "sequence_by"),), None


def _is_sql(call: LibraryCall) -> bool:
    """Whether a call is ``expr`` of a text."""
    return call.name.endswith(".expr") and call.on is None and len(call.arguments) == 1


def _column(value: Any, name: str) -> str:
    if isinstance(value, LibraryCall) and value.name.endswith((".col", ".column", ".expr")) and value.on is None:
        value = value.arguments[0] if value.arguments else UNKNOWN
    if isinstance(value, str) and _is_name(value):
        return value.strip("`")
    raise UnreadableArgumentError(f"{name}= is an expression; a model takes names of columns")


def _is_name(text: str) -> bool:
    return text.replace("_", "").replace("`", "").isalnum()


def read_expectations(word: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> list[FoundExpectation]:
    """The expectations of a decorator, or of an argument ``expect_all...``.

    Raises:
        UnreadableArgumentError: If a name or a condition is not known.
    """
    if word in {"expect", "expect_or_drop", "expect_or_fail"}:
        values = {**dict(zip(("name", "condition"), arguments, strict=False)), **keywords}
        values.setdefault("condition", values.get("inv"))
        rules: Any = {values.get("name"): values.get("condition")}
    else:
        rules = arguments[0] if arguments else keywords.get("expectations")
    if not isinstance(rules, dict):
        raise UnreadableArgumentError("its expectations are not known without running the notebook")
    return [_expectation(_RULES[word], name, condition) for name, condition in rules.items()]


def _expectation(rule: Rule, name: Any, condition: Any) -> FoundExpectation:
    if not isinstance(name, str) or not isinstance(condition, (str, TextTemplate)):
        raise UnreadableArgumentError("its expectations are not known without running the notebook")
    return FoundExpectation(rule, name, condition)


def is_expectation(word: str) -> bool:
    """Whether a word of the pipeline's API declares expectations."""
    return word in _RULES
