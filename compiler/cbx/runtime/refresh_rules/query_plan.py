"""The analysed plan of a query, as a tree that knows no engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of a plan.

    Attributes:
        kind: The name of its class in Spark.
        children: Its arguments.
        type: Its type if the plan says it: for columns, literals and casts.
        column: The number of the column that it names or makes; None for others.
        text: What else the plan says of it, such as the value of a literal.
        origin: Returns the expression of the engine.
    """

    kind: str
    children: tuple[Expression, ...] = ()
    type: str | None = None
    column: int | None = None
    text: str = ""
    origin: Callable[[], Any] | None = None

    @property
    def value(self) -> Expression:
        """The expression without its name."""
        return self.children[0] if self.kind == "Alias" else self

    def is_same(self, other: Expression) -> bool:
        """Whether two expressions over the same columns have the same value."""
        if self.kind == "AttributeReference":
            return other.kind == self.kind and other.column == self.column
        return (
            (self.kind, self.type, self.text) == (other.kind, other.type, other.text)
            and len(self.children) == len(other.children)
            and all(ours.is_same(theirs) for ours, theirs in zip(self.children, other.children, strict=True))
            and (bool(self.children) or self.kind == "Literal")
        )

    def evaluation_mode(self) -> str:
        """What the engine does where its value has no place in its type: ``ANSI`` fails; empty if that is not known.

        Only of a Cast and a Sum.
        """
        if self.origin is None:
            return ""
        engine = self.origin()
        return str((engine.evalContext() if self.kind == "Sum" else engine).evalMode().toString())

    def result_type(self) -> str:
        """Its type, as the engine names it; empty if that is not known."""
        return "" if self.origin is None else str(self.origin().dataType().typeName())

    def columns(self) -> set[int]:
        """The columns that it reads."""
        return {each.column for each in self.walk() if each.kind == "AttributeReference" and each.column is not None}

    def walk(self) -> Iterator[Expression]:
        """The expression and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def substitute(self, values: Mapping[int | None, Expression]) -> Expression:
        """The expression with columns replaced."""
        if self.kind == "AttributeReference":
            return values.get(self.column, self)
        if not self.children:
            return self
        return replace(self, children=tuple(child.substitute(values) for child in self.children))


def name_column(number: int) -> Expression:
    """The expression that is a column."""
    return Expression("AttributeReference", column=number)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a plan.

    Attributes:
        kind: The name of its class in Spark.
        children: The operations whose rows it reads.
        outputs: The columns of its rows.
        expressions: What it computes: of a Project and an Aggregate its columns, of a Filter and a Join the condition.
        groups: The expressions that an Aggregate groups by; the keys of a Deduplicate.
        join: The type of a Join.
        table: For a relation, the place of what it reads among all that the query reads.
        origin: Returns the operation of the engine; only of an Aggregate.
    """

    kind: str
    children: tuple[Operation, ...]
    outputs: tuple[int, ...]
    expressions: tuple[Expression, ...] = ()
    groups: tuple[Expression, ...] = ()
    join: str = ""
    table: int | None = None
    origin: Callable[[], Any] | None = None

    def walk(self) -> Iterator[Operation]:
        """The operation and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()
