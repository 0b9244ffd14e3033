"""Definitions of columns and constraints, in brackets after the name of a table and in ``schema=``.

The grammar is that of the Databricks pages "CREATE STREAMING TABLE (pipelines)" and "CREATE MATERIALIZED VIEW
(pipelines)".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cbx.runtime.definitions import DatasetExpectation, OnViolation
from cbx.runtime.sql.table_names import is_expression
from cbx.runtime.sql.tokens import choice_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbx.runtime.errors import RunError
    from cbx.runtime.sql.tokens import Words

_PROPERTIES: Final = (
    *("COMMENT", "CONSTRAINT", "DEFAULT", "FOREIGN", "GENERATED", "MASK", "NOT", "NULL", "PRIMARY"),
    "REFERENCES",
)
_CONSTRAINTS: Final = ("EXPECT", "FOREIGN KEY", "PRIMARY KEY")
_KEY_OPTIONS: Final = (
    *(("NOT", "ENFORCED"), ("RELY",), ("NORELY",), ("DEFERRABLE",), ("INITIALLY", "DEFERRED"), ("MATCH", "FULL")),
    *(("ON", "UPDATE", "NO", "ACTION"), ("ON", "DELETE", "NO", "ACTION")),
)
_EXAMPLE: Final = "write CONSTRAINT name EXPECT (condition) ON VIOLATION DROP ROW"


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """One column.

    Attributes:
        name: Its name.
        type: Its type, as written; empty if only the name is given.
        is_required: Whether it is NOT NULL.
        has_mask: Whether it has a MASK.
        has_default: Whether it has a DEFAULT.
        is_identity: Whether it is an identity column.
        expression: The expression of a generated column; None for others.
        written: The whole definition.
    """

    name: str
    type: str
    is_required: bool
    has_mask: bool
    has_default: bool
    is_identity: bool
    expression: str | None
    written: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """The columns and expectations in the brackets, in their order. Keys are informational and omitted."""

    columns: tuple[ColumnDefinition, ...]
    expectations: tuple[DatasetExpectation, ...]


def read_definitions(words: Words) -> Definitions:
    """Read columns and constraints.

    Raises:
        RunError: At the first unexpected word.
    """
    columns: list[ColumnDefinition] = []
    expectations: list[DatasetExpectation] = []
    for item in words.items("a column or a constraint"):
        if item.sees("CONSTRAINT") and len(item.words) > 2:
            expectation = _constraint(item)
            expectations += [expectation] if expectation is not None else []
        elif item.sees("PRIMARY", "KEY") or item.sees("FOREIGN", "KEY"):
            _key(item)
        else:
            columns.append(_column(item))
        item.ends("a comma or the closing bracket", _PROPERTIES)
    return Definitions(tuple(columns), tuple(expectations))


def _constraint(words: Words) -> DatasetExpectation | None:
    """An expectation; None for a key."""
    words.wants("CONSTRAINT")
    name = words.identifier("the name of the constraint")
    if words.sees("PRIMARY", "KEY") or words.sees("FOREIGN", "KEY"):
        _key(words)
        return None
    if not words.takes("EXPECT"):
        raise words.error(choice_of(_CONSTRAINTS), _CONSTRAINTS, otherwise=_EXAMPLE)
    condition = words.group("the condition in brackets")
    check_expression(condition, "the condition")
    return DatasetExpectation(name, condition.source_text(), _on_violation(words))


def _on_violation(words: Words) -> OnViolation:
    if not words.takes("ON"):
        return "warn"
    words.wants("VIOLATION")
    if words.takes("DROP"):
        words.wants("ROW")
        return "drop"
    if not words.takes("FAIL"):
        raise words.error("DROP ROW or FAIL UPDATE", ("DROP", "FAIL"))
    words.wants("UPDATE")
    return "fail"


def check_expression(words: Words, what: str, clauses: Sequence[str] = ()) -> None:
    """Check that words are one expression, since Spark would take a word after it as an alias and ignore it.

    What sqlglot cannot parse is left to Spark, unless it ends in a misspelled clause.

    Args:
        words: The words.
        what: What they are, for the message.
        clauses: The first words of the clauses that may follow.

    Raises:
        RunError: If they are not exactly one expression.
    """
    if not words.words:
        raise words.error(what)
    text = words.source_text()
    if is_expression(text):
        return
    for count in range(len(words.words) - 1, 0, -1):
        words.next = count
        error = words.error(f"the end of {what}", clauses)
        is_certain = count == len(words.words) - 1 or error.diagnostic.hint is not None
        if is_certain and is_expression(text[: words.words[count - 1].end - words.words[0].start]):
            raise error


def _key(words: Words) -> None:
    """A primary or foreign key, which is not enforced."""
    is_primary = words.takes("PRIMARY", "KEY")
    if not is_primary:
        words.wants("FOREIGN", "KEY")
    for item in words.group("the columns of the key in brackets").items("a column of the key"):
        item.identifier("a column of the key")
        item.takes("TIMESERIES")
        item.ends("a comma or the closing bracket", ("TIMESERIES",))
    if not is_primary:
        _references(words)
    _key_options(words)


def _references(words: Words) -> None:
    words.wants("REFERENCES")
    words.name("the table that the key refers to")
    if words.sees("("):
        for item in words.group().items("a column"):
            item.identifier("a column")
            item.ends("a comma or the closing bracket")


def _key_options(words: Words) -> None:
    while any(words.takes(*option) for option in _KEY_OPTIONS):
        pass


def _column(words: Words) -> ColumnDefinition:
    written = words.source_text()
    name = words.identifier("a column")
    words.takes(":")
    start = words.next
    if not any(words.sees(word) for word in _PROPERTIES):
        _type(words)
    kind = words.sql.text[words.words[start].start : words.words[words.next - 1].end] if words.next > start else ""
    facts = _Facts()
    while not words.is_at_end:
        facts.read(words)
    return ColumnDefinition(
        name,
        kind,
        facts.is_required,
        facts.has_mask,
        facts.has_default,
        facts.is_identity,
        facts.expression,
        written,
    )


def _type(words: Words) -> None:
    """A type: a word, what follows in brackets, and the units of an interval."""
    if words.is_at_end:
        return
    is_interval = words.sees("INTERVAL")
    words.identifier("a type")
    if words.sees("("):
        for item in words.group().items("a number"):
            if not item.any_word("a number").text.isdigit():
                item.next = 0
                raise item.error("a number")
            item.ends("a comma or the closing bracket")
    elif words.sees("<"):
        _angles(words)
    elif is_interval:
        words.identifier("the unit of the interval")
        if words.takes("TO"):
            words.identifier("the unit of the interval")
    if words.takes("COLLATE"):
        words.identifier("the name of a collation")


def _angles(words: Words) -> None:
    """The words between ``<`` and the closing ``>``; ``>>`` closes two."""
    depth = 0
    while True:
        keyword = words.any_word("a closing `>`").keyword
        depth += keyword.count("<") - keyword.count(">") if set(keyword) <= {"<", ">"} else 0
        if depth <= 0:
            return


@dataclass(slots=True)
class _Facts:
    """The properties after the type of a column."""

    is_required: bool = False
    has_mask: bool = False
    has_default: bool = False
    is_identity: bool = False
    expression: str | None = None

    def read(self, words: Words) -> None:
        """Read one property."""
        if words.takes("NOT"):
            words.wants("NULL")
            self.is_required = True
        elif words.takes("COMMENT"):
            words.text("the comment as a text in quotes")
        elif words.takes("MASK"):
            self._read_mask(words)
        elif words.takes("GENERATED"):
            self._read_generated(words)
        elif words.takes("DEFAULT"):
            check_expression(words.until(*_PROPERTIES), "the default")
            self.has_default = True
        elif not (words.takes("NULL") or _column_key(words)):
            raise words.error("a property of the column such as NOT NULL or COMMENT", _PROPERTIES)

    def _read_mask(self, words: Words) -> None:
        words.name("the function of the mask")
        if words.takes("USING"):
            words.wants("COLUMNS")
            read_arguments(words.group("the columns of the mask in brackets"))
        self.has_mask = True

    def _read_generated(self, words: Words) -> None:
        if words.takes("BY"):
            words.wants("DEFAULT", "AS", "IDENTITY")
            self.is_identity = True
        else:
            words.wants("ALWAYS", "AS")
            self.is_identity = words.takes("IDENTITY")
        if not self.is_identity:
            expression = words.group("the expression in brackets")
            check_expression(expression, "the expression")
            self.expression = expression.source_text()
        elif words.sees("("):
            _identity(words.group())


def read_arguments(words: Words) -> None:
    """Read the arguments of a mask or a filter: columns and literals, or none."""
    for item in () if words.is_at_end else words.items("a column"):
        if not item.sees_text() and not item.words[0].text.isdigit():
            item.identifier("a column")
        else:
            item.any_word("a literal")
        item.ends("a comma or the closing bracket")


def _identity(words: Words) -> None:
    for phrase in (("START", "WITH"), ("INCREMENT", "BY")):
        if words.sees(phrase[0]):
            words.wants(*phrase)
            words.takes("-")
            words.any_word("a number")
    words.ends("START WITH, INCREMENT BY or the closing bracket", ("START", "INCREMENT"))


def _column_key(words: Words) -> bool:
    """Read a key constraint of the column, if one comes next."""
    is_named = words.takes("CONSTRAINT")
    if is_named:
        words.identifier("the name of the constraint")
    if words.takes("PRIMARY"):
        words.wants("KEY")
    elif words.sees("FOREIGN") or words.sees("REFERENCES"):
        if words.takes("FOREIGN"):
            words.wants("KEY")
        _references(words)
    elif is_named:
        raise _misplaced_constraint(words)
    else:
        return False
    _key_options(words)
    return True


def _misplaced_constraint(words: Words) -> RunError:
    return words.error(
        "PRIMARY KEY, FOREIGN KEY or REFERENCES", ("PRIMARY", "FOREIGN", "REFERENCES"), _hint_for_expectation(words)
    )


def _hint_for_expectation(words: Words) -> str | None:
    return "put a comma before CONSTRAINT; an expectation is not part of a column" if words.sees("EXPECT") else None
