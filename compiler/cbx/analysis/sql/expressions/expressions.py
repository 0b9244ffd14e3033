"""Reads expressions: what they say, what they read, and whether they always give the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.relation_walks import is_closed
from cbx.analysis.relation.relations import NONE, Field, Ids
from cbx.analysis.sql.expressions.rewrite_as_coalesce import rewrite_as_coalesce
from cbx.analysis.sql.scope import Context, ResolvedColumn, Scope, UnknownColumn
from cbx.analysis.sql.trees.closed_world import DETERMINISTIC, DRAWN_CLASSES, STEADY_CLASSES, UNKNOWN
from cbx.analysis.types.cast_types import cast_type
from cbx.syntax.text import PLACEHOLDER

_DIGITS_OF_A_BIGINT = 19

WITHOUT_PARENTHESES = frozenset(
    {
        "_metadata", "current_catalog", "current_database", "current_schema", "grouping__id", "localtimestamp",
        "session_user", "session_window", "user", "window",
    }
)  # fmt: skip
"""Names that mean something where no column has them: hidden columns of files, functions, and what grouping by a
window of time adds."""


_CHOICES = (exp.Case, exp.If, exp.Nvl2)


@dataclass
class ExpressionReader:
    """Reads expressions at one place of a query.

    Attributes:
        scope: The names that can be used there.
        context: What is shared while the query is read.
        known: Columns that hold an expression already, by its signature: what was grouped by or aggregated.
    """

    scope: Scope
    context: Context
    known: dict[str, int] = field(default_factory=dict)
    _queries: dict[int, ir.Relation] = field(default_factory=dict)

    def read(self, node: exp.Expr) -> ir.Expression:
        """Read one expression."""
        constant = literal(node)
        if constant is not None:
            return constant
        part = self._facts_of(node, frozenset())
        if part.column is not None:
            return ir.Reference(part.column)
        not_null = isinstance(node.unnest(), exp.Count)
        return ir.Computed(
            part.signature, part.reads, part.is_deterministic, not_null, part.queries, is_steady=part.is_steady
        )

    def signature(self, node: exp.Expr) -> str:
        """What tells an expression from others."""
        return self._facts_of(node, frozenset()).signature

    def field(self, node: exp.Expr) -> Field | None:
        """The column that an expression is, if it is nothing more."""
        bare = node.unnest()
        if not isinstance(bare, exp.Column) or isinstance(bare.this, exp.Star):
            return None
        found = self.scope.find(parts_of(bare))
        return found.field if isinstance(found, ResolvedColumn) and not found.path else None

    def _facts_of(self, node: exp.Expr, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node, (exp.Paren, exp.Alias)):
            return self._facts_of(node.this, bound)
        if isinstance(node, exp.DataType):
            return _ExpressionFacts(cast_type(node) or repr(node), NONE)
        if isinstance(node, _CHOICES):
            node = rewrite_as_coalesce(node) or node
        if isinstance(node, exp.Column):
            part = self._facts_of_column(node, bound)
        elif isinstance(node, (exp.Query, exp.Subquery)):
            return self._facts_of_query(node)
        else:
            part = self._combine_parts(node, bound)
            if isinstance(node, exp.Coalesce):
                part = self._merged_column(node, bound) or part
        known = self.known.get(part.signature)
        return replace(_ExpressionFacts.of_column(known), signature=part.signature) if known is not None else part

    def type_of_query(self, node: exp.Expr) -> str | None:
        """The type of the one column of a query inside; None where that is not known."""
        query = self._queries.get(id(node))
        if query is None:
            self._facts_of_query(node)
            query = self._queries[id(node)]
        return query.fields[0].type if len(query.fields) == 1 and not query.is_open else None

    def _facts_of_query(self, node: exp.Expr) -> _ExpressionFacts:
        """A query inside: one that reads nothing around it has one result while the query around it runs."""
        query = self.context.read_query(node, self.scope, self.context)
        self._queries[self.context.identity(node)] = query
        is_steady = is_closed(query)
        return _ExpressionFacts(
            f"?{self.context.number()}", NONE, is_deterministic=False, queries=(query,), is_steady=is_steady
        )

    def _merged_column(self, node: exp.Coalesce, bound: frozenset[str]) -> _ExpressionFacts | None:
        """The column that a full join already has for the first of its columns that is not NULL."""
        at = self._facts_of(node.this, bound).column
        for one in node.expressions:
            other = self._facts_of(one, bound).column
            pair = frozenset({at, other})
            at = self.scope.coalesced.get(pair) if None not in pair else None  # type: ignore[arg-type]
        return _ExpressionFacts.of_column(at) if at is not None else None

    def _facts_of_column(self, node: exp.Column, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node.this, exp.Star):
            return _ExpressionFacts(f"?{self.context.number()}", NONE, is_deterministic=False)
        parts = parts_of(node)
        if any(PLACEHOLDER in part for part in parts):
            return _ExpressionFacts(f"?{self.context.number()}", NONE, is_deterministic=False)
        if parts[0] in bound:
            return _ExpressionFacts(f"bound {'.'.join(parts)}", NONE)
        found = self.scope.find(parts)
        if isinstance(found, ResolvedColumn):
            whole = _ExpressionFacts.of_column(found.field.id)
            return _ExpressionFacts(".".join((whole.signature, *found.path)), whole.reads) if found.path else whole
        if parts == ("grouping__id",) and "groupingid()" in self.known:
            return _ExpressionFacts.of_column(self.known["groupingid()"])
        if found.is_sure and parts[0] not in WITHOUT_PARENTHESES:
            self._report_unknown(node)
        return _ExpressionFacts(f"?{self.context.number()}", NONE, is_deterministic=False)

    def _report_unknown(self, node: exp.Column) -> None:
        places = [part.meta for part in node.parts if "start" in part.meta]
        if places:
            start, end = min(one["start"] for one in places), max(one["end"] for one in places) + 1
            parts = [part.name for part in node.parts]
            name = ".".join(parts)
            if self.scope.unknown_table(parts_of(node)):
                known = self.scope.tables()
                self.context.unknown.append(UnknownColumn(name, start, end, known, parts[0], is_table=True))
                return
            is_qualified = len(parts) > 1 and parts[0].lower() not in self.scope.fields_by_name()
            missing = parts[1] if is_qualified else parts[0]
            self.context.unknown.append(UnknownColumn(name, start, end, self.scope.names(), missing))

    def _combine_parts(self, node: exp.Expr, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node, exp.Lambda):
            bound |= {one.name.lower() for one in node.expressions}
        reads: Ids = NONE
        is_deterministic = type(node) in DETERMINISTIC
        is_steady = is_deterministic or type(node) in STEADY_CLASSES
        queries: tuple[ir.Relation, ...] = ()
        pieces = []
        for name, value in node.args.items():
            if name == "order" and isinstance(node, exp.Subquery):
                continue
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, exp.Expr):
                    part = self._facts_of(one, bound)
                    reads |= part.reads
                    queries += part.queries
                    is_deterministic = is_deterministic and part.is_deterministic
                    is_steady = is_steady and (part.is_deterministic or part.is_steady)
                    pieces.append(f"{name}={part.signature}")
                elif one is not None and one is not False:
                    pieces.append(f"{name}={one!r}")
        signature = f"{node.key}({','.join(pieces)})"
        if _is_drawn(node):
            signature += f"@{self.context.identity(node)}"
        return _ExpressionFacts(signature, reads, is_deterministic, queries=queries, is_steady=is_steady)


def _is_drawn(node: exp.Expr) -> bool:
    """Whether what is written twice need not be one value: a function without arguments, or something unknown."""
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        return node.this == UNKNOWN or not node.expressions
    return type(node) in DRAWN_CLASSES


@dataclass(frozen=True, slots=True)
class _ExpressionFacts:
    signature: str
    reads: Ids
    is_deterministic: bool = True
    column: int | None = None
    queries: tuple[ir.Relation, ...] = ()
    is_steady: bool = False

    @classmethod
    def of_column(cls, number: int) -> _ExpressionFacts:
        return cls(f"#{number}", frozenset({number}), column=number)


def parts_of(node: exp.Column) -> tuple[str, ...]:
    """The parts of a dotted name, lower case."""
    return tuple(part.name.lower() for part in node.parts)


def literal(node: exp.Expr) -> ir.Constant | None:
    """The literal that an expression is."""
    bare = node.unalias().unnest() if isinstance(node, (exp.Alias, exp.Paren)) else node
    match bare:
        case exp.Null():
            return ir.Constant(None)
        case exp.Boolean():
            return ir.Constant("TRUE" if bare.this else "FALSE")
        case exp.Literal() if PLACEHOLDER in str(bare.this):
            return None
        case exp.Literal():
            return ir.Constant(f"'{bare.this}'" if bare.is_string else _number(str(bare.this)))
        case exp.Neg(this=exp.Literal() as positive) if not positive.is_string:
            return ir.Constant(_number(f"-{positive.this}"))
        case exp.Cast(this=exp.Literal(is_string=True) as text, to=exp.DataType() as to) if cast_type(to) == "STRING":
            return literal(text) if to.this is exp.DataType.Type.TEXT else None
        case _:
            return None


def whole_number(node: object) -> int | None:
    """The number of rows or the position that a literal is; None where it is none, or too large to be one."""
    text = str(node.this) if isinstance(node, exp.Literal) and not node.is_string else ""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_OF_A_BIGINT else None


def _number(text: str) -> str:
    digits = text.removeprefix("-")
    if not digits.isdecimal():
        return text
    bare = digits.lstrip("0")
    return f"{text[: -len(digits)]}{bare}" if bare else "0"


def contains_node(node: exp.Expr, wanted: Any, unwanted: Any = ()) -> bool:
    """Whether an expression contains a node of a class, not looking into subqueries and unwanted nodes."""
    return any(isinstance(one, wanted) for one in visible_nodes(node, unwanted))


def visible_nodes(node: exp.Expr, unwanted: Any = ()) -> list[exp.Expr]:
    """The nodes of an expression from the outside in, without subqueries and unwanted nodes."""
    found: list[exp.Expr] = []
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, (exp.Query, exp.Subquery)) or (unwanted and isinstance(one, unwanted)):
            continue
        found.append(one)
        pending.extend(reversed(list(one.iter_expressions())))
    return found
