"""Reads expressions: their signature, the columns that they read, and whether they are deterministic."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Field, Ids
from cbx.analysis.relation.relation_walks import is_partly_unread, may_be_drawn_for_each_row
from cbx.analysis.sql.expressions.hidden_arguments import hidden_arguments
from cbx.analysis.sql.expressions.rewrite_as_coalesce import rewrite_as_coalesce
from cbx.analysis.sql.scope import Context, ResolvedColumn, Scope, UnknownColumn
from cbx.analysis.sql.trees.closed_world import DETERMINISTIC, STABLE_CLASSES, UNKNOWN, VOLATILE_CLASSES
from cbx.analysis.types.cast_types import cast_type
from cbx.syntax.text import PLACEHOLDER

_DIGITS_OF_A_BIGINT = 19

WITHOUT_PARENTHESES = frozenset(
    {
        "_metadata", "current_catalog", "current_database", "current_schema", "grouping__id", "localtimestamp",
        "session_user", "session_window", "user", "window",
    }
)  # fmt: skip
"""Names that are valid without such a column: hidden columns of files, functions, and the columns that grouping by a
time window adds."""


_CHOICES = (exp.Case, exp.If, exp.Nvl2)


@dataclass
class ExpressionReader:
    """Reads expressions at one point of a query.

    Attributes:
        scope: The names that can be used there.
        context: What is shared while the query is read.
        columns_by_signature: The columns of expressions that are computed already, such as groups and aggregates.
    """

    scope: Scope
    context: Context
    columns_by_signature: dict[str, int] = field(default_factory=dict)
    _queries: dict[int, _Subquery] = field(default_factory=dict)

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
            part.signature,
            part.reads,
            part.is_deterministic,
            not_null,
            part.queries,
            is_stable=part.is_stable,
            shows=part.shows,
        )

    def signature(self, node: exp.Expr) -> str:
        """The signature of an expression: equal signatures mean equal values in one row."""
        return self._facts_of(node, frozenset()).signature

    def field(self, node: exp.Expr) -> Field | None:
        """The column that an expression consists of; None for any other expression."""
        bare = node.unnest()
        if not isinstance(bare, exp.Column) or isinstance(bare.this, exp.Star):
            return None
        match = self.scope.find(parts_of(bare))
        return match.field if isinstance(match, ResolvedColumn) and not match.path else None

    def _facts_of(self, node: exp.Expr, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node, (exp.Paren, exp.Alias)):
            return self._facts_of(node.this, bound)
        if isinstance(node, exp.DataType):
            return _ExpressionFacts(cast_type(node) or repr(node), NONE)
        if isinstance(node, _CHOICES):
            node = rewrite_as_coalesce(node) or node
        if isinstance(node, exp.Column):
            part = self._facts_of_column(node, bound)
        elif isinstance(node, exp.Star):
            read = self._reads_of_star(node)
            part = replace(self._combine_parts(node, bound), reads=read, shows=read)
        elif isinstance(node, (exp.Query, exp.Subquery)):
            return self._facts_of_query(node)
        else:
            part = self._combine_parts(node, bound)
        column = self.columns_by_signature.get(part.signature)
        return replace(_ExpressionFacts.of_column(column), signature=part.signature) if column is not None else part

    def queries_in(self, clause: exp.Expr | None) -> tuple[ir.Relation, ...]:
        """What the subqueries of a clause compute that were read."""
        if clause is None or not self._queries:
            return ()
        return tuple(self._queries[id(node)].relation for node in clause.walk() if id(node) in self._queries)

    def type_of_query(self, node: exp.Expr) -> str | None:
        """The type of the single column of a subquery; None where it is not known."""
        query = self.relation_of_query(node)
        return query.fields[0].type if len(query.fields) == 1 and not query.is_open else None

    def relation_of_query(self, node: exp.Expr) -> ir.Relation:
        """What a subquery computes."""
        return self._read_query(node).relation

    def _read_query(self, node: exp.Expr) -> _Subquery:
        if id(node) not in self._queries:
            was_read, self.scope.is_read_inside = self.scope.is_read_inside, False
            relation = self.context.read_query(node, self.scope, self.context)
            is_whole = not is_partly_unread(relation) and not may_be_drawn_for_each_row(relation)
            is_closed = is_whole and not self.scope.is_read_inside
            self.scope.is_read_inside |= was_read
            self._queries[self.context.identity(node)] = _Subquery(relation, is_closed)
        return self._queries[id(node)]

    def _facts_of_query(self, node: exp.Expr) -> _ExpressionFacts:
        """Read a subquery; an uncorrelated one has one result while the outer query runs."""
        query = self._read_query(node)
        return _ExpressionFacts(
            f"?{self.context.number()}",
            NONE,
            frozenset(field.id for field in query.relation.fields),
            is_deterministic=False,
            queries=(query.relation,),
            is_stable=query.is_closed,
        )

    def _merged_column(self, columns: list[int | None]) -> int | None:
        """The column of a full join that holds the ``coalesce`` of its columns, if there is one."""
        merged = columns[0]
        for column in columns[1:]:
            if merged is None or column is None:
                return None
            merged = self.scope.coalesced.get(frozenset({merged, column}))
        return merged

    def _facts_of_column(self, node: exp.Column, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node.this, exp.Star):
            read = self._reads_of_star(node)
            return _ExpressionFacts(f"?{self.context.number()}", read, read, is_deterministic=False)
        parts = parts_of(node)
        if any(PLACEHOLDER in part for part in parts):
            return _ExpressionFacts(f"?{self.context.number()}", NONE, is_deterministic=False)
        if parts[0] in bound:
            return _ExpressionFacts(".".join((f"bound {parts[0]}", *(part.name for part in node.parts[1:]))), NONE)
        match = self.scope.find(parts)
        if isinstance(match, ResolvedColumn):
            whole = _ExpressionFacts.of_column(match.field.id)
            return (
                replace(whole, signature=f"{whole.signature}{_path_text(node, match)}", column=None)
                if match.path
                else whole
            )
        if parts == ("grouping__id",) and "groupingid()" in self.columns_by_signature:
            return _ExpressionFacts.of_column(self.columns_by_signature["groupingid()"])
        if match.is_sure and parts[0] not in WITHOUT_PARENTHESES:
            self._report_unknown(node)
        return _ExpressionFacts(f"?{self.context.number()}", NONE, is_deterministic=False)

    def _reads_of_star(self, node: exp.Expr) -> Ids:
        """The columns that a star inside an expression stands for; a count of all rows reads none."""
        if isinstance(node.parent, exp.Count):
            return NONE
        fields, star = self.scope.star, node
        if isinstance(node, exp.Column):
            name, star = parts_of(node)[:-1], node.this
            items = [item for item in self.scope.from_items if item.name[-len(name) :] == name]
            match = self.scope.find(name) if not items else None
            whole = [match.field] if isinstance(match, ResolvedColumn) else []
            fields = [*whole, *(field for item in items for field in item.fields)]
        left_out = {column.name.lower() for column in star.args.get("except_") or ()}
        return frozenset(field.id for field in fields if field.name.lower() not in left_out)

    def _report_unknown(self, node: exp.Column) -> None:
        spans = [part.meta for part in node.parts if "start" in part.meta]
        if spans:
            start, end = min(span["start"] for span in spans), max(span["end"] for span in spans) + 1
            parts = [part.name for part in node.parts]
            name = ".".join(parts)
            if self.scope.names_unknown_table(parts_of(node)):
                table_names = self.scope.table_names()
                self.context.unknown_columns.append(
                    UnknownColumn(name, start, end, table_names, parts[0], is_table=True)
                )
                return
            is_qualified = len(parts) > 1 and parts[0].lower() not in self.scope.lower_case_names()
            missing = parts[1] if is_qualified else parts[0]
            self.context.unknown_columns.append(UnknownColumn(name, start, end, self.scope.column_names(), missing))

    def _combine_parts(self, node: exp.Expr, bound: frozenset[str]) -> _ExpressionFacts:
        if isinstance(node, exp.Lambda):
            bound |= {parameter.name.lower() for parameter in node.expressions}
        reads, shows, hidden = NONE, NONE, hidden_arguments(node)
        is_deterministic = type(node) in DETERMINISTIC
        is_stable = is_deterministic or type(node) in STABLE_CLASSES
        queries: tuple[ir.Relation, ...] = ()
        pieces = []
        columns = []
        for name, value in node.args.items():
            if name == "order" and isinstance(node, exp.Subquery):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Expr):
                    part = self._facts_of(child, bound)
                    reads |= part.reads
                    shows |= part.shows if name not in hidden else NONE
                    queries += part.queries
                    columns.append(part.column)
                    is_deterministic = is_deterministic and part.is_deterministic
                    is_stable = is_stable and (part.is_deterministic or part.is_stable)
                    pieces.append(f"{name}={part.signature}")
                elif child is not None and child is not False:
                    pieces.append(f"{name}={child!r}")
        merged = self._merged_column(columns) if isinstance(node, exp.Coalesce) else None
        if merged is not None:
            return _ExpressionFacts.of_column(merged)
        signature = f"{node.key}({','.join(pieces)})"
        if _is_volatile(node):
            signature += f"@{self.context.identity(node)}"
        return _ExpressionFacts(signature, reads, shows, is_deterministic, queries=queries, is_stable=is_stable)


@dataclass(frozen=True, slots=True)
class _Subquery:
    """What a subquery computes, and whether it certainly has one result for all rows of what is around it."""

    relation: ir.Relation
    is_closed: bool


def _is_volatile(node: exp.Expr) -> bool:
    """Whether two equal calls may differ in one row: functions without arguments, and unknown ones."""
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        return node.this == UNKNOWN or not node.expressions
    return type(node) in VOLATILE_CLASSES


@dataclass(frozen=True, slots=True)
class _ExpressionFacts:
    """What is known of an expression; ``column`` is its column if it is nothing else."""

    signature: str
    reads: Ids
    shows: Ids = NONE
    is_deterministic: bool = True
    column: int | None = None
    queries: tuple[ir.Relation, ...] = ()
    is_stable: bool = False

    @classmethod
    def of_column(cls, number: int) -> _ExpressionFacts:
        return cls(f"#{number}", frozenset({number}), frozenset({number}), column=number)


def _path_text(node: exp.Column, match: ResolvedColumn) -> str:
    """What a name selects in a column; the keys of a map differ in case, the fields of a struct do not."""
    kind = match.field.type or ""
    is_struct = kind.startswith("STRUCT<") and "MAP<" not in kind
    steps = match.path if is_struct else [part.name for part in node.parts[-len(match.path) :]]
    return "".join(f".{step}" for step in steps)


def parts_of(node: exp.Column) -> tuple[str, ...]:
    """The parts of a dotted name, in lower case."""
    return tuple(part.name.lower() for part in node.parts)


def is_variable(node: exp.Expr) -> bool:
    """Whether a literal has a variable in it: one of the project, or a setting for which Spark replaces ``${name}``.

    Source: the class `VariableSubstitution` of Spark; a setting that does not exist is replaced by nothing.
    """
    return isinstance(node, exp.Literal) and (PLACEHOLDER in str(node.this) or "${" in str(node.this))


def literal(node: exp.Expr) -> ir.Constant | None:
    """The literal that an expression consists of; None for any other expression."""
    bare = node.unalias().unnest() if isinstance(node, (exp.Alias, exp.Paren)) else node
    match bare:
        case exp.Null():
            return ir.Constant(None)
        case exp.Boolean():
            return ir.Constant("TRUE" if bare.this else "FALSE")
        case exp.Literal() if is_variable(bare):
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
    """The value of a non-negative whole number literal; None for anything else, and for more than 19 digits."""
    text = str(node.this) if isinstance(node, exp.Literal) and not node.is_string else ""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_OF_A_BIGINT else None


def _number(text: str) -> str:
    digits = text.removeprefix("-")
    if not digits.isdecimal():
        return text
    bare = digits.lstrip("0")
    return f"{text[: -len(digits)]}{bare}" if bare else "0"


def contains_node(node: exp.Expr, wanted: Any, unwanted: Any = ()) -> bool:
    """Whether an expression contains a node of the wanted classes outside subqueries and unwanted nodes."""
    return any(isinstance(visible, wanted) for visible in visible_nodes(node, unwanted))


def visible_nodes(node: exp.Expr, unwanted: Any = ()) -> list[exp.Expr]:
    """The nodes of an expression in depth-first order, without subqueries and unwanted nodes."""
    nodes: list[exp.Expr] = []
    pending = [node]
    while pending:
        visible = pending.pop()
        if isinstance(visible, (exp.Query, exp.Subquery)) or (unwanted and isinstance(visible, unwanted)):
            continue
        nodes.append(visible)
        pending.extend(reversed(list(visible.iter_expressions())))
    return nodes
