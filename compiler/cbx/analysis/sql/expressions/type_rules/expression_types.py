"""Infers the type of an expression, where Spark's type is certain.

The shape of a node is its class and the names of its arguments. `RESULTS` maps each supported shape to a type or to the
name of a rule in `RULES`. The type of any other shape is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from sqlglot import exp

from cbx.analysis.facts import UNKNOWN_TYPE
from cbx.analysis.sql.expressions.expressions import ExpressionReader, parts_of
from cbx.analysis.sql.expressions.type_rules import nested_rules, number_rules, text_rules, time_rules
from cbx.analysis.sql.expressions.type_rules.type_reader import Rule, TypeReader, arguments_of
from cbx.analysis.sql.scope import ResolvedColumn
from cbx.analysis.types.cast_types import cast_type
from cbx.analysis.types.result_types import RESULTS
from cbx.analysis.types.type_rules import COLLATED, VOID, common_type, field_type, holds_void

_BOOLEAN = frozenset({
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between,
    exp.Like, exp.ILike, exp.RegexpLike, exp.And, exp.Or, exp.Not, exp.Exists, exp.Boolean,
})  # fmt: skip
_PASSING = (
    exp.Alias, exp.AnyValue, exp.Filter, exp.First, exp.FirstValue, exp.IgnoreNulls, exp.Lag, exp.Last, exp.LastValue,
    exp.Lead, exp.Max, exp.Min, exp.Nullif, exp.Paren, exp.RespectNulls, exp.Window,
)  # fmt: skip


def type_of(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of an expression; None where it is not declared, and for NULL; `UNKNOWN_TYPE` where it is unknown."""
    kind = type_of_result(node, reader)
    return None if kind is not None and holds_void(kind) else kind


def type_of_result(node: exp.Expr, reader: ExpressionReader) -> str | None:
    """The type of the column that an expression makes: as `type_of`, but `VOID` for NULL."""
    kind = _find_type(node, TypeReader(reader, _find_type))
    if kind is not None:
        return kind
    return None if _is_undeclared(node, reader) else UNKNOWN_TYPE


def remember_types(reader: ExpressionReader) -> Callable[[object], str | None]:
    """A function that finds types, of each node once; None where the type is unknown, `VOID` for NULL."""
    kinds: dict[int, str | None] = {}

    def find(node: exp.Expr, types: TypeReader) -> str | None:
        if types.variables:
            return _find_type(node, types)
        if id(node) not in kinds:
            kinds[id(node)] = _find_type(node, types)
        return kinds[id(node)]

    return TypeReader(reader, find).read


def _is_undeclared(node: exp.Expr, reader: ExpressionReader) -> bool:
    """Whether a type is unknown only because the type of a column is not declared."""
    if isinstance(node, exp.Column):
        match = None if isinstance(node.this, exp.Star) else reader.scope.find(parts_of(node))
        return isinstance(match, ResolvedColumn) and match.field.type is None
    kinds = {type_of(expression, reader) for expression in value_expressions(node)}
    return None in kinds and UNKNOWN_TYPE not in kinds


def value_expressions(node: exp.Expr) -> list[exp.Expr]:
    """The subexpressions that give an expression its value: the branches of ``CASE``, for example."""
    if isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        return [node.this, *node.expressions]
    if isinstance(node, (exp.Case, exp.If)):
        ends = [branch.args.get("true") for branch in node.args.get("ifs", ())]
        ends += [node.args.get(name) for name in ("true", "false", "default")]
        return [end for end in ends if isinstance(end, exp.Expr)]
    return [node.this] if isinstance(node, _PASSING) and isinstance(node.this, exp.Expr) else []


def _find_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The type of an expression, `VOID` for NULL; None where it is unknown."""
    if isinstance(node, exp.Column):
        return _column_type(node, types)
    if isinstance(node, exp.Identifier):
        return types.variables.get(node.name.lower())
    if type(node) in _BOOLEAN:
        return "BOOLEAN"
    if isinstance(node, exp.Window):
        return types.read_first(node)
    if isinstance(node, exp.Subquery):
        return types.reader.type_of_query(node)
    rule = _rule_of(*_parts_of_shape(node))
    if rule is None:
        return None
    return RULES[rule](node, types) if rule in RULES else rule


def shape_of(node: exp.Expr) -> str:
    """The shape of a node: its class, or the name of a function without a class, and its arguments."""
    return _shape(*_parts_of_shape(node))


def _parts_of_shape(node: exp.Expr) -> tuple[str, ...]:
    arguments = [name for name, value in node.args.items() if value is not None and value is not False and value != []]
    if isinstance(node, exp.Anonymous):
        return (f"anonymous:{node.name.lower()}", *(name for name in arguments if name != "this"))
    return (node.key, *arguments)


def _shape(key: str, *names: str) -> str:
    return f"{key}({','.join(sorted(names))})"


@lru_cache(maxsize=4096)
def _rule_of(*parts: str) -> str | None:
    """The rule or the type of a shape; None for an unlisted shape."""
    return _shapes().get(_shape(*parts))


@cache
def _shapes() -> dict[str, str]:
    return {shape: rule for rule, shapes in RESULTS.items() for shape in shapes.split()}


def _column_type(node: exp.Column, types: TypeReader) -> str | None:
    if isinstance(node.this, exp.Star):
        return None
    parts = parts_of(node)
    if parts[0] in types.variables:
        return _path_type(types.variables[parts[0]], parts[1:])
    match = types.reader.scope.find(parts)
    return _path_type(match.field.type, match.path) if isinstance(match, ResolvedColumn) else None


def _path_type(kind: str | None, path: tuple[str, ...]) -> str | None:
    """The type of a field inside a value."""
    for name in path:
        kind = field_type(kind, name)
    return None if kind == UNKNOWN_TYPE else kind


def _cast_type(node: exp.Expr, types: TypeReader) -> str | None:
    del types
    return cast_type(node.args["to"])


def _same_type(node: exp.Expr, types: TypeReader) -> str | None:
    return types.read_first(node)


def _shifted_value_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``lag`` and ``lead``; a literal takes on the collation of the default."""
    kind, *others = types.read_together(arguments_of(node))
    return None if kind == VOID and any(other and COLLATED in other for other in others) else kind


def _common_type(node: exp.Expr, types: TypeReader) -> str | None:
    return common_type(types.read_all(node))


def _branches_type(node: exp.Expr, types: TypeReader) -> str | None:
    """The common type of the branches of ``CASE`` and ``IF``."""
    ends = [branch.args.get("true") for branch in node.args.get("ifs", ())]
    ends += [node.args.get(name) for name in ("true", "false", "default")]
    return common_type(types.read_together(end for end in ends if isinstance(end, exp.Expr)))


def _decoded_type(node: exp.Expr, types: TypeReader) -> str | None:
    """``decode(a, 1, x, 2, y, z)``: the common type of its results."""
    pairs = node.expressions[1:]
    results = [*pairs[1::2], *(pairs[-1:] if len(pairs) % 2 else ())]
    default = [] if len(pairs) % 2 else ["STRING"]
    return common_type([*default, *types.read_together(results)])


RULES: Mapping[str, Rule] = {
    "cast": _cast_type,
    "same": _same_type,
    "common": _common_type,
    "branches": _branches_type,
    "decoded": _decoded_type,
    "shifted value": _shifted_value_type,
    **number_rules.RULES,
    **text_rules.RULES,
    **time_rules.RULES,
    **nested_rules.RULES,
}
"""The rules by their names in `RESULTS`."""
