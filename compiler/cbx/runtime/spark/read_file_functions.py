"""Calls of ``read_files`` and ``cloud_files`` as reads of Auto Loader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cbx.declare import reader_options
from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.did_you_mean import nearest
from cbx.runtime.auto_loader.file_format import DETECTED
from cbx.runtime.errors import RunError
from cbx.runtime.sql.table_functions import READ_FILES, FunctionArgument, TableFunction
from cbx.spark_spelling import value_text

_PREFIX: Final = "cloudFiles."
_FORMAT: Final = f"{_PREFIX}format"
_INFER: Final = f"{_PREFIX}inferColumnTypes"
_READ_FILES_EXAMPLE: Final = "write read_files('path', format => 'json')"
_CLOUD_FILES_EXAMPLE: Final = "write cloud_files('path', 'json', map('option', 'value'))"


@dataclass(frozen=True, slots=True)
class FileRead:
    """A read of files.

    Attributes:
        path: The folder or glob.
        options: The options of Auto Loader.
        schema: The columns as DDL; None to infer them.
        is_stream: Whether only new files are read.
    """

    path: str
    options: Mapping[str, str]
    schema: str | None
    is_stream: bool


def read_file_function(call: TableFunction, evaluate: Callable[[str], Any]) -> FileRead:
    """The read that a call stands for.

    Both infer column types; ``read_files`` infers the format, too, if none is given.

    Args:
        call: The call.
        evaluate: The value of a constant expression.

    Raises:
        RunError: If an argument is not known, not constant or missing.
    """
    return _read_files(call, evaluate) if call.name == READ_FILES else _cloud_files(call, evaluate)


def service_options(call: TableFunction, evaluate: Callable[[str], Any]) -> dict[str, str]:
    """The options of the reader of a service, from the arguments of a call such as ``read_kafka``.

    Raises:
        RunError: If an argument has no name or is not constant.
    """
    if any(argument.name is None for argument in call.arguments):
        raise RunError(INVALID_DEFINITION, f"{call.name} takes options by name", hint="write option => 'value'")
    values = {argument.name or "": _constant(argument, evaluate) for argument in call.arguments}
    return {_OF_SERVICES.get(name.lower(), name): value for name, value in values.items()}


_OF_SERVICES: Final = {"bootstrapservers": "kafka.bootstrap.servers", "serviceurl": "service.url"}
"""Arguments that are spelled otherwise as options of readers."""


def unknown_argument(argument: FunctionArgument) -> RunError | None:
    """The error of a named argument that ``read_files`` does not have; None if it has it."""
    name = argument.name
    if name is None or name.lower() in _OWN or _spelling(name) is not None:
        return None
    named = sorted({*_ALL, *(option.removeprefix(_PREFIX) for option in reader_options.CLOUD_FILES)})
    meant = nearest(name, named)
    hint = f"did you mean `{meant}`?" if meant else "remove it"
    return RunError(INVALID_DEFINITION, f"read_files has no option `{name}`", hint=hint)


_OWN: Final = ("schema",)
_ALL: Final = ("schema", *dict.fromkeys(name for names in reader_options.SPARK.values() for name in names))


def _read_files(call: TableFunction, evaluate: Callable[[str], Any]) -> FileRead:
    first, *others = call.arguments or (None,)
    if first is None or first.name is not None or any(argument.name is None for argument in others):
        problem = "has no path" if first is None or first.name is not None else "takes options by name"
        raise RunError(INVALID_DEFINITION, f"read_files {problem}", hint=_READ_FILES_EXAMPLE)
    problem_of_name = next(filter(None, map(unknown_argument, others)), None)
    if problem_of_name is not None:
        raise problem_of_name
    values = {argument.name or "": _constant(argument, evaluate) for argument in others}
    schema = next((value for name, value in values.items() if name.lower() == "schema"), None)
    options = {_spelling(name) or name: value for name, value in values.items() if name.lower() not in _OWN}
    defaults = {_FORMAT: DETECTED, _INFER: "true"}
    return FileRead(_constant(first, evaluate), {**defaults, **options}, schema, call.is_stream)


def _spelling(name: str) -> str | None:
    """The option of Auto Loader that an argument stands for; None if there is none."""
    return reader_options.spelling(f"{_PREFIX}{name}") or reader_options.spelling(name)


def _cloud_files(call: TableFunction, evaluate: Callable[[str], Any]) -> FileRead:
    arguments = call.arguments
    if not 2 <= len(arguments) <= 3 or any(argument.name is not None for argument in arguments):
        raise RunError(
            INVALID_DEFINITION, "cloud_files takes a path, a format and a map of options", hint=_CLOUD_FILES_EXAMPLE
        )
    path, file_format = (_constant(argument, evaluate) for argument in arguments[:2])
    given = evaluate(arguments[2].expression) if len(arguments) == 3 else {}
    if not isinstance(given, dict):
        raise RunError(INVALID_DEFINITION, "the options of cloud_files are not a map", hint=_CLOUD_FILES_EXAMPLE)
    options = {str(name): value_text(value) for name, value in given.items()}
    schema = next((options.pop(name) for name in list(options) if name.lower() == "schema"), None)
    return FileRead(path, {_FORMAT: file_format, _INFER: "true", **options}, schema, is_stream=True)


def _constant(argument: FunctionArgument, evaluate: Callable[[str], Any]) -> str:
    value = evaluate(argument.expression)
    if value is None:
        name = argument.name or "path"
        raise RunError(INVALID_DEFINITION, f"the value of `{name}` is not a constant: {argument.expression}")
    return value_text(value)
