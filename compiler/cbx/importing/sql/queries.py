"""Queries: the tables and files that they read, and the same queries as templates of models.

Only references are replaced; the rest of the text stays as it is, with its comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cbx.importing.definitions import FoundText
from cbx.importing.evaluation.values import ConfigurationValue, TextTemplate
from cbx.importing.reads import FileInputRead, InputRead, ReaderInputRead, TableInputRead
from cbx.importing.sql.file_functions import replace_file_functions
from cbx.runtime.names import DatasetName
from cbx.runtime.sql.table_names import rewrite_table_names

PARAMETER: Final = re.compile(r"\$\{\s*(?:(?:spark|sparkconf|hiveconf|hivevar):)?([A-Za-z_][\w.-]*)\s*\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{_OPEN}(\\d+){_CLOSE}(?: AS `([^`]*)`)?")
_STANDING_IN: Final = re.compile(r"cbx_parameter_(\d+)_")
_FORMATS: Final = frozenset(("csv", "delta", "json", "orc", "parquet", "text"))
_OF_JINJA: Final = re.compile(r"\{\{|\{%|\{#")


@dataclass(frozen=True, slots=True)
class ReadQuery:
    """A query with marks where it reads.

    Attributes:
        text: Its text with a mark for each read.
        reads: What it reads.
        keys: The keys of the parameters in it.
        problems: Why it cannot be the query of a model.
    """

    text: str
    reads: tuple[InputRead, ...]
    keys: tuple[str, ...]
    problems: tuple[str, ...] = ()


def query_text(text: FoundText) -> str:
    """A text of SQL, in which values of the configuration are parameters."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else f"${{{part.key}}}" for part in text.parts)


def mask_parameters(text: str) -> tuple[str, tuple[str, ...]]:
    """A text with a name instead of each parameter, so that it can be parsed, and the keys of the parameters."""
    keys: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        keys.append(match[1])
        return f"cbx_parameter_{len(keys) - 1}_"

    return PARAMETER.sub(stand_in, text), tuple(keys)


def unmask(text: str, keys: Sequence[str]) -> FoundText:
    """A masked text as a template."""
    pieces = _STANDING_IN.split(text)
    return TextTemplate.join(
        piece if number % 2 == 0 else TextTemplate((ConfigurationValue(keys[int(piece)], None),))
        for number, piece in enumerate(pieces)
    )


def restore_parameters(text: str, keys: Sequence[str]) -> str:
    """A masked text as it was written."""
    return _STANDING_IN.sub(lambda match: f"${{{keys[int(match[1])]}}}", text)


def read_query(text: str) -> ReadQuery:
    """Find what a query reads.

    Args:
        text: The query; parameters are written ``${key}``.
    """
    masked, keys = mask_parameters(text)
    masked, files, problems = replace_file_functions(masked)
    reads: list[InputRead] = []

    def mark(name: DatasetName, is_stream: bool) -> str | None:  # noqa: FBT001 - as the function calls it
        number = files.number(name.written)
        if number is not None:
            reads.append(_unmask_files(files.reads[number], keys))
        elif name.parts[0] in _FORMATS and len(name.parts) == 2 and is_stream:
            problems.append(f"a model cannot stream files by their path: `{name.written}`")
            return None
        elif name.parts[0] in _FORMATS and len(name.parts) == 2:
            reads.append(ReaderInputRead(name.parts[0], {"path": unmask(name.written.partition(".")[2], keys)}))
        else:
            reads.append(TableInputRead(unmask(name.written, keys), is_stream))
        return f"{_OPEN}{len(reads) - 1}{_CLOSE}"

    text = rewrite_table_names(masked, mark)
    return ReadQuery(text, tuple(reads), keys, tuple(dict.fromkeys(problems)))


def _unmask_files(read: FileInputRead, keys: Sequence[str]) -> FileInputRead:
    options = {name: unmask(value, keys) if isinstance(value, str) else value for name, value in read.options.items()}
    path = unmask(read.path, keys) if isinstance(read.path, str) else read.path
    return FileInputRead(path, read.format, read.schema, options, read.is_auto_loader)


def write_query(query: ReadQuery, inputs: Sequence[tuple[str, str]], variables: Mapping[str, str]) -> str:
    """The query as a template.

    Args:
        query: The query.
        inputs: The call and the table's own name for each read: ``ref("silver.orders")`` and ``orders``.
        variables: The project's variable for each key of the configuration.
    """
    return write_marked(query, lambda number: ("{{ " + inputs[number][0] + " }}", inputs[number][1]), variables)


def write_marked(query: ReadQuery, table: Callable[[int], tuple[str, str]], variables: Mapping[str, str] | None) -> str:
    """The query with a text for each read.

    Args:
        query: The query.
        table: The text and the table's own name for a read; an alias that only repeats the name is left out.
        variables: The project's variables by key; None to leave parameters as they are, in a text for no template.
    """
    parts: list[str] = []
    position = 0
    for match in _MARK.finditer(query.text):
        text, name = table(int(match[1]))
        parts.append(_write_parameters(query.text[position : match.start()], query.keys, variables))
        is_of_files = isinstance(query.reads[int(match[1])], (FileInputRead, ReaderInputRead))
        has_alias = match[2] is not None and match[2].lower() != name.lower() and not is_of_files
        parts.append(text + (f" AS {_alias(match[2])}" if has_alias else ""))
        position = match.end()
    parts.append(_write_parameters(query.text[position:], query.keys, variables))
    return "".join(parts)


def _alias(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else f"`{name}`"


def _write_parameters(text: str, keys: Sequence[str], variables: Mapping[str, str] | None) -> str:
    if variables is None:
        return restore_parameters(text, keys)
    pieces = _STANDING_IN.split(text)
    return "".join(
        escape_jinja(piece) if number % 2 == 0 else f'{{{{ var("{variables[keys[int(piece)]]}") }}}}'
        for number, piece in enumerate(pieces)
    )


def escape_jinja(text: str) -> str:
    """A text that Jinja renders to itself."""
    return _OF_JINJA.sub(lambda match: f'{{{{ "{match[0]}" }}}}', text)
