"""Replaces calls that Sail evaluates otherwise than Spark, by others with Spark's result, or its error.

Whole numbers overflow on Sail without an error: they are computed with a wider type, and cast back. Beside doubles they
are cast to doubles, as Spark does. An error on Sail leaves the dataset to Spark, which raises its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.connect.dataframe import DataFrame as ConnectFrame
from pyspark.sql.connect.plan import LogicalPlan
from pyspark.sql.connect.proto import Expression
from sqlglot import exp

from cbx.parse.databricks_sql.dialect import DIALECT
from cbx.runtime.sail.functions.calls import (
    CAST,
    TypedCall,
    Types,
    arguments_of,
    calls_of_frames,
    calls_of_text,
    find_calls,
    parse_text,
    target_of,
    texts_of,
)
from cbx.runtime.sail.functions.casts_of_texts import register_cast
from cbx.runtime.sail.messages import plan_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.definitions import DatasetExpectation
    from cbx.runtime.sail.functions.own_functions import OwnFunctions

_WHOLE: Final = {"Int8": "TINYINT", "Int16": "SMALLINT", "Int32": "INT", "Int64": "BIGINT"}
"""The types of whole numbers of Arrow, narrow ones first, with those of SQL."""
_LONG: Final = "Int64"
_DOUBLE: Final = "Float64"
_WIDE_LONG: Final = "DECIMAL(19, 0)"


class ChangedTypes(NamedTuple):
    """How a call is replaced.

    Attributes:
        arguments: The types to which arguments are cast, by their place.
        result: The type to which the result is cast; None to leave it.
    """

    arguments: dict[int, str]
    result: str | None = None


def is_replaced(call: TypedCall) -> bool:
    """Whether a call is replaced."""
    return _is_cast_of_text(call) or _changed_types(call) is not None


def _is_cast_of_text(call: TypedCall) -> bool:
    return call.name in _CASTS and call.types[0] in TEXTS


_CASTS: Final = frozenset(f"{CAST}{kind}" for kind in ("decimal", "double", "boolean"))
TEXTS: Final = frozenset({"Utf8", "LargeUtf8", "Utf8View"})
"""Arrow's types of texts."""


def _changed_types(call: TypedCall) -> ChangedTypes | None:
    """How a call is replaced; None if it is not."""
    rule = _RULES.get(call.name)
    return None if rule is None else rule(call.types)


def _widen(types: Types) -> ChangedTypes | None:
    """Compute with whole numbers in a type in which nothing overflows."""
    if not all(kind in _WHOLE for kind in types):
        return None
    wide = _WIDE_LONG if _LONG in types else _WHOLE[_LONG]
    widest = max(types, key=list(_WHOLE).index)
    return ChangedTypes(dict.fromkeys(range(len(types)), wide), _WHOLE[widest])


def _widen_sum(types: Types) -> ChangedTypes | None:
    return ChangedTypes({0: _WIDE_LONG}, _WHOLE[_LONG]) if types == (_LONG,) else None


def _cast_to_widest(types: Types) -> ChangedTypes | None:
    """Cast whole numbers to the widest type, or to doubles beside doubles."""
    return _widest(types, range(len(types)))


def _cast_values_to_widest(types: Types) -> ChangedTypes | None:
    """The same for the values of a CASE or IF, which are between its conditions."""
    return _widest(types, [*range(1, len(types), 2), *([len(types) - 1] if len(types) % 2 else [])])


def _widest(types: Types, places: Sequence[int]) -> ChangedTypes | None:
    kinds = {types[place] for place in places} - {"Null"}
    if len(kinds) < 2 or not kinds <= {_DOUBLE, *_WHOLE}:
        return None
    widest = "DOUBLE" if _DOUBLE in kinds else _WHOLE[max(kinds, key=list(_WHOLE).index)]
    return ChangedTypes({place: widest for place in places if types[place] in _WHOLE})


_RULES: Final[dict[str, Callable[[Types], ChangedTypes | None]]] = {
    **dict.fromkeys(("+", "-", "*"), _widen),
    "sum": _widen_sum,
    **dict.fromkeys(("coalesce", "greatest", "least"), _cast_to_widest),
    **dict.fromkeys(("when", "if"), _cast_values_to_widest),
}


_NAMES: Final = {*_RULES, *_CASTS}


