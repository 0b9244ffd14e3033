"""SQL that defines a pipeline: the statements of ``%sql`` cells and of ``.sql`` files.

The statements are those of the Databricks page "Pipeline SQL language reference". Spark parses the queries in them.
Every other word of a statement is read or reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cbx.diagnostics.codes import INVALID_DEFINITION, INVALID_STATEMENT, NOT_SUPPORTED_LOCALLY
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.runtime.api.argument_values import dataset_name, is_reset_allowed, read_scd_type
from cbx.runtime.api.expectation_decorators import check_distinct_names
from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import AppendFlow, CdcFlow, Dataset, DatasetKind, Query
from cbx.runtime.errors import InvalidStatementsError, RunError
from cbx.runtime.sql.column_definitions import Definitions, check_expression, read_definitions
from cbx.runtime.sql.parameters import Lookup, SqlText, replace_parameters
from cbx.runtime.sql.table_clauses import read_clauses
from cbx.runtime.sql.tokens import Words, choice_of, statements

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Registry
    from cbx.runtime.names import DatasetName

_STATEMENTS: Final = ("CREATE", "APPLY CHANGES INTO", "SET")
_OTHER_STATEMENTS: Final = frozenset(
    {
        *("ALTER", "ANALYZE", "BEGIN", "CACHE", "CALL", "COPY", "DECLARE", "DELETE", "DESC", "DESCRIBE", "DROP"),
        *("EXECUTE", "EXPLAIN", "FROM", "GRANT", "INSERT", "MERGE", "OPTIMIZE", "REFRESH", "RESET", "REVOKE", "SELECT"),
        *("SHOW", "TABLE", "TRUNCATE", "UPDATE", "USE", "VACUUM", "VALUES", "WITH"),
    }
)
"""Statements of SQL that no pipeline runs; other words are misspelled."""

_CHANGE_CLAUSES: Final = (
    *("KEYS", "IGNORE NULL UPDATES", "APPLY AS DELETE WHEN", "APPLY AS TRUNCATE WHEN", "SEQUENCE BY", "COLUMNS"),
    *("STORED AS SCD TYPE", "TRACK HISTORY ON"),
)
_REFUSED_CLAUSES: Final = {
    "SYSTEM SEQUENCE BY": "store the table as SCD TYPE 1 or 2",
    "STORED AS BITEMPORAL": "store the table as SCD TYPE 1 or 2",
    "COLUMNS TO UPDATE": "set the columns that a change does not update to NULL, and use IGNORE NULL UPDATES",
}
"""Clauses of Databricks that are not supported locally, each with a hint."""

_EXPRESSIONS: Final = {
    "APPLY AS DELETE WHEN": ("apply_as_deletes", "the condition"),
    "APPLY AS TRUNCATE WHEN": ("apply_as_truncates", "the condition"),
    "SEQUENCE BY": ("sequence_by", "the sequence"),
}
_COLUMN_LISTS: Final = {
    "COLUMNS": ("column_list", "except_column_list"),
    "TRACK HISTORY ON": ("track_history_column_list", "track_history_except_column_list"),
}
_CHANGE_WORDS: Final = tuple(dict.fromkeys(clause.split()[0] for clause in (*_CHANGE_CLAUSES, *_REFUSED_CLAUSES)))
_QUERY_WORDS: Final = ("SELECT", "WITH", "FROM", "VALUES", "TABLE", "MAP", "REDUCE")
_MODIFIERS: Final = ("OR REFRESH", "OR REPLACE", "TEMPORARY", "TEMP", "PRIVATE", "STREAMING", "INCREMENTAL", "LIVE")
_EXAMPLE: Final = "define a table with CREATE OR REFRESH MATERIALIZED VIEW name AS SELECT ..."
_CREATED: Final = ("STREAMING TABLE", "MATERIALIZED VIEW", "TEMPORARY VIEW", "FLOW")


def define_statements(sql: SqlText, spark: SparkSession, registry: Registry, lookup: Lookup) -> None:
    """Add the definitions in a text of SQL statements.

    Args:
        sql: The statements, separated by semicolons.
        spark: Runs the queries.
        registry: Collects the definitions.
        lookup: The configuration of the pipeline, which has the values of parameters.

    Raises:
        InvalidStatementsError: If statements are invalid; a diagnostic for each.
    """
    diagnostics = []
    for words in statements(replace_parameters(sql, lookup)):
        try:
            _define_statement(words, spark, registry)
        except RunError as error:
            diagnostics.append(error.diagnostic)
    if diagnostics:
        raise InvalidStatementsError(diagnostics)


def _define_statement(words: Words, spark: SparkSession, registry: Registry) -> None:
    span = words.span
    if words.takes("CREATE"):
        _create(words, span, spark, registry)
    elif words.takes("APPLY"):
        words.wants("CHANGES", "INTO")
        target = dataset_name(words.name("the name of the target"), span)
        registry.add_flow(_changes(words, target, None, span, is_once=False))
    elif words.takes("SET"):
        _set(words, spark)
    else:
        raise _other_statement(words)


def _other_statement(words: Words) -> RunError:
    word = words.words[0]
    is_misspelt = word.keyword not in _OTHER_STATEMENTS
    hint = did_you_mean(word.text, [statement.split()[0] for statement in _STATEMENTS]) if is_misspelt else None
    return RunError(
        INVALID_STATEMENT, f"{word.keyword} is not a statement of a pipeline", span=words.span, hint=hint or _EXAMPLE
    )


def _set(words: Words, spark: SparkSession) -> None:
    """A setting. As in Spark, quotes are part of the value, except in Spark's own settings."""
    key = words.until("=").source_text().strip("`")
    words.wants("=")
    value = words.rest()
    if not key or not value:
        raise words.error("a key and a value, as in SET key = value")
    spark.conf.set(key, value.strip("'\"`") if key.startswith("spark.") else value)


