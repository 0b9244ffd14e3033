"""SQL that defines a pipeline: the statements of ``%sql`` cells and of ``.sql`` files.

The statements are those of the Databricks page "Pipeline SQL language reference". Queries themselves are left to
``spark.sql``, which finds the tables of the pipeline in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import AppendFlow, CdcFlow, Dataset, DatasetKind, Expectation, OnViolation, Query
from cbx.runtime.problems import Place, RunError
from cbx.runtime.rules import distinct
from cbx.runtime.sql_words import Words, statements
from cbx.runtime.values import dataset_name, scd_type

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

    from cbx.runtime.definitions import Registry

_CLAUSES_OF_A_CHANGE = ("KEYS", "IGNORE", "APPLY", "SEQUENCE", "COLUMNS", "STORED", "TRACK", "WHERE")
_WITHOUT_EFFECT = {
    "PARTITIONED BY": "the files are laid out as Spark does",
    "CLUSTER BY": "the files are laid out as Spark does",
    "LOCATION": "the table is kept in the state folder",
    "WITH ROW FILTER": "every reader sees every row",
}
_COLUMN_WORDS = frozenset({"COMMENT", "NOT", "MASK"})


def define(text: str, path: Path, line: int, spark: SparkSession, registry: Registry) -> None:
    """Take in what the statements of a text define.

    Args:
        text: The statements, apart at semicolons.
        path: The file.
        line: The line at which the text starts.
        spark: Runs the queries.
        registry: Takes the definitions.

    Raises:
        RunError: If a statement is none that defines a part of a pipeline.
    """
    for words in statements(text, path, line):
        place = words.place
        if words.takes("CREATE"):
            _create(words, place, spark, registry)
        elif words.takes("APPLY", "CHANGES", "INTO"):
            registry.add_flow(_changes(words, None, place, is_once=False))
        elif words.takes("SET"):
            key, _, value = words.rest().partition("=")
            spark.conf.set(key.strip().strip("`"), value.strip().strip("'\""))
        else:
            raise RunError(
                f"a pipeline does not run the statement {words.word().upper()}",
                place=place,
                hint="define a table with CREATE OR REFRESH MATERIALIZED VIEW name AS SELECT ...",
            )


def _create(words: Words, place: Place, spark: SparkSession, registry: Registry) -> None:
    words.takes("OR", "REFRESH") or words.takes("OR", "REPLACE")
    if words.takes("FLOW"):
        _create_flow(words, place, spark, registry)
        return
    is_private = any([words.takes("TEMPORARY"), words.takes("TEMP"), words.takes("PRIVATE")])
    kind = _kind(words)
    words.takes("IF", "NOT", "EXISTS")
    name = words.name()
    declared = _declared(words.group()) if words.sees("(") else _Declared()
    for note in _notes(declared, words.skip_to("AS")):
        registry.note_once(note, place)
    query = None
    if words.takes("AS"):
        query = _query(words.rest(), spark, declared.names)
    elif kind != "streaming_table":
        raise words.error("AS and a query are expected")
    registry.add_dataset(
        Dataset(
            name=dataset_name(name, place),
            kind="table" if kind == "streaming_table" and query is not None else kind,
            query=_of_stream(query, name) if kind == "streaming_table" and query is not None else query,
            expectations=distinct(declared.rules, place),
            schema=", ".join(declared.columns) or None,
            private=is_private,
            place=place,
        )
    )


def _kind(words: Words) -> DatasetKind:
    """What a CREATE statement makes, in the words of today and of the days of live tables."""
    is_streaming = words.takes("STREAMING")
    is_live = words.takes("LIVE")
    if words.takes("MATERIALIZED", "VIEW"):
        return "materialized_view"
    if words.takes("VIEW"):
        return "view"
    if words.sees("TABLE") and (is_streaming or is_live):
        words.wants("TABLE")
        return "streaming_table" if is_streaming else "materialized_view"
    raise words.error("STREAMING TABLE, MATERIALIZED VIEW, TEMPORARY VIEW or FLOW is expected")


@dataclass(slots=True)
class _Declared:
    """What stands in the brackets behind a name."""

    rules: list[Expectation] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    has_mask: bool = False


def _declared(words: Words) -> _Declared:
    declared = _Declared()
    for item in words.items():
        written = item.written()
        if item.takes("CONSTRAINT"):
            name = item.word()
            if item.takes("EXPECT"):
                condition = item.group().written()
                declared.rules.append(Expectation(name, condition, _on_violation(item)))
            continue
        if item.sees("PRIMARY KEY") or item.sees("FOREIGN KEY"):
            continue
        name = item.word()
        declared.has_mask = declared.has_mask or _has(item, "MASK")
        if item.is_at_end or any(item.sees(word) for word in _COLUMN_WORDS):
            declared.names.append(name)
        else:
            declared.columns.append(written)
    return declared


def _notes(declared: _Declared, clauses: Words) -> list[str]:
    """What is declared and does not happen here."""
    found = ["MASK has no effect locally: every reader sees every value"] if declared.has_mask else []
    return found + [
        f"{clause} has no effect locally: {effect}"
        for clause, effect in _WITHOUT_EFFECT.items()
        if _has(clauses, clause)
    ]


def _has(words: Words, wanted: str) -> bool:
    """Whether a word is still to be read, outside of brackets."""
    ahead = replace(words)
    ahead.skip_to(wanted.partition(" ROW ")[0])
    return not ahead.is_at_end


def _on_violation(words: Words) -> OnViolation:
    if not words.takes("ON", "VIOLATION"):
        return "warn"
    if words.takes("DROP"):
        words.takes("ROW")
        return "drop"
    words.wants("FAIL")
    words.takes("UPDATE")
    return "fail"


def _query(text: str, spark: SparkSession, names: list[str]) -> Query:
    def query() -> DataFrame:
        rows = spark.sql(text)
        return rows.toDF(*names) if names else rows

    return query


def _of_stream(query: Query, name: str) -> Query:
    def checked() -> DataFrame:
        rows = query()
        if not rows.isStreaming:
            raise RunError(
                f"the streaming table {name} reads no stream", hint="read with FROM STREAM(...), or create a view"
            )
        return rows

    return checked


def _create_flow(words: Words, place: Place, spark: SparkSession, registry: Registry) -> None:
    name = words.word()
    words.skip_to("AS")
    words.wants("AS")
    if words.takes("INSERT", "INTO"):
        is_once = words.takes("ONCE")
        target = words.name()
        words.takes("BY", "NAME")
        query = _query(words.rest(), spark, [])
        registry.add_flow(AppendFlow(dataset_name(target, place), name, query, is_once, place=place))
        return
    words.wants("AUTO", "CDC")
    is_once = words.takes("ONCE")
    words.wants("INTO")
    registry.add_flow(_changes(words, name, place, is_once=is_once))


def _changes(words: Words, name: str | None, place: Place, *, is_once: bool) -> CdcFlow:
    """The rest of ``AUTO CDC INTO``, or of ``APPLY CHANGES INTO``, from the target on."""
    target = dataset_name(words.name(), place)
    words.wants("FROM")
    words.takes("STREAM")
    source = words.group().name() if words.sees("(") else words.name()
    facts: dict[str, Any] = {}
    while not words.is_at_end:
        _clause(words, facts)
    for wanted, spelling in (("keys", "KEYS (...)"), ("sequence_by", "SEQUENCE BY ...")):
        if wanted not in facts:
            raise words.error(f"{spelling} is expected")
    return CdcFlow(
        target=target,
        name=name or target.written,
        source=dataset_name(source, place),
        once=is_once,
        place=place,
        **{"scd_type": 1, **facts},
    )


def _clause(words: Words, facts: dict[str, Any]) -> None:
    """One clause of a statement about changes."""
    if words.takes("KEYS"):
        facts["keys"] = tuple(_names(words.group()))
    elif words.takes("IGNORE", "NULL", "UPDATES"):
        facts["ignore_null_updates"] = _ignored_nulls(words)
    elif words.takes("APPLY", "AS", "DELETE", "WHEN"):
        facts["apply_as_deletes"] = words.skip_to(*_CLAUSES_OF_A_CHANGE).written()
    elif words.takes("APPLY", "AS", "TRUNCATE", "WHEN"):
        facts["apply_as_truncates"] = words.skip_to(*_CLAUSES_OF_A_CHANGE).written()
    elif words.takes("SEQUENCE", "BY"):
        facts["sequence_by"] = words.skip_to(*_CLAUSES_OF_A_CHANGE).written()
    elif words.takes("COLUMNS"):
        _columns(words, facts, "column_list", "except_column_list")
    elif words.takes("STORED", "AS", "SCD", "TYPE"):
        facts["scd_type"] = scd_type(words.word(), words.place)
    elif words.takes("TRACK", "HISTORY", "ON"):
        _columns(words, facts, "track_history_column_list", "track_history_except_column_list")
    else:
        raise words.error("a clause such as KEYS, SEQUENCE BY or STORED AS SCD TYPE is expected")


def _ignored_nulls(words: Words) -> bool | tuple[str, ...] | AllBut:
    """For which columns a NULL leaves what is there."""
    if not words.takes("ON"):
        return True
    facts: dict[str, tuple[str, ...]] = {}
    _columns(words, facts, "some", "excepted")
    return facts["some"] if "some" in facts else AllBut(facts["excepted"])


def _columns(words: Words, facts: dict[str, Any], listed: str, excepted: str) -> None:
    if words.takes("*"):
        words.wants("EXCEPT")
        facts[excepted] = tuple(_names(words.group()))
    else:
        listing = words.group() if words.sees("(") else words.skip_to(*_CLAUSES_OF_A_CHANGE)
        facts[listed] = tuple(_names(listing))


def _names(words: Words) -> list[str]:
    return [item.word() for item in words.items()]
