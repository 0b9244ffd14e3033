"""What a pipeline defines, as it was found in its source files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from cbx.diagnostics.source_files import Span
from cbx.importing.evaluation.values import SecretText, TextTemplate, UserFunction

if TYPE_CHECKING:
    from cbx.runtime.sql.column_definitions import ColumnDefinition

Rule = Literal["expect", "expect_or_drop", "expect_or_fail"]
FoundKind = Literal["table", "materialized_view", "streaming_table", "view", "sink"]
FoundText = str | TextTemplate


class FoundExpectation(NamedTuple):
    """An expectation: the word of the vocabulary, the name and the condition."""

    rule: Rule
    name: str
    condition: FoundText


@dataclass(frozen=True, slots=True)
class FoundQuery:
    """A query in SQL.

    Attributes:
        text: Its text; in it, ``${key}`` is a value of the configuration.
        columns: The names of its columns, if a list of columns without types renames them.
        written: Its text as it is in the file, if ``USE SCHEMA`` gave its tables other names; else None.
    """

    text: FoundText
    columns: tuple[str, ...] = ()
    written: FoundText | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something is defined.

    Attributes:
        file: The number of the source file.
        statement: The number of the statement at the top level of the file; several definitions can share one.
        span: Its span.
    """

    file: int
    statement: int
    span: Span


TableOption = str | bool | tuple[str, ...] | Mapping[str, FoundText | SecretText]


@dataclass(frozen=True, slots=True)
class TableSettings:
    """What a definition says about a table beside its rows.

    Attributes:
        comment: The comment; None if there is none.
        properties: The table properties.
        cluster_by: The columns for liquid clustering.
        columns: The columns of ``schema=``, or of the brackets after the name; empty if none has a type.
        key: The columns of its PRIMARY KEY.
        options: Further arguments of a model and their values, such as ``partition_cols``; views have none of them.
        notes: What is not carried over, although no row depends on it.
    """

    comment: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    cluster_by: tuple[str, ...] = ()
    columns: tuple[ColumnDefinition, ...] = ()
    key: tuple[str, ...] = ()
    options: Mapping[str, TableOption] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether the table is not published."""
        return self.options.get("private") is True


@dataclass(frozen=True, slots=True)
class FoundDataset:
    """A table, a view or a sink.

    Attributes:
        name: Its name, as the source spells it.
        kind: How it is defined; whether a ``table`` streams depends on what it reads.
        origin: Where it is defined.
        code: The function or query with its rows; None for a table that flows fill.
        expectations: Its expectations.
        settings: Further settings.
        problems: Why it cannot be a model; empty if nothing is known against it.
    """

    name: str
    kind: FoundKind
    origin: Origin
    code: UserFunction | FoundQuery | None
    expectations: tuple[FoundExpectation, ...] = ()
    settings: TableSettings = TableSettings()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundFlow:
    """A query whose rows are appended to a table; ``is_once`` if only once, ``by_name`` if by the columns' names."""

    target: str
    name: str
    origin: Origin
    code: UserFunction | FoundQuery | None
    is_once: bool = False
    by_name: bool = True
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundChanges:
    """AUTO CDC into a table: the arguments of ``create_auto_cdc_flow``, with conditions as SQL.

    The sequence is a list of columns, or an expression; snapshots have none. The name is that of the flow; None for
    that of the target.
    """

    target: str
    source: str
    origin: Origin
    keys: tuple[str, ...] = ()
    sequence_by: tuple[str, ...] = ()
    sequence_expression: str | None = None
    scd_type: int = 1
    apply_as_deletes: FoundText | None = None
    apply_as_truncates: FoundText | None = None
    ignore_null_updates: bool | tuple[str, ...] = False
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] = ()
    track_history: tuple[str, ...] | None = None
    track_history_except: tuple[str, ...] | None = None
    name: str | None = None
    is_once: bool = False
    is_snapshot: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundOther:
    """Something that no model can say, such as an event hook.

    Attributes:
        what: What it is.
        name: Its name.
        origin: Where it is defined.
        target: The table that it writes, if it does.
        problem: What is wrong with it; empty if it is only of another kind.
        is_of_pipeline: Whether it is part of a pipeline; ``DROP TABLE`` is not, for example.
    """

    what: str
    name: str
    origin: Origin
    target: str | None = None
    problem: str = ""
    is_of_pipeline: bool = True

    @property
    def reason(self) -> str:
        """Why it cannot be a model."""
        return self.problem or f"{self.what} cannot be a model"


FoundDefinition = FoundDataset | FoundFlow | FoundChanges | FoundOther


class UnreadableArgumentError(Exception):
    """An argument whose value is not known, or that no model can say; the message is the reason."""


def default_text(value: FoundText, configuration: Mapping[str, str]) -> str | None:
    """A text with the values of the configuration, or with their defaults; None if one has neither."""
    if isinstance(value, str):
        return value
    parts: list[str] = []
    for part in value.parts:
        text = part if isinstance(part, str) else configuration.get(part.key, part.default)
        if text is None:
            return None
        parts.append(text)
    return "".join(parts)