def replace_calls(functions: OwnFunctions, frame: DataFrame) -> DataFrame:
    """A query with all calls replaced that Sail evaluates otherwise.

    Args:
        functions: The functions of the session of Sail.
        frame: A query whose calls were checked.
    """
    spark = functions.spark
    plan = plan_of(frame)
    chosen = [call for call in find_calls(spark, plan, _NAMES) if is_replaced(call)]
    if not chosen:
        return frame
    of_frames = list(calls_of_frames(plan))
    for call in reversed(chosen):  # inner calls first
        if call.text is None:
            _replace_in_frame(of_frames[call.place], call, functions)
    for number, (message, field) in enumerate(texts_of(plan)):
        calls = [call for call in chosen if call.text == number]
        if calls:
            setattr(message, field, _replace_in_text(getattr(message, field), calls, functions))
    remote: Any = ConnectFrame(_GivenPlan(plan.root), spark)  # type: ignore[arg-type] # it is a session of Spark Connect
    return remote  # type: ignore[no-any-return]


def replace_in_rule(functions: OwnFunctions, rows: DataFrame, rule: DatasetExpectation) -> DatasetExpectation:
    """An expectation with all such calls replaced in its condition.

    Args:
        functions: The functions of the session of Sail.
        rows: Rows with the columns of its dataset.
        rule: The expectation.
    """
    plan = plan_of(rows.select(F.expr(rule.condition)))
    calls = [call for call in find_calls(functions.spark, plan, _NAMES) if is_replaced(call)]
    return replace(rule, condition=_replace_in_text(rule.condition, calls, functions)) if calls else rule


class _GivenPlan(LogicalPlan):
    """A plan as a message."""

    def __init__(self, relation: Any) -> None:
        super().__init__(None)
        self._relation = relation

    def plan(self, session: Any) -> Any:  # noqa: ARG002 - as `LogicalPlan` declares it
        return self._relation


def _replace_in_text(text: str, calls: Sequence[TypedCall], functions: OwnFunctions) -> str:
    tree = parse_text(text)
    nodes = list(calls_of_text(tree))
    for call in reversed(calls):  # inner calls first
        node = nodes[call.place]
        new = _cast_node(node, functions) if isinstance(node, exp.Cast) else _changed_node(node, call)
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree.sql(dialect=DIALECT)


def _cast_node(node: exp.Cast, functions: OwnFunctions) -> exp.Expr:
    """A call of the function that casts texts as Spark does."""
    name = register_cast(functions, node.to.sql(dialect=DIALECT), is_try=isinstance(node, exp.TryCast))
    return node if name is None else exp.Anonymous(this=name, expressions=[node.this.copy()])


def _changed_node(node: exp.Expr, call: TypedCall) -> exp.Expr:
    """A call with other types."""
    change, arguments = _changed_types(call), arguments_of(node)
    for number, kind in change.arguments.items() if change is not None else ():
        arguments[number].replace(exp.cast(arguments[number].copy(), kind, dialect=DIALECT))
    if change is None or change.result is None:
        return node
    new: exp.Expr = exp.cast(node.copy(), change.result, dialect=DIALECT)
    return _sum_without_overflow(node, new) if isinstance(node, exp.Sum) else new


def _sum_without_overflow(node: exp.Sum, total: exp.Expr) -> exp.Expr:
    """A sum that fails if a part of it may overflow, in whatever order it is added up."""
    size = exp.Sum(this=exp.func("abs", node.this.copy(), dialect=DIALECT))
    condition = exp.GTE(this=exp.cast(size, _WHOLE[_LONG], dialect=DIALECT), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=condition, true=total)])


def _replace_in_frame(message: Any, call: TypedCall, functions: OwnFunctions) -> None:
    if message.HasField("cast"):
        cast = message.cast
        name = register_cast(functions, target_of(cast), is_try=cast.eval_mode == cast.EVAL_MODE_TRY)
        if name is not None:
            message.CopyFrom(_call(name, cast.expr))
        return
    change, function = _changed_types(call), message.unresolved_function
    for number, kind in change.arguments.items() if change is not None else ():
        function.arguments[number].CopyFrom(_cast(function.arguments[number], kind))
    if change is None or change.result is None:
        return
    total = _cast(message, change.result)
    if function.function_name.lower() == "sum":
        size = _call("sum", _call("abs", function.arguments[0]))
        zero = Expression()
        zero.literal.long = 0
        total = _call("when", _call(">=", _cast(size, change.result), zero), total)
    message.CopyFrom(total)


def _cast(value: Any, kind: str) -> Any:
    cast = Expression()
    cast.cast.expr.CopyFrom(value)
    cast.cast.type_str = kind
    return cast


def _call(name: str, *arguments: Any) -> Any:
    call = Expression()
    call.unresolved_function.function_name = name
    call.unresolved_function.arguments.extend(arguments)
    return call
