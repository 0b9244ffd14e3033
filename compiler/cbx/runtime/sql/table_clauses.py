"""The clauses between the name of a table and its query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cbx.runtime.sql.column_definitions import read_arguments
from cbx.runtime.sql.tokens import choice_of

if TYPE_CHECKING:
    from cbx.runtime.definitions import DatasetKind
    from cbx.runtime.sql.tokens import Words

_NAMES: Final[dict[DatasetKind, str]] = {
    "streaming_table": "a streaming table",
    "materialized_view": "a materialized view",
    "view": "a view",
}
_LAID_OUT: Final = "Spark's default file layout is used"
_SCHEDULED: Final = "updates run on request"
_HINTS: Final = {
    "CONSTRAINT": "put it in the brackets after the name: name (CONSTRAINT rule EXPECT (condition) ...)",
    "SELECT": "put AS before the query",
}


@dataclass(slots=True)
class Clauses:
    """The contents of the clauses.

    Attributes:
        properties: The table properties.
        notes: The clauses without effect, with the reason.
    """

    properties: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, clause: str, why: str) -> None:
        """Add a note that a clause has no effect."""
        self.notes.append(f"{clause} has no effect locally: {why}")


def read_clauses(words: Words, kind: DatasetKind, ends: tuple[str, ...]) -> Clauses:
    """Read clauses up to one of some words, or to the end.

    Raises:
        RunError: At a word that starts no clause of such a table, or at a repeated clause.
    """
    clauses = Clauses()
    allowed = _OF_VIEWS if kind == "view" else tuple(_READERS)
    seen: set[str] = set()
    while not (words.is_at_end or any(words.sees(end) for end in ends)):
        clause = next((name for name in _READERS if words.sees(*name.split())), None)
        if clause is None or clause not in allowed:
            expected = f"{choice_of(ends)}, or a clause of {_NAMES[kind]} ({', '.join(allowed)})"
            hint = next((hint for word, hint in _HINTS.items() if words.sees(word)), None)
            choices = sorted({word for name in allowed for word in name.split()} | set(ends))
            raise words.error(expected, choices, hint)
        if clause in seen:
            raise words.error(f"{clause} only once")
        seen.add(clause)
        words.wants(*clause.split())
        _READERS[clause](words, clauses)
    return clauses


def _read_using(words: Words, _: Clauses) -> None:
    words.wants("DELTA")


def _read_partitioned_by(words: Words, clauses: Clauses) -> None:
    _read_columns(words)
    clauses.note("PARTITIONED BY", _LAID_OUT)


def _read_cluster_by(words: Words, clauses: Clauses) -> None:
    if not (words.takes("AUTO") or words.takes("NONE")):
        _read_columns(words)
    clauses.note("CLUSTER BY", _LAID_OUT)


def _read_columns(words: Words) -> None:
    for item in words.group("columns in brackets").items("a column"):
        item.name("a column")
        item.ends("a comma or the closing bracket")


def _read_location(words: Words, clauses: Clauses) -> None:
    words.text("the path as a text in quotes")
    clauses.note("LOCATION", "the table is stored in the state folder")


def _read_comment(words: Words, _: Clauses) -> None:
    words.text("the comment as a text in quotes")


def _read_properties(words: Words, clauses: Clauses) -> None:
    for item in words.group("properties in brackets").items("a property"):
        key = item.text("a property") if item.sees_text() else item.name("a property").replace("`", "")
        item.takes("=")
        sign = "-" if item.takes("-") else ""
        clauses.properties[key] = sign + item.any_word("the value of the property").text
        item.ends("a comma or the closing bracket")


def _read_row_filter(words: Words, clauses: Clauses) -> None:
    words.name("the function of the filter")
    words.wants("ON")
    read_arguments(words.group("the columns of the filter in brackets"))
    clauses.note("WITH ROW FILTER", "all rows are visible")


def _read_collation(words: Words, clauses: Clauses) -> None:
    words.identifier("the name of a collation")
    clauses.note("DEFAULT COLLATION", "strings are compared byte by byte")


def _read_schedule(words: Words, clauses: Clauses) -> None:
    words.takes("REFRESH")
    if words.takes("CRON"):
        words.text("the schedule as a text in quotes")
        if words.takes("AT"):
            words.wants("TIME", "ZONE")
            words.text("the time zone as a text in quotes")
    else:
        words.wants("EVERY")
        words.any_word("a number")
        words.identifier("HOURS, DAYS or WEEKS")
    clauses.note("SCHEDULE", _SCHEDULED)


def _read_trigger(words: Words, clauses: Clauses) -> None:
    words.wants("UPDATE")
    if words.takes("AT"):
        words.wants("MOST", "EVERY")
        words.takes("INTERVAL")
        words.any_word("a number")
        words.identifier("HOURS, DAYS or WEEKS")
    clauses.note("TRIGGER ON UPDATE", _SCHEDULED)


def _read_refresh_policy(words: Words, clauses: Clauses) -> None:
    if words.takes("INCREMENTAL"):
        words.takes("STRICT")
    elif not (words.takes("AUTO") or words.takes("FULL")):
        raise words.error("AUTO, INCREMENTAL or FULL", ("AUTO", "INCREMENTAL", "FULL"))
    clauses.note("REFRESH POLICY", "a materialized view is fully recomputed")


_READERS: Final[dict[str, Callable[[Words, Clauses], None]]] = {
    "CLUSTER BY": _read_cluster_by,
    "COMMENT": _read_comment,
    "DEFAULT COLLATION": _read_collation,
    "LOCATION": _read_location,
    "PARTITIONED BY": _read_partitioned_by,
    "REFRESH POLICY": _read_refresh_policy,
    "ROW FILTER": _read_row_filter,
    "SCHEDULE": _read_schedule,
    "TBLPROPERTIES": _read_properties,
    "TRIGGER ON": _read_trigger,
    "USING": _read_using,
    "WITH ROW FILTER": _read_row_filter,
}
_OF_VIEWS: Final = ("COMMENT", "DEFAULT COLLATION", "TBLPROPERTIES")
