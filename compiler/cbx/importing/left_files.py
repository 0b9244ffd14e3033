"""The notebooks with what no model can say: the source files without what became models."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cbx.importing.definitions import FoundChanges, FoundDataset, FoundDefinition, FoundFlow, FoundQuery
from cbx.importing.evaluation.values import UserFunction
from cbx.importing.python.function_reads import FunctionReads
from cbx.importing.python.helper_statements import HelperStatements
from cbx.importing.python.text_edits import TextEdit, apply_edits
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reading.source_text import SourceText
from cbx.importing.reads import TableInputRead
from cbx.importing.sql.find_definitions import SqlStatement
from cbx.importing.sql.queries import read_query, write_marked

_EMPTY_CELLS = re.compile(r"(\n# COMMAND -{10,}\n)(?:\s*# COMMAND -{10,}\n)+")
NewName = Callable[[str], str | None]
"""The name of a table that became a model's; None for other tables."""


@dataclass(frozen=True, slots=True)
class LeftDefinition:
    """Something that no model can say, and why."""

    definition: FoundDefinition
    reason: str


def left_python(
    file: PythonFile,
    helper: HelperStatements,
    imported: Iterable[int],
    left: Sequence[FoundDefinition],
    reads_of: Callable[[UserFunction], FunctionReads],
    new_name: NewName,
    sql: str,
) -> str:
    """A Python file without the statements that became models.

    Args:
        file: The file.
        helper: Its statements.
        imported: The numbers of the statements that became models.
        left: What stays.
        reads_of: What a function reads.
        new_name: The new names of tables.
        sql: The SQL statements of its cells that stay.
    """
    edits = [TextEdit(*helper.chunk(number), "") for number in imported]
    for definition in left:
        if isinstance(definition, (FoundDataset, FoundFlow)) and isinstance(definition.code, UserFunction):
            edits += _renamed_reads(file, reads_of(definition.code), new_name)
        if isinstance(definition, FoundChanges):
            edits += _renamed_sources(file, definition, new_name)
    text = apply_edits(file.source.text, 0, len(file.source.text), set(edits))
    text = _without_sql_cells(text)
    text = re.sub(r"\n{4,}", "\n\n\n", _EMPTY_CELLS.sub(r"\1", text)).rstrip() + "\n"
    if not sql:
        return text
    cell = "".join(f"# MAGIC {line}".rstrip() + "\n" for line in f"%sql\n{sql}".rstrip().split("\n"))
    return f"{text}\n# COMMAND ----------\n\n{cell}"


def _without_sql_cells(text: str) -> str:
    """A notebook without its SQL cells: those that stay are written again."""
    parts = re.split(r"(?m)^# COMMAND -{10,}\n", text)
    kept = [part for part in parts if not re.match(r"\s*(?:# DBTITLE[^\n]*\n)?# MAGIC %sql", part)]
    return "# COMMAND ----------\n".join(kept)


def _renamed_reads(file: PythonFile, reads: FunctionReads, new_name: NewName) -> list[TextEdit]:
    edits = []
    for place in reads.reads:
        name = place.read.name if isinstance(place.read, TableInputRead) else None
        argument = place.node.args[0] if place.node.args else None
        new = new_name(name) if isinstance(name, str) else None
        if new is not None and isinstance(argument, ast.Constant):
            edits.append(TextEdit(*file.positions.offsets(argument), f'"{new}"'))
    for query in reads.queries:
        start, end = file.positions.offsets(query.node.args[0])
        written = file.source.text[start:end]
        inner = query.text
        if written.count(inner) == 1:
            edits.append(TextEdit(start, end, written.replace(inner, rename_tables(inner, new_name))))
    return edits


def _renamed_sources(file: PythonFile, changes: FoundChanges, new_name: NewName) -> list[TextEdit]:
    new = new_name(changes.source)
    if new is None:
        return []
    node = file.tree.body[changes.origin.statement]
    values = [part.value for part in ast.walk(node) if isinstance(part, ast.keyword) and part.arg == "source"]
    return [
        TextEdit(*file.positions.offsets(value), f'"{new}"')
        for value in values
        if isinstance(value, ast.Constant) and value.value == changes.source
    ]


def rename_tables(text: str, new_name: NewName) -> str:
    """A query with the new names of tables."""
    query = read_query(text)

    def table(number: int) -> tuple[str, str]:
        read = query.reads[number]
        if not isinstance(read, TableInputRead) or not isinstance(read.name, str):
            return "", ""
        name = new_name(read.name) or read.name
        written = f"STREAM({name})" if read.is_stream else name
        return written, name.rpartition(".")[2]

    is_plain = all(isinstance(read, TableInputRead) and isinstance(read.name, str) for read in query.reads)
    return write_marked(query, table, None) if is_plain else text


def left_sql(
    left: Iterable[FoundDefinition],
    statements: Mapping[tuple[int, int], SqlStatement],
    new_name: NewName,
) -> str:
    """The SQL statements that stay, each with its comments."""
    texts = []
    for place in dict.fromkeys((definition.origin.file, definition.origin.statement) for definition in left):
        statement = statements.get(place)
        if statement is not None:
            comments = "".join(f"-- {line}".rstrip() + "\n" for line in statement.comments)
            texts.append(f"{comments}{_renamed_statement(statement.text, place, left, new_name)};\n")
    return "\n".join(texts)


def _renamed_statement(text: str, place: tuple[int, int], left: Iterable[FoundDefinition], new_name: NewName) -> str:
    for definition in left:
        if (definition.origin.file, definition.origin.statement) != place:
            continue
        code = getattr(definition, "code", None)
        if isinstance(code, FoundQuery) and isinstance(code.text, str) and text.count(code.text) == 1:
            text = text.replace(code.text, rename_tables(code.text, new_name))
    return text


def markdown_of(source: SourceText) -> str:
    """The Markdown cells of a notebook."""
    texts = [_dedent_markdown(cell.text) for cell in source.cells if cell.language == "markdown"]
    return "\n\n".join(text for text in texts if text)


def _dedent_markdown(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
