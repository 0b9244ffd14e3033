"""Which columns a name can mean at a place in a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cbx.analysis.facts import Table
from cbx.analysis.relation.mistakes import QueryMistake
from cbx.analysis.relation.relations import Field, QuerySpan, Relation


@dataclass(frozen=True, slots=True)
class UnknownColumn:
    """A column that no input has.

    Attributes:
        name: As it was written.
        start: The offset of its first character in the query.
        end: The offset after its last character.
        candidates: The names that would have been known there.
        missing: The part of the name that is not known.
        is_table: Whether that part names a table of FROM, and not a column.
    """

    name: str
    start: int
    end: int
    candidates: tuple[str, ...]
    missing: str
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table that a query reads by its name, and that nobody says anything of.

    Attributes:
        name: Its name.
        place: Where the query names it.
        is_streaming: Whether it reads it as a stream.
        queries: The names of WITH that are known there.
    """

    name: str
    place: QuerySpan
    is_streaming: bool
    queries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FromItem:
    """Something that FROM names.

    Attributes:
        name: Its alias, or the parts of its name, lower case.
        fields: Its columns.
        is_open: Whether it may have others; then every name that the query mentions is among its columns.
        certain: The names that it has for sure, lower case.
        has_other_names: Whether the query may know it by a name that the compiler gives it later.
    """

    name: tuple[str, ...]
    fields: tuple[Field, ...]
    is_open: bool
    certain: frozenset[str]
    has_other_names: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedColumn:
    """The column that a name means, and the fields of a struct that the rest of the name picks."""

    field: Field
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnresolvedColumn:
    """A name that no input has; ``is_sure`` is false where an input may have it."""

    is_sure: bool


class TooLargeError(Exception):
    """A query, with each query of WITH written out where it is used, is larger than can be worked with."""


_MOST_COLUMNS = 300_000


@dataclass
class Context:
    """What is shared while one query is read.

    Attributes:
        tables: What is known of tables, by the name the query has for them, lower case.
        mentioned: Every column name in the query, lower case, in order.
        read_query: Reads a query inside this one, in the scope around it.
        next_number: The next number for a column.
        spent: How many columns the relations read so far have together, copies counted.
        inside: How many those of WITH have that were used for the first time.
        unknown: The columns that no input has.
        own_tables: The tables that it reads by their names.
        mistakes: What else fails in every run.
        kept: Expressions that are told apart by where they are written.
        time_windows: The columns that hold windows of time that rows are grouped by, with the type of their ends.
    """

    tables: Mapping[str, Table]
    mentioned: tuple[str, ...]
    read_query: Callable[[Any, Scope, Context], Relation]
    next_number: int = 1
    spent: int = 0
    inside: int = 0
    unknown: list[UnknownColumn] = field(default_factory=list)
    own_tables: list[OwnTable] = field(default_factory=list)
    mistakes: list[QueryMistake] = field(default_factory=list)
    kept: dict[int, Any] = field(default_factory=dict)
    time_windows: dict[int, str | None] = field(default_factory=dict)

    def identity(self, node: object) -> int:
        """What tells an expression from all others, however they are spelled; it is kept, so that no other gets it."""
        self.kept[id(node)] = node
        return id(node)

    def number(self) -> int:
        """A number for a new column."""
        self.next_number += 1
        return self.next_number - 1

    def spend(self, columns: int) -> None:
        """Count the columns of one more relation.

        Raises:
            TooLargeError: If the query has too many in all, as forty queries of WITH do that each read the one before
                twice.
        """
        self.spent += 1 + columns
        if self.spent > _MOST_COLUMNS:
            raise TooLargeError

    def new_field(self, name: str, type: str | None = None) -> Field:  # noqa: A002 - the field's own word
        """A new column."""
        return Field(self.number(), name, type)

    def offset(self) -> int:
        """An offset that moves all numbers given so far to new ones."""
        offset = self.next_number
        self.next_number = 2 * offset
        return offset


