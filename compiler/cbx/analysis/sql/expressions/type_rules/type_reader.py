"""What the rules for types share: the types of arguments, and the variables of lambda functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from cbx.analysis.sql.expressions.expressions import ExpressionReader
from cbx.analysis.types.type_rules import COLLATED, VOID


@dataclass(frozen=True, slots=True)
class TypeReader:
    """Finds the types of expressions at one point of a query.

    Attributes:
        reader: Resolves names there.
        find: The type of any expression; None where it is unknown, `VOID` for NULL.
        variables: The types of the variables of the lambda functions around, by their names in lower case.
    """

    reader: ExpressionReader
    find: Callable[[exp.Expr, TypeReader], str | None]
    variables: Mapping[str, str | None] = field(default_factory=dict)

    def read(self, node: object) -> str | None:
        """The type of an expression; None for anything else."""
        return self.find(node, self) if isinstance(node, exp.Expr) else None

    def read_all(self, node: exp.Expr) -> list[str | None]:
        """The types of all arguments of a function."""
        return self.read_together(arguments_of(node))

    def read_together(self, nodes: Iterable[exp.Expr]) -> list[str | None]:
        """The types of values that get one type: a literal takes on the collation of another text."""
        listed = list(nodes)
        kinds = [self.find(node, self) for node in listed]
        if not any(kind and COLLATED in kind for kind in kinds):
            return kinds
        return [VOID if literal_text(node) is not None else kind for node, kind in zip(listed, kinds, strict=True)]

    def read_first(self, node: exp.Expr) -> str | None:
        """The type of the first argument of a function."""
        return self.read(first_argument(node))

    def read_lambda(self, function: object, *types: str | None) -> str | None:
        """The type of a lambda function's body, given those of its variables; or that of a plain expression."""
        if not isinstance(function, exp.Lambda):
            return self.read(function)
        names = [parameter.name.lower() for parameter in function.expressions]
        inner = replace(self, variables={**self.variables, **dict(zip(names, types, strict=False))})
        return inner.read(function.this)


Rule = Callable[[exp.Expr, TypeReader], "str | None"]
"""The type of a node, which follows from those of its arguments."""


def arguments_of(node: exp.Expr) -> Iterator[exp.Expr]:
    """The arguments of a function."""
    for value in node.args.values():
        for argument in value if isinstance(value, list) else [value]:
            if isinstance(argument, exp.Expr):
                yield argument


def first_argument(node: exp.Expr) -> exp.Expr | None:
    """The first argument of a function."""
    inner = node.args.get("this")
    if isinstance(inner, exp.Expr):
        return inner
    return next(iter(node.expressions), None)


def is_null(kind: str | None) -> bool:
    """Whether a type is that of NULL."""
    return kind == VOID


def literal_text(node: object) -> str | None:
    """The text of a string literal; None for anything else."""
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def literal_number(node: object) -> int | None:
    """The value of a whole number literal, with its sign; None for anything else."""
    sign = -1 if isinstance(node, exp.Neg) else 1
    number: object = node.this if isinstance(node, exp.Neg) else node
    text = str(number.this) if isinstance(number, exp.Literal) and not number.is_string else ""
    return sign * int(text) if text.isdecimal() and len(text) < _LONGEST_NUMBER else None


_LONGEST_NUMBER = 10
