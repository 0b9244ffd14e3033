"""The columns and the key of column definitions, as a model says them."""

from __future__ import annotations

from cbx.importing.definitions import TableSettings, UnreadableArgumentError
from cbx.runtime.sql.column_definitions import ColumnDefinition, read_definitions
from cbx.runtime.sql.tokens import Words, read_words


def settings_of_columns(words: Words) -> TableSettings:
    """The columns and the primary key of column definitions; columns without a type are omitted.

    Raises:
        RunError: If they are not valid.
        UnreadableArgumentError: If a model cannot say them.
    """
    key = primary_key(words)
    columns = read_definitions(Words(words.sql, words.words, words.end)).columns
    notes = ["a FOREIGN KEY is not carried over: declare it as many_to_one"] if has_word(words, "REFERENCES") else []
    for column in columns:
        if column.is_identity:
            raise UnreadableArgumentError("a model has no identity columns")
        if column.has_mask and not all(other.type for other in columns):
            raise UnreadableArgumentError("a mask in a model needs the types of all columns")
    return TableSettings(columns=tuple(column for column in columns if column.type), key=key, notes=tuple(notes))


def has_word(words: Words, keyword: str) -> bool:
    """Whether a keyword is among some words."""
    return any(word.keyword == keyword for word in words.words)


def primary_key(words: Words) -> tuple[str, ...]:
    """The columns of the PRIMARY KEY in column definitions; empty if there is none."""
    for item in Words(words.sql, words.words, words.end).items("a column"):
        for number, word in enumerate(item.words):
            if word.keyword == "PRIMARY":
                inside = Words(item.sql, item.words[number + 2 :], item.end)
                if inside.sees("("):
                    return tuple(part.words[0].text for part in inside.group().items("a column"))
                return (item.words[0].text,)
    return ()


def column_comment(column: ColumnDefinition) -> str | None:
    """The COMMENT of a column."""
    words = read_words(column.written).words
    places = [number for number, word in enumerate(words) if word.keyword == "COMMENT" and number > 0]
    return words[places[0] + 1].text if places and places[0] + 1 < len(words) else None


def column_mask(column: ColumnDefinition) -> str | None:
    """The function of the MASK of a column, with its further columns."""
    words = read_words(column.written)
    places = [number for number, word in enumerate(words.words) if word.keyword == "MASK" and number > 0]
    if not places:
        return None
    words.next = start = places[0] + 1
    words.name("the function of the mask")
    if words.takes("USING"):
        words.wants("COLUMNS")
        words.group()
    return words.sql.text[words.words[start].start : words.words[words.next - 1].end]
