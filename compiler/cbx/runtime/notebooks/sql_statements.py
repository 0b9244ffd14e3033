"""SQL that defines a pipeline: the statements of ``%sql`` cells and of ``.sql`` files.

The statements are those of the Databricks page "Pipeline SQL language reference". Spark parses the queries in them.
Every other word of a statement is read or reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cbx.diagnostics.codes import INVALID_DEFINITION, INVALID_STATEMENT
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.api.argument_values import dataset_name, is_reset_allowed
from cbx.runtime.api.expectation_decorators import check_distinct_names
from cbx.runtime.definitions import Dataset, DatasetKind, Query
from cbx.runtime.errors import InvalidStatementsError, RunError
from cbx.runtime.notebooks.flow_statements import apply_changes, create_flow, define_inline_flow
from cbx.runtime.notebooks.statement import SqlStatement
from cbx.runtime.sql.column_definitions import Definitions, read_definitions
from cbx.runtime.sql.current_schema import CurrentSchema
from cbx.runtime.sql.parameters import Lookup, SqlText, replace_parameters
from cbx.runtime.sql.table_clauses import read_clauses
from cbx.runtime.sql.tokens import Words, choice_of, statements

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Registry

_STATEMENTS: Final = ("CREATE", "APPLY CHANGES INTO", "SET", "USE CATALOG", "USE SCHEMA")
_OTHER_STATEMENTS: Final = frozenset(
    {
        *("ALTER", "ANALYZE", "BEGIN", "CACHE", "CALL", "COPY", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DROP"),
        *("EXECUTE", "EXPLAIN", "FROM", "GRANT", "INSERT", "MERGE", "OPTIMIZE", "REFRESH", "RESET", "REVOKE", "SELECT"),
        *("SHOW", "TABLE", "TRUNCATE", "UPDATE", "USE", "VACUUM", "VALUES", "WITH"),
    }
)
"""Statements of SQL that no pipeline runs; other words are misspelled."""

_MODIFIERS: Final = ("OR REFRESH", "OR REPLACE", "TEMPORARY", "TEMP", "PRIVATE", "STREAMING", "INCREMENTAL", "LIVE")
_EXAMPLE: Final = "define a table with CREATE OR REFRESH MATERIALIZED VIEW name AS SELECT ..."
_SCHEMA: Final = "write USE SCHEMA name, or USE CATALOG name"
_CREATED: Final = ("STREAMING TABLE", "MATERIALIZED VIEW", "TEMPORARY VIEW", "FLOW")


def define_statements(
    sql: SqlText, spark: SparkSession, registry: Registry, lookup: Lookup, current: CurrentSchema
) -> None:
    """Add the definitions in a text of SQL statements.

    Args:
        sql: The statements, separated by semicolons.
        spark: Runs the queries.
        registry: Collects the definitions.
        lookup: The configuration of the pipeline, which has the values of parameters.
        current: The current schema of the file, which ``USE SCHEMA`` changes.

    Raises:
        InvalidStatementsError: If statements are invalid; a diagnostic for each.
    """
    diagnostics = []
    for words in statements(replace_parameters(sql, lookup)):
        try:
            _define_statement(words, spark, registry, current)
        except RunError as error:
            diagnostics.append(error.diagnostic)
    if diagnostics:
        raise InvalidStatementsError(diagnostics)


def _define_statement(words: Words, spark: SparkSession, registry: Registry, current: CurrentSchema) -> None:
    statement = SqlStatement(words, words.span, spark, registry, current.name)
    if words.takes("CREATE"):
        _create(statement)
    elif words.takes("APPLY"):
        words.wants("CHANGES", "INTO")
        apply_changes(statement)
    elif words.takes("SET"):
        _set(words, spark)
    elif words.sees("USE", "CATALOG"):
        words.wants("USE", "CATALOG")
        words.name("the name of the catalog")
        words.ends("the end of the statement")
        registry.note_once("USE CATALOG has no effect locally: the catalog of a table is ignored", statement.span)
    elif words.takes("USE", "SCHEMA") or words.takes("USE", "DATABASE"):
        name = dataset_name(words.name("the name of the schema"), statement.span)
        words.ends("the end of the statement")
        current.name = name.written.rpartition(".")[2]
    else:
        raise _other_statement(words)


def _other_statement(words: Words) -> RunError:
    word = words.words[0]
    is_misspelt = word.keyword not in _OTHER_STATEMENTS
    hint = did_you_mean(word.text, [statement.split()[0] for statement in _STATEMENTS]) if is_misspelt else None
    hint = hint or (_SCHEMA if word.keyword == "USE" else _EXAMPLE)
    return RunError(INVALID_STATEMENT, f"{word.keyword} is not a statement of a pipeline", span=words.span, hint=hint)


def _set(words: Words, spark: SparkSession) -> None:
    """A setting; a key without a value would show it. As in Spark, quotes are part of the value of other settings."""
    key = words.until("=").source_text().strip("`")
    if key and words.is_at_end:
        return
    words.wants("=")
    value = words.rest()
    if not key or not value:
        raise words.error("a key and a value, as in SET key = value")
    spark.conf.set(key, value.strip("'\"`") if key.startswith("spark.") else value)


def _create(statement: SqlStatement) -> None:
    words, span, registry = statement.words, statement.span, statement.registry
    if words.takes("OR") and not (words.takes("REFRESH") or words.takes("REPLACE")):
        raise words.error("REFRESH or REPLACE", ("REFRESH", "REPLACE"))
    if words.takes("FLOW"):
        create_flow(statement)
        return
    is_private = any([words.takes("TEMPORARY"), words.takes("TEMP"), words.takes("PRIVATE")])
    kind = _kind(words)
    if words.takes("IF"):
        words.wants("NOT", "EXISTS")
    name = statement.view_name() if kind == "view" else statement.name()
    definitions = read_definitions(words.group()) if words.sees("(") else Definitions((), ())
    is_stream = kind == "streaming_table"
    clauses = read_clauses(words, kind, ("AS", "FLOW") if is_stream else ("AS",))
    query = None
    if words.takes("FLOW"):
        define_inline_flow(statement, name)
    elif words.takes("AS"):
        query = statement.query(names=_listed_names(definitions))
    elif not is_stream:
        raise words.error("AS and a query")
    words.ends("the end of the statement")
    for note in (*_column_notes(definitions), *clauses.notes):
        registry.note_once(note, span)
    registry.add_dataset(
        Dataset(
            name=name,
            kind="table" if is_stream and query is not None else kind,
            query=_check_streaming(query, name.written) if is_stream and query is not None else query,
            expectations=check_distinct_names(definitions.expectations, span),
            schema=", ".join(column.written for column in definitions.columns if column.type) or None,
            private=is_private,
            span=span,
            is_reset_allowed=is_reset_allowed({"table_properties": clauses.properties}),
        )
    )


def _column_notes(definitions: Definitions) -> list[str]:
    """The properties of columns without effect, with the reason."""
    columns = definitions.columns
    notes = ["MASK has no effect locally: all values are visible"] if any(c.has_mask for c in columns) else []
    if any(column.has_default for column in columns):
        notes.append("DEFAULT has no effect locally: missing columns are NULL")
    return notes


def _kind(words: Words) -> DatasetKind:
    """What a CREATE statement defines, in current syntax or in that of live tables."""
    is_streaming = words.takes("STREAMING") or words.takes("INCREMENTAL")
    is_live = words.takes("LIVE")
    if words.takes("MATERIALIZED"):
        words.wants("VIEW")
        return "materialized_view"
    if words.takes("VIEW"):
        return "view"
    if words.sees("TABLE") and (is_streaming or is_live):
        words.wants("TABLE")
        return "streaming_table" if is_streaming else "materialized_view"
    choices = [word for phrase in (*_MODIFIERS, *_CREATED) for word in phrase.split()]
    hint = "write CREATE OR REFRESH STREAMING TABLE or MATERIALIZED VIEW"
    raise words.error(choice_of(_CREATED), sorted({*choices, "TABLE", "VIEW"}), otherwise=hint)


def _listed_names(definitions: Definitions) -> list[str]:
    """The names in a column list without types.

    Raises:
        RunError: If only some of the columns have a type.
    """
    named = [column.name for column in definitions.columns if not column.type]
    if named and len(named) < len(definitions.columns):
        raise RunError(
            INVALID_STATEMENT,
            f"the column `{named[0]}` has no type, but others have",
            hint="write a type for all columns or for none",
        )
    return named


def _check_streaming(query: Query, name: str) -> Query:
    def query_stream() -> DataFrame:
        rows = query()
        if not rows.isStreaming:
            raise RunError(
                INVALID_DEFINITION,
                f"the query of the streaming table `{name}` does not read a stream",
                hint="read with FROM STREAM(...), or create a materialized view",
            )
        return rows

    return query_stream
