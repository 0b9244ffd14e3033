"""The clauses of ``AUTO CDC INTO``, ``APPLY CHANGES INTO`` and ``FLOW AUTO CDC``.

The grammar is that of the Databricks page "AUTO CDC INTO (pipelines)".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.api.argument_values import read_scd_type
from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.definitions import CdcFlow
from cbx.runtime.errors import RunError
from cbx.runtime.sql.column_definitions import check_expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbx.diagnostics.source_files import Span
    from cbx.runtime.names import DatasetName
    from cbx.runtime.sql.tokens import Words

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


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Where changes are read.

    Attributes:
        table: The name of a table or view; None for another source.
        relation: The source as it is in the statement: a call such as ``STREAM read_files(...)``, a query in brackets.
    """

    table: str | None
    relation: str


def read_source(words: Words) -> ChangeSource:
    """Read the source of the changes.

    Raises:
        RunError: If there is none.
    """
    words.wants("FROM")
    if words.sees("SNAPSHOT"):
        raise _unsupported_clause(words, "FROM SNAPSHOT", "call create_auto_cdc_from_snapshot_flow in Python")
    start = words.next
    words.takes("STREAM")
    table: str | None = None
    if words.sees("("):
        group = words.group()
        table = group.name("the name of the source") if _is_name(group) else None
    else:
        table = words.name("the name of the source")
        if words.sees("("):
            words.group()
            table = None
    relation = words.sql.text[words.words[start].start : words.words[words.next - 1].end]
    return ChangeSource(table, relation)


def _is_name(words: Words) -> bool:
    """Whether words are a name: every second one is a dot."""
    return bool(len(words.words) % 2) and all(word.keyword == "." for word in words.words[1::2])


def read_changes(
    words: Words, target: DatasetName, source: DatasetName, name: str | None, span: Span | None, *, is_once: bool
) -> CdcFlow:
    """The clauses after the source.

    Args:
        words: The words.
        target: The table.
        source: Where the changes are read.
        name: The name of the flow; None for that of the target.
        span: Where the statement is.
        is_once: Whether the changes are read once.

    Raises:
        RunError: At a word that is not expected.
    """
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
        source=source,
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
    return read_columns(words, _CHANGE_WORDS)


def read_columns(words: Words, following: Sequence[str] = ()) -> list[str]:
    """Read names of columns between commas.

    Args:
        words: The words.
        following: The first words of the clauses that may follow.

    Raises:
        RunError: If there is another word.
    """
    names = []
    for item in words.items("a column"):
        names.append(item.identifier("a column"))
        item.ends("a comma or the next clause", following)
    return names
