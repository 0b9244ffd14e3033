"""The notebooks with what no model can say: the source files without what became models."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cbx.importing.candidates import table_key
from cbx.importing.definitions import FoundChanges, FoundDataset, FoundDefinition, FoundFlow, FoundQuery
from cbx.importing.evaluation.values import UserFunction
from cbx.importing.python.function_reads import FunctionReads
from cbx.importing.python.helper_statements import HelperStatements
from cbx.importing.python.text_edits import TextEdit, apply_edits
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reading.source_text import SourceText
from cbx.importing.reads import ReaderInputRead, TableInputRead
from cbx.importing.sql.find_definitions import FoundStatement
from cbx.importing.sql.queries import query_text, read_query, write_marked

_SOURCE = re.compile(r"(\bFROM\s+(?:STREAM\b\s*)?(?:\(\s*)?)([\w.`]+)", re.IGNORECASE)
_EMPTY_CELLS = re.compile(r"(\n# COMMAND -{10,}\n)(?:\s*# COMMAND -{10,}\n)+")


@dataclass(frozen=True, slots=True)
class TableRenames:
    """The new names of the tables that became models.

    Attributes:
        names: The names by key.
        unnamed: The keys of the tables that something left reads by a name that is not written out.
    """

    names: Mapping[str, str]
    unnamed: set[str] = field(default_factory=set)

    def new_name(self, name: str) -> str | None:
        """The new name of a table; None for other tables."""
        return self.names.get(table_key(name))


def left_python(
    file: PythonFile,
    helper: HelperStatements,
    imported: Iterable[int],
    left: Sequence[FoundDefinition],
    reads_of: Callable[[UserFunction], FunctionReads],
    renames: TableRenames,
    sql: str,
) -> str:
    """A Python file without the statements that became models.

    Args:
        file: The file.
        helper: Its statements.
        imported: The numbers of the statements that became models.
        left: What stays.
        reads_of: What a function reads.
        renames: The new names of tables.
        sql: The SQL statements of its cells that stay.
    """
    edits = [TextEdit(*helper.chunk(number), "") for number in imported]
    for definition in left:
        if isinstance(definition, (FoundDataset, FoundFlow)) and isinstance(definition.code, UserFunction):
            edits += _renamed_reads(file, reads_of(definition.code), renames)
        if isinstance(definition, FoundChanges):
            edits += _renamed_sources(file, definition, renames)
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


def _renamed_reads(file: PythonFile, reads: FunctionReads, renames: TableRenames) -> list[TextEdit]:
    edits = []
    for place in reads.reads:
        for read in (place.read, *place.others):
            name = read.name if isinstance(read, TableInputRead) else None
            argument = place.node.args[0] if isinstance(place.node, ast.Call) and place.node.args else None
            new = renames.new_name(name) if isinstance(name, str) else None
            if new is not None and isinstance(argument, ast.Constant):
                edits.append(TextEdit(*file.positions.offsets(argument), f'"{new}"'))
            elif new is not None and isinstance(name, str):
                renames.unnamed.add(table_key(name))
    for query in reads.queries:
        start, end = file.positions.offsets(query.node.args[0])
        written, renamed = file.source.text[start:end], rename_tables(query.text, renames)
        if written.count(query.text) == 1:
            edits.append(TextEdit(start, end, written.replace(query.text, renamed)))
        elif renamed != query.text:
            found = [read.name for read in read_query(query.text).reads if isinstance(read, TableInputRead)]
            renames.unnamed.update(
                table_key(name) for name in found if isinstance(name, str) and renames.new_name(name)
            )
    return edits


def _renamed_sources(file: PythonFile, changes: FoundChanges, renames: TableRenames) -> list[TextEdit]:
    new = renames.new_name(changes.source)
    if new is None:
        return []
    node = file.tree.body[changes.origin.statement]
    values = [part.value for part in ast.walk(node) if isinstance(part, ast.keyword) and part.arg == "source"]
    edits = [
        TextEdit(*file.positions.offsets(value), f'"{new}"')
        for value in values
        if isinstance(value, ast.Constant) and value.value == changes.source
    ]
    renames.unnamed.update([] if edits else [table_key(changes.source)])
    return edits


def rename_tables(text: str, renames: TableRenames) -> str:
    """A query with the new names of tables."""
    query = read_query(text)

    def table(number: int) -> tuple[str, str]:
        read = query.reads[number]
        if isinstance(read, ReaderInputRead):
            return f"{read.format}.`{query_text(read.options['path'])}`", ""
        if not isinstance(read, TableInputRead) or not isinstance(read.name, str):
            return "", ""
        name = renames.new_name(read.name) or read.name
        written = f"STREAM({name})" if read.is_stream else name
        return written, name.rpartition(".")[2]

    is_plain = all(
        isinstance(read, ReaderInputRead) or (isinstance(read, TableInputRead) and isinstance(read.name, str))
        for read in query.reads
    )
    return write_marked(query, table, None) if is_plain else text


def left_sql(
    left: Iterable[FoundDefinition],
    statements: Mapping[tuple[int, int], FoundStatement],
    schemas: Mapping[tuple[int, int], str],
    renames: TableRenames,
) -> str:
    """The SQL statements that stay, each with its comments, in their schemas."""
    texts: list[str] = []
    schema = None
    for place in dict.fromkeys((definition.origin.file, definition.origin.statement) for definition in left):
        statement = statements.get(place)
        if statement is not None:
            texts += [f"USE SCHEMA {schemas[place]};\n"] if schemas.get(place, schema) != schema else []
            schema = schemas.get(place, schema)
            comments = "".join(f"-- {line}".rstrip() + "\n" for line in statement.comments)
            texts.append(f"{comments}{_renamed_statement(statement.text, place, left, renames)};\n")
    return "\n".join(texts)


def _renamed_statement(
    text: str, place: tuple[int, int], left: Iterable[FoundDefinition], renames: TableRenames
) -> str:
    for definition in left:
        if (definition.origin.file, definition.origin.statement) != place:
            continue
        if isinstance(definition, FoundChanges):
            text = _with_renamed_source(text, definition.source, renames)
        code = getattr(definition, "code", None)
        if isinstance(code, FoundQuery) and isinstance(code.text, str):
            written = code.text if code.written is None else code.written
            if isinstance(written, str) and text.count(written) == 1:
                text = text.replace(written, rename_tables(code.text, renames))
    return text


def _with_renamed_source(text: str, source: str, renames: TableRenames) -> str:
    """A statement of changes with the new name of their source."""
    new = renames.new_name(source)
    if new is None:
        return text
    for match in _SOURCE.finditer(text):
        if table_key(match[2].replace("`", "")) == table_key(source):
            return text[: match.start(2)] + new + text[match.end(2) :]
    renames.unnamed.add(table_key(source))
    return text


def markdown_of(source: SourceText) -> str:
    """The Markdown cells of a notebook."""
    texts = [_dedent_markdown(cell.text) for cell in source.cells if cell.language == "markdown"]
    return "\n\n".join(text for text in texts if text)


def _dedent_markdown(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))
