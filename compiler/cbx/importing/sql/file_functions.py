"""The calls of ``read_files`` and ``cloud_files`` in queries.

Their arguments are those of the Databricks pages "read_files table-valued function" and "cloud_files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from cbx.declare.reader_options import CLOUD_FILES
from cbx.importing.reads import FileInputRead

_NAME: Final = re.compile(r"cbx_files_(\d+)_", re.IGNORECASE)
_BEFORE: Final = re.compile(r"\bSTREAM\s*(\(\s*)?$", re.IGNORECASE)
_OF_AUTO_LOADER: Final = {name.partition(".")[2].lower(): name for name in CLOUD_FILES}


@dataclass(slots=True)
class FileFunctions:
    """The calls that were replaced by names."""

    reads: list[FileInputRead] = field(default_factory=list)

    def number(self, name: str) -> int | None:
        """The number of the call that a name replaces; None for other names."""
        match = _NAME.fullmatch(name)
        return int(match[1]) if match else None


class _UnreadableCallError(Exception):
    """A call whose arguments are not literals; the message is the reason."""


def replace_file_functions(text: str) -> tuple[str, FileFunctions, list[str]]:
    """Replace each call that streams files by a name.

    Args:
        text: A query.

    Returns:
        The query, the calls, and why some could not be read. ``read_files`` in batch stays as it is.
    """
    functions = FileFunctions()
    problems: list[str] = []
    try:
        tokens = sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return text, functions, problems
    parts, position = [], 0
    for index, last in _calls(tokens):
        token = tokens[index]
        before = _BEFORE.search(text, position, token.start)
        is_stream = before is not None or token.text.lower() == "cloud_files"
        if not is_stream:
            continue
        start, end = before.start() if before else token.start, tokens[last].end + 1
        if before is not None and before[1]:
            end = text.index(")", end) + 1
        try:
            functions.reads.append(_read_call(token.text.lower(), tokens[index + 2 : last], text))
        except _UnreadableCallError as error:
            problems.append(str(error))
            continue
        parts += [text[position:start], f"cbx_files_{len(functions.reads) - 1}_"]
        position = end
    return "".join((*parts, text[position:])), functions, problems


def _calls(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The numbers of the first and the last token of each call."""
    for index, token in enumerate(tokens[:-1]):
        is_call = tokens[index + 1].token_type == TokenType.L_PAREN
        if is_call and token.text.lower() in {"read_files", "cloud_files"}:
            depth = 0
            for last in range(index + 1, len(tokens)):
                depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[last].token_type, 0)
                if depth == 0:
                    yield index, last
                    break


def _read_call(function: str, tokens: Sequence[Token], text: str) -> FileInputRead:
    arguments = list(_arguments(tokens))
    if function == "cloud_files":
        return _cloud_files(arguments, text)
    path = _literal(arguments[0], text) if arguments else None
    options: dict[str, Any] = {"inferColumnTypes": True}
    for argument in arguments[1:]:
        if len(argument) < 3 or text[argument[1].start : argument[1].end + 1] != "=>":
            raise _UnreadableCallError("an argument of read_files has no name")
        options[argument[0].text] = _literal(argument[2:], text)
    file_format = _pop(options, "format")
    schema = _pop(options, "schema")
    if not isinstance(path, str):
        raise _UnreadableCallError("read_files has no path")
    if not isinstance(file_format, str):
        raise _UnreadableCallError("read_files has no format, which auto_loader needs")
    return FileInputRead(path, file_format, schema, {_option(name): value for name, value in options.items()})


def _cloud_files(arguments: list[Sequence[Token]], text: str) -> FileInputRead:
    path, file_format = (_literal(argument, text) for argument in arguments[:2])
    options: dict[str, Any] = {"cloudFiles.inferColumnTypes": "true"}
    if len(arguments) > 2:
        values = [_literal(argument, text) for argument in _arguments(arguments[2][2:-1])]
        options |= dict(zip(map(str, values[::2]), values[1::2], strict=True))
    schema = _pop(options, "schema")
    return FileInputRead(str(path), str(file_format), schema, options)


def _pop(options: dict[str, Any], wanted: str) -> Any:
    """Remove an option, whose name may be written in any case."""
    name = next((name for name in options if name.lower() == wanted), None)
    return None if name is None else options.pop(name)


def _option(name: str) -> str:
    """The name of an option of Auto Loader or of the reader for an argument of ``read_files``."""
    return _OF_AUTO_LOADER.get(name.lower(), name)


def _arguments(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    start = depth = 0
    for index, token in enumerate(tokens):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if token.token_type == TokenType.COMMA and depth == 0:
            yield tokens[start:index]
            start = index + 1
    if tokens[start:]:
        yield tokens[start:]


def _literal(tokens: Sequence[Token], text: str) -> Any:
    if len(tokens) == 1:
        token = tokens[0]
        written = text[token.start : token.end + 1]
        if written[-1:] in "'\"":
            return token.text
        if written.lower() in {"true", "false"}:
            return written.lower() == "true"
        if written.isdigit():
            return int(written)
    raise _UnreadableCallError("an argument of read_files is no literal")
