"""Finds what the SQL statements of a pipeline define.

The statements are those of the Databricks page "Pipeline SQL language reference".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from cbx.diagnostics.source_files import Span
from cbx.importing.definitions import (
    FoundChanges,
    FoundDataset,
    FoundDefinition,
    FoundExpectation,
    FoundFlow,
    FoundKind,
    FoundOther,
    FoundQuery,
    Origin,
    Rule,
    TableOption,
    TableSettings,
    UnreadableArgumentError,
    default_text,
)
from cbx.importing.evaluation.values import TextTemplate
from cbx.importing.reading.comments import find_sql_comments
from cbx.importing.reading.source_text import SourceText
from cbx.importing.sql.column_settings import settings_of_columns
from cbx.importing.sql.queries import mask_parameters, restore_parameters, unmask
from cbx.runtime.errors import RunError
from cbx.runtime.sql.column_definitions import read_definitions
from cbx.runtime.sql.parameters import SqlText
from cbx.runtime.sql.tokens import Words, statements

SQL_STATEMENTS: Final = 1_000_000
"""The first number of the SQL statements of a file, which may have statements in Python, too."""

_RULES: Final[Mapping[str, Rule]] = {"warn": "expect", "drop": "expect_or_drop", "fail": "expect_or_fail"}
_ENDS: Final = ("AS", "FLOW")
_CHANGE_WORDS: Final = ("KEYS", "IGNORE", "APPLY", "SEQUENCE", "COLUMNS", "STORED", "TRACK", "SYSTEM")


@dataclass(frozen=True, slots=True)
class FoundStatement:
    """A statement and its comments.

    Attributes:
        text: The text without the comments around it.
        comments: The comments above, before the query, and after the last word, without their signs.
    """

    text: str
    comments: tuple[str, ...]


@dataclass(eq=False, slots=True)
class SqlDefinitions:
    """Reads SQL statements, and notes what they define.

    Attributes:
        configuration: The values of the configuration, to which SET adds.
        found: What the statements define.
        statements: The text of each statement, by its origin.
        schemas: The schema of ``USE SCHEMA`` at a statement, by its origin.
        schema: The current schema; None for that of the pipeline.
    """

    configuration: dict[str, str]
    found: list[FoundDefinition] = field(default_factory=list)
    statements: dict[tuple[int, int], FoundStatement] = field(default_factory=dict)
    schemas: dict[tuple[int, int], str] = field(default_factory=dict)
    schema: str | None = None

    def read_cells(self, source: SourceText, file: int) -> None:
        """Read the statements of the cells in SQL of a source file, which has a number."""
        following, self.schema = SQL_STATEMENTS, None
        for cell in source.cells:
            if cell.language == "sql":
                text = SqlText.plain(cell.text, Path(source.path), cell.line, cell.indent)
                following = self._read(text, file, following)

    def _read(self, sql: SqlText, file: int, first: int) -> int:
        """Read the statements of a file or cell.

        Args:
            sql: The text as it is in the file.
            file: The number of the file.
            first: The number of the first statement.

        Returns:
            The number after the last statement.
        """
        masked, keys = mask_parameters(sql.text)
        try:
            read = statements(SqlText.plain(masked, sql.path, sql.first_line, sql.indent))
        except RunError as error:
            origin = Origin(file, first, error.diagnostic.span or _no_span(sql))
            self.found.append(FoundOther("invalid SQL", "?", origin, problem=error.diagnostic.message))
            self.statements[file, first] = FoundStatement(sql.text, ())
            return first + 1
        comments = _Comments(masked, keys)
        for number, words in enumerate(read, first):
            origin = Origin(file, number, words.span or _no_span(sql))
            start, end = words.words[0].start, words.words[-1].end
            self.statements[file, number] = FoundStatement(
                restore_parameters(masked[start:end], keys), comments.take(start)
            )
            query_start = self._read_statement(words, keys, origin)
            header = comments.take(query_start or end)
            comments.skip(end)
            is_last = number == first + len(read) - 1
            after = comments.take(len(masked) if is_last else _end_of_line(masked, end))
            statement = self.statements[file, number]
            self.statements[file, number] = replace(statement, comments=(*statement.comments, *header, *after))
        return first + len(read)

    def _read_statement(self, words: Words, keys: Sequence[str], origin: Origin) -> int | None:
        """Read a statement; the offset of its query, if it has one."""
        reader = _StatementReader(self, words, keys, origin)
        if self.schema is not None:
            self.schemas[origin.file, origin.statement] = self.schema
        try:
            reader.read()
        except (RunError, UnreadableArgumentError) as error:
            message = error.diagnostic.message if isinstance(error, RunError) else str(error)
            name = reader.name or _first_words(words)
            self.found.append(FoundOther("a statement", name, origin, reader.name, message, bool(reader.name)))
        return reader.query_start


def _first_words(words: Words) -> str:
    return " ".join(word.text for word in words.words[:3])


def _no_span(sql: SqlText) -> Span:
    return Span(str(sql.path or ""), sql.first_line)


def _end_of_line(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end == -1 else end


class _Comments:
    """The comments of a text, taken one after the other."""

    def __init__(self, text: str, keys: Sequence[str]) -> None:
        self._keys = keys
        self._pending = list(find_sql_comments(text))

    def take(self, end: int) -> tuple[str, ...]:
        """The lines of the comments before an offset that have not been taken."""
        taken = [comment for comment in self._pending if comment.offset < end]
        del self._pending[: len(taken)]
        return tuple(restore_parameters(comment.text, self._keys) for comment in taken)

    def skip(self, end: int) -> None:
        """Leave out the comments before an offset, which are in a query."""
        self.take(end)


@dataclass(eq=False, slots=True)
class _StatementReader:
    """Reads one statement."""

    definitions: SqlDefinitions
    words: Words
    keys: Sequence[str]
    origin: Origin
    name: str | None = None
    query_start: int | None = None

    def read(self) -> None:
        """Note what the statement defines.

        Raises:
            RunError: If it is not valid.
            UnreadableArgumentError: If no model can say it.
        """
        if self.words.takes("CREATE"):
            self._create()
        elif self.words.takes("APPLY"):
            self.words.wants("CHANGES", "INTO")
            self._add(self._changes(self._table("the name of the target")))
        elif self.words.takes("AUTO"):
            self.words.wants("CDC", "INTO")
            self._add(self._changes(self._table("the name of the target")))
        elif self.words.takes("SET"):
            self._set()
        elif self.words.takes("USE", "SCHEMA") or self.words.takes("USE", "DATABASE"):
            self.definitions.schema = self._table("the name of the schema").rpartition(".")[2]
        else:
            word = self.words.words[0].keyword
            if word not in {"USE", "SHOW", "DESCRIBE", "SELECT"}:
                self._add(FoundOther(f"the statement {word}", word, self.origin, is_of_pipeline=False))

    def _add(self, definition: FoundDefinition) -> None:
        self.definitions.found.append(definition)

    def _set(self) -> None:
        key = self.words.until("=").source_text().strip("`")
        if self.words.is_at_end:  # it would show the setting
            return
        self.words.wants("=")
        self.definitions.configuration.setdefault(key, self.words.rest().strip("'\""))

    def _create(self) -> None:
        self.words.takes("OR")
        self.words.takes("REFRESH") or self.words.takes("REPLACE")
        if self.words.takes("FLOW"):
            self._flow()
            return
        is_private = bool([word for word in ("TEMPORARY", "TEMP", "PRIVATE") if self.words.takes(word)])
        kind = self._kind()
        if self.words.takes("IF"):
            self.words.wants("NOT", "EXISTS")
        name = self.name = self._table("the name of the table")
        settings, expectations, columns = self._definitions()
        settings = self._clauses(settings)
        if is_private and kind != "view":
            settings = _with_option(settings, "private", value=True)
        if self.words.takes("FLOW"):
            self.words.wants("AUTO", "CDC")
            self.words.takes("INTO")
            self._add(self._changes(name))
        code = None
        if self.words.takes("AS"):
            code = FoundQuery(self._query(), columns)
        self._add(FoundDataset(name, kind, self.origin, code, expectations, settings))

    def _kind(self) -> FoundKind:
        is_streaming = self.words.takes("STREAMING") or self.words.takes("INCREMENTAL")
        self.words.takes("LIVE")
        if self.words.takes("MATERIALIZED"):
            self.words.wants("VIEW")
            return "materialized_view"
        if self.words.takes("VIEW"):
            return "view"
        self.words.wants("TABLE")
        return "streaming_table" if is_streaming else "materialized_view"

    def _table(self, what: str) -> str:
        """The name of a table, with the values of parameters in it."""
        name = unmask(self.words.name(what).replace("`", ""), self.keys)
        return default_text(_with_key_names(name, self.definitions.configuration), {}) or ""

    def _definitions(self) -> tuple[TableSettings, tuple[FoundExpectation, ...], tuple[str, ...]]:
        """The columns and expectations in the brackets, and the names of a list without types."""
        if not self.words.sees("("):
            return TableSettings(), (), ()
        group = self.words.group()
        settings = settings_of_columns(Words(group.sql, group.words, group.end))
        definitions = read_definitions(group)
        expectations = tuple(
            FoundExpectation(_RULES[rule.on_violation], rule.name, unmask(rule.condition, self.keys))
            for rule in definitions.expectations
        )
        untyped = tuple(column.name for column in definitions.columns if not column.type)
        return settings, expectations, untyped

    def _clauses(self, settings: TableSettings) -> TableSettings:
        while not (self.words.is_at_end or any(self.words.sees(end) for end in _ENDS)):
            clause = next((name for name in _CLAUSES if self.words.sees(*name.split())), None)
            if clause is None:
                raise self.words.error("a clause, or AS and a query")
            self.words.wants(*clause.split())
            settings = _CLAUSES[clause](self, settings)
        return settings

    def comment_clause(self, settings: TableSettings) -> TableSettings:
        """The clause COMMENT."""
        text = restore_parameters(self.words.text("the comment as a text in quotes"), self.keys)
        return replace(settings, comment=text)

    def properties_clause(self, settings: TableSettings) -> TableSettings:
        """The clause TBLPROPERTIES."""
        properties: dict[str, str] = {}
        for item in self.words.group("properties in brackets").items("a property"):
            key = item.text("a property") if item.sees_text() else item.name("a property").replace("`", "")
            item.takes("=")
            properties[key] = "".join(word.text for word in item.words[item.next :])
        return replace(settings, properties=properties)

    def cluster_clause(self, settings: TableSettings) -> TableSettings:
        """The clause CLUSTER BY."""
        if self.words.takes("AUTO"):
            return _with_option(settings, "cluster_by", value="auto")
        if self.words.takes("NONE"):
            return settings
        items = self.words.group("columns in brackets").items("a column")
        return replace(settings, cluster_by=tuple(item.source_text().strip("`") for item in items))

    def noted_clause(self, settings: TableSettings) -> TableSettings:
        """A clause on which no row depends."""
        start = self.words.next - 1
        while not (self.words.is_at_end or any(self.words.sees(word) for word in (*_ENDS, *_FIRST_WORDS))):
            if self.words.sees("("):
                self.words.group()
            else:
                self.words.any_word("a word")
        name = self.words.words[start].keyword
        return replace(settings, notes=(*settings.notes, f"{name} is not carried over"))

    def filter_clause(self, settings: TableSettings) -> TableSettings:
        """The clause ROW FILTER: a function and its columns."""
        name = self.words.until("ON").source_text()
        self.words.wants("ON")
        return _with_option(settings, "row_filter", value=f"{name} ON ({self.words.group().source_text()})")

    def partition_clause(self, settings: TableSettings) -> TableSettings:
        """The clause PARTITIONED BY."""
        return _with_option(settings, "partition_cols", value=_names(self.words.group("columns in brackets")))

    def policy_clause(self, settings: TableSettings) -> TableSettings:
        """The clause REFRESH POLICY: ``AUTO``, ``FULL``, ``INCREMENTAL`` or ``INCREMENTAL STRICT``."""
        words = [self.words.any_word("a policy").keyword.lower()]
        if self.words.takes("STRICT"):
            words.append("strict")
        return _with_option(settings, "refresh_policy", value="_".join(words))

    def _query(self) -> str:
        rest = self.words.words[self.words.next :]
        self.query_start = rest[0].start if rest else None
        sql = self.words.sql.text
        start = rest[0].start if rest else 0
        text = sql[start : rest[-1].end] if rest else ""
        self.words.rest()
        return restore_parameters(text, self.keys)

    def _flow(self) -> None:
        name = self.words.identifier("the name of the flow")
        if self.words.takes("COMMENT"):
            self.words.text("the comment as a text in quotes")
        self.words.wants("AS")
        if self.words.takes("AUTO"):
            self.words.wants("CDC")
            is_once = self.words.takes("ONCE")
            self.words.wants("INTO")
            changes = self._changes(self._table("the name of the target"))
            self._add(replace(changes, name=name, is_once=is_once))
            return
        self.words.wants("INSERT")
        is_once = self.words.takes("ONCE")
        self.words.wants("INTO")
        is_once = self.words.takes("ONCE") or is_once
        target = self.name = self._table("the name of the table")
        by_name = self.words.takes("BY", "NAME")
        self._add(FoundFlow(target, name, self.origin, FoundQuery(self._query()), is_once, by_name))

    def _changes(self, target: str) -> FoundChanges:
        self.name = target
        self.words.wants("FROM")
        if self.words.sees("SNAPSHOT"):
            raise UnreadableArgumentError("a model has no AUTO CDC from snapshots")
        self.words.takes("STREAM")
        source = self._table_in_brackets() if self.words.sees("(") else self._table("the name of the source")
        changes = FoundChanges(target, source, self.origin)
        while not self.words.is_at_end:
            changes = self._change_clause(changes)
        return changes

    def _table_in_brackets(self) -> str:
        group = self.words.group()
        name = unmask(group.name("the name of the source").replace("`", ""), self.keys)
        group.ends("the closing bracket")
        return default_text(_with_key_names(name, self.definitions.configuration), {}) or ""

    def _change_clause(self, changes: FoundChanges) -> FoundChanges:
        words = self.words
        if words.takes("KEYS"):
            return replace(changes, keys=_names(words.group("the key columns in brackets")))
        if words.takes("IGNORE"):
            words.wants("NULL", "UPDATES")
            if words.sees("ON"):
                raise UnreadableArgumentError("IGNORE NULL UPDATES of some columns")
            return replace(changes, ignore_null_updates=True)
        if words.takes("APPLY"):
            words.wants("AS")
            name = "apply_as_deletes" if words.takes("DELETE") else "apply_as_truncates"
            words.takes("TRUNCATE")
            words.wants("WHEN")
            condition = unmask(words.until(*_CHANGE_WORDS).source_text(), self.keys)
            return replace(changes, **{name: condition})  # type: ignore[arg-type] # both are conditions
        if words.takes("SEQUENCE"):
            words.wants("BY")
            return _read_sequence(words.until(*_CHANGE_WORDS), changes, self.keys)
        if words.takes("STORED"):
            words.wants("AS", "SCD", "TYPE")
            return replace(changes, scd_type=int(words.any_word("1 or 2").text))
        if words.takes("TRACK"):
            words.wants("HISTORY", "ON")
            return _read_listing(words, changes, "track_history", "track_history_except")
        if words.takes("COLUMNS"):
            return _read_listing(words, changes, "column_list", "except_column_list")
        raise words.error("a clause of the changes")


def _with_key_names(name: str | TextTemplate, configuration: Mapping[str, str]) -> str | TextTemplate:
    """A name with the values of its parameters; a parameter without a value is its own name."""
    if isinstance(name, str):
        return name
    values = (
        part if isinstance(part, str) else configuration.get(part.key, part.key.rpartition(".")[2])
        for part in name.parts
    )
    return TextTemplate.join(values)


def _names(words: Words) -> tuple[str, ...]:
    return tuple(item.identifier("a column") for item in words.items("a column"))


def _read_sequence(words: Words, changes: FoundChanges, keys: Sequence[str]) -> FoundChanges:
    """SEQUENCE BY: a column, the columns of a STRUCT, or an expression."""
    expression, items = words.source_text(), [words]
    if words.sees("STRUCT", "("):
        words.takes("STRUCT")
        items = words.group().items("a column")
        words.ends("the end of SEQUENCE BY")
    if all(len(item.words) == 1 for item in items):
        return replace(changes, sequence_by=tuple(item.identifier("a column") for item in items))
    text = unmask(expression, keys)
    if not isinstance(text, str):
        raise UnreadableArgumentError("SEQUENCE BY is an expression with a parameter")
    return replace(changes, sequence_expression=text)


def _read_listing(words: Words, changes: FoundChanges, listed: str, excepted: str) -> FoundChanges:
    if words.takes("*"):
        words.wants("EXCEPT")
        return replace(changes, **{excepted: _names(words.group("the columns in brackets"))})  # type: ignore[arg-type] # names
    listing = words.group() if words.sees("(") else words.until(*_CHANGE_WORDS)
    return replace(changes, **{listed: _names(listing)})  # type: ignore[arg-type] # as above


def _with_option(settings: TableSettings, name: str, *, value: TableOption) -> TableSettings:
    return replace(settings, options={**settings.options, name: value})


_CLAUSES: Final[Mapping[str, Callable[[_StatementReader, TableSettings], TableSettings]]] = {
    "CLUSTER BY": _StatementReader.cluster_clause,
    "COMMENT": _StatementReader.comment_clause,
    "TBLPROPERTIES": _StatementReader.properties_clause,
    "PARTITIONED BY": _StatementReader.partition_clause,
    "REFRESH POLICY": _StatementReader.policy_clause,
    "WITH ROW FILTER": _StatementReader.filter_clause,
    "ROW FILTER": _StatementReader.filter_clause,
    **dict.fromkeys(
        ("DEFAULT COLLATION", "LOCATION", "SCHEDULE", "TRIGGER ON", "USING"), _StatementReader.noted_clause
    ),
}
_FIRST_WORDS: Final = tuple(dict.fromkeys(clause.split()[0] for clause in _CLAUSES))
