"""Checks of what notebooks pass to the functions of the API, against the documented parameters.

All functions share the checks. A message names the function, the parameter, the value and what to write instead.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql.types import StructType

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Kind:
    """The values that a parameter takes.

    Attributes:
        wanted: The kind, in words.
        fits: Whether a value is of this kind.
        example: What to write instead of another value, from the name of the parameter and the value.
    """

    wanted: str
    fits: Callable[[Any], bool]
    example: Callable[[str, Any], str]


def check_arguments(
    name: str, function: Function, signature: inspect.Signature, takes_function: tuple[str, ...] = ()
) -> Function:
    """Wrap a function of the API so that it refuses invalid arguments.

    Args:
        name: The name that notebooks call.
        function: What to call when the arguments fit.
        signature: The documented parameters.
        takes_function: Parameters that may also be a function.
    """

    @functools.wraps(function)
    def call(*by_position: Any, **by_name: Any) -> Any:
        span = calling_line()
        _check_names(name, signature, by_position, by_name, span)
        for parameter, value in signature.bind(*by_position, **by_name).arguments.items():
            if not (parameter in takes_function and callable(value)):
                _check_value(name, parameter, value, span)
        result = function(*by_position, **by_name)
        is_decorator = callable(result) and not any(result is argument for argument in by_position)
        return _check_decorated(name, result) if is_decorator else result

    call.__name__ = name
    call.__signature__ = signature  # type: ignore[attr-defined]
    return call


def documented_signature(function: Function, *more: str) -> inspect.Signature:
    """The parameters of a function, with these names instead of ``**arguments``."""
    signature = inspect.signature(function)
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    fixed = [parameter for parameter in signature.parameters.values() if parameter.kind not in variadic]
    more_parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in more]
    return signature.replace(parameters=sorted([*more_parameters, *fixed], key=lambda parameter: parameter.kind))


def _check_names(
    name: str,
    signature: inspect.Signature,
    by_position: Sequence[Any],
    by_name: Mapping[str, Any],
    span: Span | None,
) -> None:
    """Refuse unknown, repeated and missing arguments."""
    parameters = signature.parameters.values()
    positional = [parameter.name for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    nameable = [parameter.name for parameter in parameters if parameter.kind is not parameter.POSITIONAL_ONLY]
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    values = {**dict(zip(positional, by_position, strict=False)), **by_name}
    wrong = (
        _find_unknown(name, by_name, nameable)
        or _find_too_many(name, positional, nameable, len(by_position), by_name)
        or _find_repeated(name, positional[: len(by_position)], by_name)
        or _find_missing(name, required, values)
    )
    if wrong is not None:
        message, hint = wrong
        raise RunError(INVALID_DEFINITION, message, span=span, hint=hint)


_Wrong = tuple[str, str] | None
"""What is wrong with the arguments of a call, and what to write instead; None if nothing is."""


def _find_unknown(name: str, by_name: Iterable[str], nameable: Sequence[str]) -> _Wrong:
    argument = next((argument for argument in by_name if argument not in nameable), None)
    if argument is None:
        return None
    meant = did_you_mean(argument, nameable)
    listing = f"the arguments are {', '.join(nameable)}"
    return f"`{name}` has no argument `{argument}`", f"{meant} {listing}" if meant else listing


def _find_too_many(
    name: str, positional: Sequence[str], nameable: Sequence[str], given: int, by_name: Collection[str]
) -> _Wrong:
    if given <= len(positional):
        return None
    count = f"{len(positional) or 'no'} positional argument{'' if len(positional) == 1 else 's'}"
    by_their_names = [argument for argument in nameable if argument not in by_name][:given]
    return f"`{name}` takes {count}, not {given}", f"name them: {name}({_named_arguments(by_their_names)})"


def _find_repeated(name: str, given: Iterable[str], by_name: Collection[str]) -> _Wrong:
    argument = next((argument for argument in given if argument in by_name), None)
    if argument is None:
        return None
    return f"`{name}` gets `{argument}` twice, by position and by name", "remove one of them"


def _find_missing(name: str, required: Sequence[str], values: Mapping[str, Any]) -> _Wrong:
    missing = [argument for argument in required if values.get(argument) is None]
    if not missing:
        return None
    needed = " and ".join(f"`{argument}`" for argument in missing)
    return f"`{name}` needs {needed}", f"write {name}({_named_arguments(required)})"


def _named_arguments(names: Sequence[str]) -> str:
    return ", ".join(f"{name}=..." for name in names)


def _check_value(name: str, parameter: str, value: Any, span: Span | None) -> None:
    """Refuse a value of the wrong kind; None means that the argument is omitted."""
    kind = _kind(parameter)
    if value is None or kind is None or kind.fits(value):
        return
    if kind is _FUNCTION:
        raise RunError(
            INVALID_DEFINITION,
            f"`{name}` takes keyword arguments only, not {_describe(value)}",
            span=span,
            hint=kind.example(name, value),
        )
    raise RunError(
        INVALID_DEFINITION,
        f"`{parameter}` of `{name}` is {kind.wanted}, not {_describe(value)}",
        span=span,
        hint=kind.example(parameter, value),
    )


def _check_decorated(name: str, decorator: Function) -> Function:
    """Wrap a decorator so that it refuses anything but a function."""

    @functools.wraps(decorator)
    def decorate(query: Any) -> Any:
        if not callable(query):
            raise RunError(
                INVALID_DEFINITION,
                f"`{name}` decorates a function, not {_describe(query)}",
                span=calling_line(),
                hint="return the DataFrame from a function, and decorate the function",
            )
        return decorator(query)

    return decorate


def _describe(value: Any) -> str:
    """A value, in a few words."""
    if isinstance(value, (DataFrame, Column)):
        return "a DataFrame" if isinstance(value, DataFrame) else "a Column"
    if isinstance(value, str):
        return f"the string {value!r}"
    if callable(value):
        return "a function"
    if isinstance(value, (bool, int, float)):
        return repr(value)
    kind = type(value).__name__
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _is_columns(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, (str, Column)) for item in value)


def _is_settings(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_rules(value: Any) -> bool:
    return _is_settings(value) and all(isinstance(item, str) for item in value.values())


def _column_example(parameter: str, value: Any) -> str:
    return f'write {parameter}=["{value}"]' if isinstance(value, str) else f'write {parameter}=["id"], for example'


def _source_example(_: str, value: Any) -> str:
    return "define a view that returns it, and name the view" if isinstance(value, DataFrame) else "write its name"


def _function_example(name: str, value: Any) -> str:
    return f'write {name}(name="{value}")' if isinstance(value, str) else f"put @{name}(...) above a function"


_TEXT = _Kind("a string", lambda value: isinstance(value, str), lambda name, _: f'write {name}="..."')
_DATASET = _Kind("the name of a dataset", lambda value: isinstance(value, str), _source_example)
_CONDITION = _Kind(
    "a SQL condition as a string",
    lambda value: isinstance(value, str),
    lambda _, __: 'write it as SQL, "id IS NOT NULL" for example',
)
_EXPRESSION = _Kind(
    "a string or a Column",
    lambda value: isinstance(value, (str, Column)),
    lambda name, _: f"write {name}=expr(...), or the same as a string",
)
_COLUMNS = _Kind("a list of columns", _is_columns, _column_example)
_SETTINGS = _Kind(
    "a dictionary of names and values", _is_settings, lambda name, _: f'write {name}={{"name": "value"}}, for example'
)
_RULES = _Kind(
    "a dictionary of names and conditions",
    _is_rules,
    lambda _, __: 'write {"valid_id": "id IS NOT NULL"}, for example',
)
_SCHEMA = _Kind(
    "a string or a StructType",
    lambda value: isinstance(value, (str, StructType)),
    lambda name, _: f'write {name}="id BIGINT NOT NULL, name STRING", for example',
)
_FUNCTION = _Kind("a function", callable, _function_example)

_KINDS: Mapping[str, _Kind] = {
    "query_function": _FUNCTION,
    **dict.fromkeys(("name", "flow_name", "comment", "path", "format", "row_filter", "refresh_policy"), _TEXT),
    **dict.fromkeys(("source", "target"), _DATASET),
    "condition": _CONDITION,
    **dict.fromkeys(("sequence_by", "apply_as_deletes", "apply_as_truncates"), _EXPRESSION),
    **dict.fromkeys(("keys", "partition_cols", "cluster_by", "replace_using"), _COLUMNS),
    **dict.fromkeys(("spark_conf", "table_properties", "options"), _SETTINGS),
    **dict.fromkeys(("expectations", "expect_all", "expect_all_or_drop", "expect_all_or_fail"), _RULES),
    "schema": _SCHEMA,
}


def _kind(parameter: str) -> _Kind | None:
    """What a parameter of this name takes; None for anything."""
    return _KINDS.get(parameter, _COLUMNS if parameter.endswith("column_list") else None)
