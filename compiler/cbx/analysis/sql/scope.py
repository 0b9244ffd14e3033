"""Resolves column names at one level of a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cbx.analysis.facts import Table
from cbx.analysis.relation.columns import Field
from cbx.analysis.relation.hazards import Suspicion
from cbx.analysis.relation.places import QuerySpan
from cbx.analysis.relation.query_mistakes import QueryMistake
from cbx.analysis.relation.relations import Relation


@dataclass(frozen=True, slots=True)
class UnknownColumn:
    """A column that no input has.

    Attributes:
        name: Its name as written.
        start: The offset of its first character in the query.
        end: The offset after its last character.
        candidates: The valid names.
        missing: The unknown part of the name.
        is_table: Whether that part names a table, not a column.
    """

    name: str
    start: int
    end: int
    candidates: tuple[str, ...]
    missing: str
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class UndeclaredTable:
    """A table that a query reads by name although no input declares it.

    Attributes:
        name: Its name.
        span: The span of the name.
        is_streaming: Whether the query reads it as a stream.
        queries: The names of the common table expressions in scope.
    """

    name: str
    span: QuerySpan
    is_streaming: bool
    queries: tuple[str, ...]


@dataclass(frozen=True)
class FromItem:
    """A table, subquery or lateral view in FROM.

    Attributes:
        name: Its alias, or the parts of its name, in lower case.
        fields: Its columns.
        is_open: Whether it may have further columns. Its fields then include every name in the query.
        certain_names: The names of the columns that certainly exist, in lower case.
        has_other_names: Whether the query may use another name, which the compiler inserts later.
    """

    name: tuple[str, ...]
    fields: tuple[Field, ...]
    is_open: bool
    certain_names: frozenset[str]
    has_other_names: bool = False

    @cached_property
    def fields_by_name(self) -> Mapping[str, tuple[Field, ...]]:
        """The columns of each name, in lower case."""
        fields: dict[str, tuple[Field, ...]] = {}
        for field_ in self.fields:
            name = field_.name.lower()
            fields[name] = (*fields.get(name, ()), field_)
        return fields


@dataclass(frozen=True, slots=True)
class ResolvedColumn:
    """The column that a name means, and the path of struct fields that the rest of the name selects."""

    field: Field
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedColumn:
    """A name that means no column; ``is_sure`` is false where an input may have such a column."""

    is_sure: bool


class TooLargeError(Exception):
    """A query exceeds the size limit, each common table expression counted where it is used."""


_MOST_COLUMNS = 300_000


@dataclass
class Context:
    """What is shared while one query is read.

    Attributes:
        tables: The known tables by the names that the query uses, in lower case.
        column_names: Every column name in the query, in order.
        read_query: Reads a subquery in its outer scope.
        next_number: The number of the next column.
        column_count: The number of columns of all relations so far, copies included.
        with_column_count: The number of columns of the common table expressions that were used for the first time.
        unknown_columns: The columns that no input has.
        undeclared_tables: The tables that the query reads although no input declares them.
        mistakes: Other errors that fail every run.
        suspicions: The hazards, and what may be one.
        identified: The nodes with an identity, kept alive so that no other node gets the same one.
        time_windows: The grouping columns that are time windows, with the type of their edges.
        text: The text of the query; empty for a plan.
    """

    tables: Mapping[str, Table]
    column_names: tuple[str, ...]
    read_query: Callable[[Any, Scope, Context], Relation]
    next_number: int = 1
    column_count: int = 0
    with_column_count: int = 0
    unknown_columns: list[UnknownColumn] = field(default_factory=list)
    undeclared_tables: list[UndeclaredTable] = field(default_factory=list)
    mistakes: list[QueryMistake] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    identified: dict[int, Any] = field(default_factory=dict)
    time_windows: dict[int, str | None] = field(default_factory=dict)
    text: str = ""

    def identity(self, node: object) -> int:
        """A number that no other node of this query has, even if it has the same spelling."""
        self.identified[id(node)] = node
        return id(node)

    def number(self) -> int:
        """A number for a new column."""
        self.next_number += 1
        return self.next_number - 1

    def count_columns(self, columns: int) -> None:
        """Add the columns of a relation to the total.

        Raises:
            TooLargeError: The query exceeds the limit, as forty common table expressions do that each read the
                previous one twice.
        """
        self.column_count += 1 + columns
        if self.column_count > _MOST_COLUMNS:
            raise TooLargeError

    def new_field(self, name: str, type: str | None = None) -> Field:  # noqa: A002 - the field's own word
        """A new column."""
        return Field(self.number(), name, type)

    def reserve_offset(self) -> int:
        """An offset that maps all column numbers so far to unused ones."""
        offset = self.next_number
        self.next_number = 2 * offset
        return offset


@dataclass
class Scope:
    """The names that can be used at one level of a query.

    Attributes:
        from_items: The items of FROM.
        using_columns: The merged columns of USING by name, in lower case.
        coalesced: The column with the ``coalesce`` of two columns, for the pairs that a full join compares.
        star: The columns of ``*``, in order.
        aliases: The columns of SELECT by name, for clauses that may use aliases.
        outer: The outer scope of a subquery.
        queries: The common table expressions, by name.
        is_read_inside: Whether a name in a subquery means a column of this scope or of those around it, or may.
    """

    from_items: list[FromItem] = field(default_factory=list)
    using_columns: dict[str, Field] = field(default_factory=dict)
    coalesced: dict[frozenset[int], int] = field(default_factory=dict)
    star: list[Field] = field(default_factory=list)
    aliases: dict[str, Field] = field(default_factory=dict)
    outer: Scope | None = None
    queries: Mapping[str, CommonTable] = field(default_factory=dict)
    is_read_inside: bool = False

    @property
    def is_open(self) -> bool:
        """Whether ``*`` may have further columns."""
        return any(from_item.is_open for from_item in self.from_items)

    def find(self, parts: tuple[str, ...]) -> ResolvedColumn | UnresolvedColumn:
        """Resolve a dotted name to a column, qualified or not, or to a struct field of a column."""
        is_sure = True
        scope: Scope | None = self
        while scope is not None:
            for match in scope.matches_at_level(parts):
                if isinstance(match, ResolvedColumn):
                    scope.note_outer_meanings(parts[0])
                    return match
                is_sure = is_sure and match.is_sure
            is_sure = is_sure and not scope.is_open and all(field.name for field in scope.star)
            scope = scope.outer
            if scope is not None:
                scope.is_read_inside = True
        return UnresolvedColumn(is_sure)

    def note_outer_meanings(self, name: str) -> None:
        """Note that a name which only open items of this scope give a column may mean one of the outer scopes."""
        scope = self.outer
        while scope is not None and not self._is_certain(name) and scope.may_have(name):
            scope.is_read_inside = True
            scope = scope.outer

    def _is_certain(self, name: str) -> bool:
        """Whether an item that certainly has a column of a name gives it, if any item does."""
        with_name = [item for item in self.from_items if name in item.fields_by_name]
        return not with_name or any(name in item.certain_names for item in with_name)

    def may_have(self, name: str) -> bool:
        """Whether a name may mean a column of this scope or of those around it."""
        is_here = self.is_open or name in self.aliases or name in self.lower_case_names()
        return is_here or (self.outer is not None and self.outer.may_have(name))

    def matches_at_level(self, parts: tuple[str, ...]) -> Iterator[ResolvedColumn | UnresolvedColumn]:
        """The possible meanings of a dotted name at this level, the preferred one first."""
        for length in range(len(parts) - 1, 0, -1):
            matching = [from_item for from_item in self.from_items if from_item.name[-length:] == parts[:length]]
            if len(matching) > 1 or (not matching and any(item.has_other_names for item in self.from_items)):
                yield UnresolvedColumn(is_sure=False)
            elif matching:
                field_ = _only(matching[0].fields_by_name.get(parts[length], ()))
                if field_ is not None:
                    yield ResolvedColumn(field_, parts[length + 1 :])
        yield self._resolve_unqualified(parts)

    def _resolve_unqualified(self, parts: tuple[str, ...]) -> ResolvedColumn | UnresolvedColumn:
        name = parts[0]
        if name in self.using_columns:
            return ResolvedColumn(self.using_columns[name], parts[1:])
        matches = [
            (from_item, field) for from_item in self.from_items for field in from_item.fields_by_name.get(name, ())
        ]
        certain = [field for from_item, field in matches if name in from_item.certain_names]
        chosen = certain or [field for _, field in matches]
        if len({field.id for field in chosen}) == 1:
            return ResolvedColumn(chosen[0], parts[1:])
        if not chosen and name in self.aliases:
            # A column hides an alias of its name, and an open item may have one.
            return UnresolvedColumn(is_sure=False) if self.is_open else ResolvedColumn(self.aliases[name], parts[1:])
        return UnresolvedColumn(is_sure=not chosen)

    def names_unknown_table(self, parts: tuple[str, ...]) -> bool:
        """Whether a dotted name begins with the name of a table that neither this scope nor an outer one has."""
        scope: Scope | None = self
        while scope is not None and len(parts) > 1:
            if (
                any(parts[0] in from_item.name for from_item in scope.from_items)
                or parts[0] in scope.lower_case_names()
            ):
                return False
            scope = scope.outer
        return len(parts) > 1

    def table_names(self) -> tuple[str, ...]:
        """The names of the FROM items."""
        return tuple(
            from_item.name[-1] for from_item in self.from_items if from_item.name and not from_item.has_other_names
        )

    def lower_case_names(self) -> frozenset[str]:
        """The names of the columns in scope, in lower case."""
        return (
            frozenset(name for from_item in self.from_items for name in from_item.fields_by_name)
            | self.using_columns.keys()
        )

    def column_names(self) -> tuple[str, ...]:
        """The names of the columns in scope, each once."""
        return tuple(
            dict.fromkeys(field.name for from_item in self.from_items for field in from_item.fields if field.name)
        )


@dataclass
class CommonTable:
    """A common table expression. Each further use gets new column numbers.

    Attributes:
        relation: Its relation; None if it is recursive.
        size: The number of columns of all relations in it.
        is_used: Whether the query has used it before.
        columns: The names and types of the columns of a recursive one; None where they are not known.
    """

    relation: Relation | None
    size: int = 0
    is_used: bool = False
    columns: tuple[tuple[str, str | None], ...] | None = None


def _only(fields: tuple[Field, ...]) -> Field | None:
    matches = {field.id: field for field in fields}
    return next(iter(matches.values())) if len(matches) == 1 else None