def _create(words: Words, span: Span | None, spark: SparkSession, registry: Registry) -> None:
    if words.takes("OR") and not (words.takes("REFRESH") or words.takes("REPLACE")):
        raise words.error("REFRESH or REPLACE", ("REFRESH", "REPLACE"))
    if words.takes("FLOW"):
        _create_flow(words, span, spark, registry)
        return
    is_private = any([words.takes("TEMPORARY"), words.takes("TEMP"), words.takes("PRIVATE")])
    kind = _kind(words)
    if words.takes("IF"):
        words.wants("NOT", "EXISTS")
    name = words.name("the name of the table")
    definitions = read_definitions(words.group()) if words.sees("(") else Definitions((), ())
    is_stream = kind == "streaming_table"
    clauses = read_clauses(words, kind, ("AS", "FLOW") if is_stream else ("AS",))
    query = None
    if words.takes("FLOW"):
        words.wants("AUTO", "CDC")
        registry.add_flow(_changes(words, dataset_name(name, span), None, span, is_once=False))
    if words.takes("AS"):
        query = _query(_query_text(words), spark, _listed_names(definitions))
    elif not is_stream:
        raise words.error("AS and a query")
    words.ends("the end of the statement")
    has_mask = any(column.has_mask for column in definitions.columns)
    notes = ["MASK has no effect locally: all values are visible"] if has_mask else []
    for note in (*notes, *clauses.notes):
        registry.note_once(note, span)
    registry.add_dataset(
        Dataset(
            name=dataset_name(name, span),
            kind="table" if is_stream and query is not None else kind,
            query=_check_streaming(query, name) if is_stream and query is not None else query,
            expectations=check_distinct_names(definitions.expectations, span),
            schema=", ".join(column.written for column in definitions.columns if column.type) or None,
            private=is_private,
            span=span,
            is_reset_allowed=is_reset_allowed({"table_properties": clauses.properties}),
        )
    )


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


def _query_text(words: Words) -> str:
    """The query that a statement ends with.

    Raises:
        RunError: If no query follows.
    """
    if not words.sees("(") and not any(words.sees(word) for word in _QUERY_WORDS):
        raise words.error("a query", _QUERY_WORDS)
    return words.rest()


def _query(text: str, spark: SparkSession, names: list[str]) -> Query:
    def query() -> DataFrame:
        rows = spark.sql(text)
        return rows.toDF(*names) if names else rows

    return query


def _check_streaming(query: Query, name: str) -> Query:
    def query_stream() -> DataFrame:
        rows = query()
        if not rows.isStreaming:
            raise RunError(
                INVALID_DEFINITION,
                f"the query of the streaming table {name} does not read a stream",
                hint="read with FROM STREAM(...), or create a materialized view",
            )
        return rows

    return query_stream