@dataclass
class Scope:
    """The names that can be used at one level of a query.

    Attributes:
        sources: What FROM names.
        merged: The columns of USING, by name, lower case.
        coalesced: The column that holds the first of two that is not NULL, for the columns compared by a full join.
        star: What ``*`` stands for, in order.
        aliases: The columns that SELECT names, for the clauses that may use them.
        outer: The scope around a subquery.
        queries: The queries of WITH, by name.
    """

    from_items: list[FromItem] = field(default_factory=list)
    merged: dict[str, Field] = field(default_factory=dict)
    coalesced: dict[frozenset[int], int] = field(default_factory=dict)
    star: list[Field] = field(default_factory=list)
    aliases: dict[str, Field] = field(default_factory=dict)
    outer: Scope | None = None
    queries: Mapping[str, CommonTable] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether ``*`` may stand for more."""
        return any(source.is_open for source in self.from_items)

    def find(self, parts: tuple[str, ...]) -> ResolvedColumn | UnresolvedColumn:
        """What a dotted name means: a column, qualified or not, or a field of a struct in a column."""
        is_sure = True
        scope: Scope | None = self
        while scope is not None:
            for found in scope.readings(parts):
                if isinstance(found, ResolvedColumn):
                    return found
                is_sure = is_sure and found.is_sure
            is_sure = is_sure and not scope.is_open and all(one.name for one in scope.star)
            scope = scope.outer
        return UnresolvedColumn(is_sure)

    def readings(self, parts: tuple[str, ...]) -> Iterator[ResolvedColumn | UnresolvedColumn]:
        """What a dotted name means at this level, the likeliest first."""
        for length in range(len(parts) - 1, 0, -1):
            matching = [source for source in self.from_items if source.name[-length:] == parts[:length]]
            if len(matching) > 1 or (not matching and any(one.has_other_names for one in self.from_items)):
                yield UnresolvedColumn(is_sure=False)
            elif matching:
                field_ = _only(matching[0].fields, parts[length])
                if field_ is not None:
                    yield ResolvedColumn(field_, parts[length + 1 :])
        yield self._unqualified(parts)

    def _unqualified(self, parts: tuple[str, ...]) -> ResolvedColumn | UnresolvedColumn:
        name = parts[0]
        if name in self.merged:
            return ResolvedColumn(self.merged[name], parts[1:])
        matches = [(source, one) for source in self.from_items for one in source.fields if one.name.lower() == name]
        certain = [one for source, one in matches if name in source.certain]
        chosen = certain or [one for _, one in matches]
        if len({one.id for one in chosen}) == 1:
            return ResolvedColumn(chosen[0], parts[1:])
        if not chosen and name in self.aliases:
            return ResolvedColumn(self.aliases[name], parts[1:])
        return UnresolvedColumn(is_sure=not chosen)

    def unknown_table(self, parts: tuple[str, ...]) -> bool:
        """Whether a dotted name begins with the name of a table that no FROM here or around knows."""
        scope: Scope | None = self
        while scope is not None and len(parts) > 1:
            if any(parts[0] in source.name for source in scope.from_items) or parts[0] in scope.fields_by_name():
                return False
            scope = scope.outer
        return len(parts) > 1

    def tables(self) -> tuple[str, ...]:
        """The names by which the tables of FROM can be named."""
        return tuple(source.name[-1] for source in self.from_items if source.name and not source.has_other_names)

    def fields_by_name(self) -> frozenset[str]:
        """The names of the columns that can be named, lower case."""
        return frozenset(one.name.lower() for source in self.from_items for one in source.fields) | self.merged.keys()

    def names(self) -> tuple[str, ...]:
        """The columns that can be named, each once."""
        return tuple(dict.fromkeys(one.name for source in self.from_items for one in source.fields if one.name))


@dataclass
class CommonTable:
    """A query of WITH; ``relation`` is None for one that reads itself. Used again, its columns are numbered anew.

    ``size`` is the number of columns of all the relations in it. Of one that reads itself the ``columns`` may be known,
    each its name and its type.
    """

    relation: Relation | None
    size: int = 0
    is_used: bool = False
    columns: tuple[tuple[str, str | None], ...] | None = None


def _only(fields: tuple[Field, ...], name: str) -> Field | None:
    matches = {one.id: one for one in fields if one.name.lower() == name}
    return next(iter(matches.values())) if len(matches) == 1 else None