def _create_flow(words: Words, span: Span | None, spark: SparkSession, registry: Registry) -> None:
    name = words.identifier("the name of the flow")
    if words.takes("COMMENT"):
        words.text("the comment as a text in quotes")
    words.wants("AS")
    if words.takes("INSERT"):
        is_once = words.takes("ONCE")
        words.wants("INTO")
        is_once = words.takes("ONCE") or is_once
        table = words.name("the name of the table")
        if words.takes("BY"):
            words.wants("NAME")
        query = _query(_query_text(words), spark, [])
        registry.add_flow(AppendFlow(dataset_name(table, span), name, query, is_once, span=span))
        return
    if not words.takes("AUTO"):
        raise words.error("INSERT INTO or AUTO CDC INTO", ("INSERT", "AUTO"))
    words.wants("CDC")
    is_once = words.takes("ONCE")
    words.wants("INTO")
    target = dataset_name(words.name("the name of the target"), span)
    registry.add_flow(_changes(words, target, name, span, is_once=is_once))


def _changes(words: Words, target: DatasetName, name: str | None, span: Span | None, *, is_once: bool) -> CdcFlow:
    """The rest of ``AUTO CDC INTO``, ``APPLY CHANGES INTO`` or ``FLOW AUTO CDC``, after the target."""
    words.wants("FROM")
    if words.sees("SNAPSHOT"):
        raise _unsupported_clause(words, "FROM SNAPSHOT", "call create_auto_cdc_from_snapshot_flow in Python")
    is_stream = words.takes("STREAM")
    if is_stream and words.sees("("):
        group = words.group()
        source = group.name("the name of the source")
        group.ends("the closing bracket")
    else:
        source = words.name("the name of the source")
    facts: dict[str, Any] = {}
    seen: set[str] = set()
    while not words.is_at_end:
        _change_clause(words, facts, seen)
    for wanted, spelling in (("keys", "KEYS (...)"), ("sequence_by", "SEQUENCE BY ...")):
        if wanted not in facts:
            raise words.error(spelling)
    return CdcFlow(
        target=target,
        name=name or target.written,
        source=dataset_name(source, span),
        once=is_once,
        span=span,
        **{"scd_type": 1, **facts},
    )


def _change_clause(words: Words, facts: dict[str, Any], seen: set[str]) -> None:
    """One clause of a statement about changes."""
    clause = next((name for name in (*_REFUSED_CLAUSES, *_CHANGE_CLAUSES) if words.sees(*name.split())), None)
    if clause is None:
        choices = sorted({word for name in _CHANGE_CLAUSES for word in name.split()})
        raise words.error(f"a clause of the changes ({', '.join(_CHANGE_CLAUSES)})", choices)
    if clause in _REFUSED_CLAUSES:
        raise _unsupported_clause(words, clause, _REFUSED_CLAUSES[clause])
    if clause in seen:
        raise words.error(f"{clause} only once")
    seen.add(clause)
    words.wants(*clause.split())
    if clause in _EXPRESSIONS:
        argument, what = _EXPRESSIONS[clause]
        facts[argument] = _expression(words, what)
    elif clause == "KEYS":
        facts["keys"] = tuple(_names(words.group("the key columns in brackets")))
    elif clause == "IGNORE NULL UPDATES":
        facts["ignore_null_updates"] = _ignored_nulls(words)
    elif clause == "STORED AS SCD TYPE":
        span = words.span
        facts["scd_type"] = read_scd_type(words.any_word("1 or 2").text, span)
    else:
        _columns(words, facts, *_COLUMN_LISTS[clause])


def _unsupported_clause(words: Words, clause: str, hint: str) -> RunError:
    return RunError(NOT_SUPPORTED_LOCALLY, f"{clause} is not supported locally", span=words.span, hint=hint)


def _expression(words: Words, what: str) -> str:
    """An expression up to the next clause."""
    expression = words.until(*_CHANGE_WORDS)
    check_expression(expression, what, _CHANGE_WORDS)
    return expression.source_text()


def _ignored_nulls(words: Words) -> bool | tuple[str, ...] | AllBut:
    """The columns in which a NULL keeps the existing value."""
    if not words.takes("ON"):
        return True
    facts: dict[str, tuple[str, ...]] = {}
    _columns(words, facts, "some", "excepted")
    return facts["some"] if "some" in facts else AllBut(facts["excepted"])


def _columns(words: Words, facts: dict[str, Any], listed: str, excepted: str) -> None:
    if words.takes("*"):
        words.wants("EXCEPT")
        facts[excepted] = tuple(_names(words.group("the columns in brackets")))
    else:
        listing = words.group() if words.sees("(") else words.until(*_CHANGE_WORDS)
        facts[listed] = tuple(_names(listing))


def _names(words: Words) -> list[str]:
    names = []
    for item in words.items("a column"):
        names.append(item.identifier("a column"))
        item.ends("a comma or the next clause", _CHANGE_WORDS)
    return names
