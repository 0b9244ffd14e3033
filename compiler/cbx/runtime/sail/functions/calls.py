"""Calls in a plan whose results on Sail depend on the types of their arguments, with these types.

Sail's types are seen in the message with which it refuses the bitwise operation ``struct(arguments) & 1``, which takes
the place of a call in a copy of the query.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql.connect.proto import Expression
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cbx.parse.databricks_sql.dialect import DIALECT
from cbx.parse.databricks_sql.nesting import obstacle
from cbx.runtime.sail.functions.dates_of_texts import PATTERN
from cbx.runtime.sail.functions.json_functions import TO_JSON
from cbx.runtime.sail.messages import inner_messages
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pyspark.sql import SparkSession

Types = tuple[str, ...]
"""The types of Arrow of the arguments, such as ``Int32`` and ``Decimal128(10, 2)``."""


class TypedCall(NamedTuple):
    """A call in a plan.

    Attributes:
        name: The function or operator; that of a cast has the type, such as ``cast to decimal``.
        types: The types of the arguments.
        literals: Which arguments are literals.
        text: The number of the SQL text that it is in; None for a call of DataFrames.
        place: Its number among the calls there.
    """

    name: str
    types: Types
    literals: tuple[bool, ...]
    text: int | None
    place: int


_REFUSED: Final = "Cannot infer common type for bitwise operation Struct("
_METADATA: Final = re.compile(r', metadata: \{"(?:[^"\\]|\\.)*": "(?:[^"\\]|\\.)*"\}')
_WHOLE_DAYS: Final = re.compile(r'Duration\(µs\), metadata: \{"[^"]*": "\{[^{}]*\\"endField\\":\\"day\\"\}"\}')
DAYS: Final = "Days"
"""The type of an interval of whole days, which Sail tells from others only in the metadata of the field."""
_FIELD: Final = re.compile(r'"[^"]*": (?:non-null )?')
CAST: Final = "cast to "
_SPELLINGS: Final = {"text": "string", "varchar": "string", "char": "string", "numeric": "decimal", "real": "float"}
_CHECKED_CASTS: Final = frozenset({"decimal", "double", "float", "date", "boolean", "string"})
_PLAIN: Final = frozenset(
    {"int", "integer", "long", "bigint", "short", "smallint", "byte", "tinyint", "timestamp", "timestamptz"}
)


def _cast_name(kind: str) -> str | None:
    """The name of the rule for a cast; None if all types are cast as in Spark.

    Raises:
        NotOnSailError: For other types.
    """
    kind = kind.lower().partition("(")[0].strip()
    kind = _SPELLINGS.get(kind, kind)
    if kind in _PLAIN:
        return None
    if kind not in _CHECKED_CASTS:
        raise NotOnSailError(f"casts to {kind}")
    return f"{CAST}{kind}"


OF_A_PART: Final = " of a part"
"""The end of the name of an aggregate with a filter or a window."""


def find_calls(spark: SparkSession, plan: Any, names: Collection[str] | None = None) -> Iterator[TypedCall]:
    """The calls of a plan.

    Args:
        spark: The session of Sail.
        plan: A plan of Spark Connect.
        names: The names of the calls that are looked for; None for all.

    Raises:
        NotOnSailError: If a text is not understood, or types are unknown.
    """
    for name, place, literals, probe in _proto_calls(plan, names):
        yield TypedCall(name, _types(spark, probe, name), tuple(literals), None, place)
    texts = texts_of(plan)
    for number, (message, field) in enumerate(texts):
        for name, place, literals, text in _replaced_calls(getattr(message, field), names):
            probe = type(plan)()
            probe.CopyFrom(plan)
            copy, _ = texts_of(probe)[number]
            setattr(copy, field, text)
            yield TypedCall(name, _types(spark, probe, name), tuple(literals), number, place)


def _types(spark: SparkSession, probe: Any, name: str) -> Types:
    types = _probe(spark, probe)
    if types is None:
        raise NotOnSailError(f"has arguments of `{name}` whose types are unknown")
    return types


def _probe(spark: Any, plan: Any) -> Types | None:
    """The types of the arguments of a call that was replaced in a plan."""
    try:
        spark.client._analyze(method="schema", plan=plan)  # noqa: SLF001 - it has no public name for a message
        spark.client.to_table(plan, {})  # the type of `NOT x` is known before that of x
    except PySparkException as error:
        return _read_types(str(error))
    return None


def _read_types(message: str) -> Types | None:
    """The types of the fields of the struct that Sail refuses."""
    message = _METADATA.sub("", _WHOLE_DAYS.sub(DAYS, message))
    start = message.find(_REFUSED)
    if start < 0:
        return None
    text, depth, fields, field = message[start + len(_REFUSED) :], 0, [], ""
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
        if character == "," and not depth:
            fields.append(field)
            field = ""
        else:
            field += character
    return tuple(_FIELD.sub("", each.strip(), count=1) for each in (*fields, field))


_NODES: Final[dict[type[exp.Expr], str]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Case: "when",
    exp.If: "if",
    exp.Coalesce: "coalesce",
    exp.Nullif: "nullif",
    exp.Greatest: "greatest",
    exp.Least: "least",
    exp.Array: "array",
    exp.Concat: "concat",
    exp.ConcatWs: "concat_ws",
    exp.Sum: "sum",
    exp.Round: "round",
    exp.TimestampTrunc: "date_trunc",
    exp.DateTrunc: "date_trunc",
    exp.TsOrDsToDate: "to_date",
    exp.StrToDate: "to_date",
}
_NAMES: Final = frozenset(
    {"coalesce", "greatest", "least", "array", "nullif", "if", "concat", "concat_ws", "sum", "round"}
    | {"date_trunc", "to_date", TO_JSON}
)
_OF_FRAMES: Final = _NAMES | {"when", "+", "-", "*", "/", "%"}


def _proto_calls(plan: Any, names: Collection[str] | None) -> Iterator[tuple[str, int, list[bool], Any]]:
    """The calls of DataFrames, each with its number, its literal arguments, and the plan in which it is replaced."""
    for place, call in enumerate(calls_of_frames(plan)):
        if names is not None and _name_of(call) not in names:
            continue
        probe = type(plan)()
        probe.CopyFrom(plan)
        expression = list(calls_of_frames(probe))[place]
        if expression.HasField("cast"):
            cast, name = expression.cast, _name_of(call)
            if name is not None and not _is_part_of_date(cast.expr):
                expression.CopyFrom(_refused_call([cast.expr]))
                yield name, place, [False], probe
            continue
        if expression.HasField(_UDF):
            arguments = list(expression.common_inline_user_defined_function.arguments)
            expression.CopyFrom(_refused_call(arguments))
            yield TO_JSON, place, [False], probe
            continue
        function = expression.unresolved_function
        name, arguments = function.function_name.lower(), list(function.arguments)
        literals = [argument.HasField("literal") for argument in arguments]
        (function.arguments[0] if name in _OUTSIDE else expression).CopyFrom(_refused_call(arguments))
        yield name, place, literals, probe


def _name_of(call: Any) -> str | None:
    """The name of a call of DataFrames; None for a cast of which every type is cast as in Spark."""
    if call.HasField("cast"):
        return _cast_name(target_of(call.cast))
    return TO_JSON if call.HasField(_UDF) else str(call.unresolved_function.function_name.lower())


def target_of(cast: Any) -> str:
    """The type of a cast of DataFrames, in SQL."""
    if cast.HasField("type_str"):
        return str(cast.type_str)
    if cast.type.HasField("decimal"):
        return f"DECIMAL({cast.type.decimal.precision}, {cast.type.decimal.scale})"
    return str(cast.type.WhichOneof("kind"))


_UDF: Final = "common_inline_user_defined_function"
_OUTSIDE: Final = frozenset({"sum"})
"""Aggregates, whose arguments are replaced inside of the call."""


def _is_part_of_date(expression: Any) -> bool:
    """Whether a text is the one that `dates_of_texts` makes."""
    arguments = expression.unresolved_function.arguments
    return any(argument.literal.string == PATTERN for argument in arguments)


def calls_of_frames(plan: Any) -> Iterator[Any]:
    """The calls of DataFrames in a plan, outer ones first."""
    for message in inner_messages(plan):
        if message.DESCRIPTOR.name != "Expression":
            continue
        if message.HasField("cast"):
            yield message
        if message.HasField(_UDF) and message.common_inline_user_defined_function.function_name == TO_JSON:
            yield message
        if message.HasField("unresolved_function") and message.unresolved_function.function_name.lower() in _OF_FRAMES:
            yield message


def _refused_call(arguments: Sequence[Any]) -> Any:
    """``struct(arguments) & 1``."""
    struct, number, call = Expression(), Expression(), Expression()
    struct.unresolved_function.function_name = "struct"
    struct.unresolved_function.arguments.extend(arguments)
    number.literal.integer = 1
    call.unresolved_function.function_name = "&"
    call.unresolved_function.arguments.extend([struct, number])
    return call


def texts_of(plan: Any) -> list[tuple[Any, str]]:
    """The messages of a plan that have SQL texts, each with the field of the text."""
    messages = (message for message in inner_messages(plan) if message.DESCRIPTOR.name in _TEXTS)
    return [(message, _TEXTS[message.DESCRIPTOR.name]) for message in messages]


_TEXTS: Final = {"SQL": "query", "ExpressionString": "expression"}


def parse_text(text: str) -> exp.Expr:
    """The tree of a SQL text.

    Raises:
        NotOnSailError: If it is not understood.
    """
    if obstacle(text):
        raise NotOnSailError("has a query that is not understood")
    try:
        return sqlglot.parse_one(text, dialect=DIALECT)
    except (SqlglotError, RecursionError) as error:
        raise NotOnSailError("has a query that is not understood") from error


def _replaced_calls(text: str, names: Collection[str] | None) -> Iterator[tuple[str, int, list[bool], str]]:
    """The calls in a SQL text, each with its number, its literal arguments, and the text in which it is replaced."""
    tree = parse_text(text)
    for place, call in enumerate(calls_of_text(tree)):
        name = _cast_name(call.to.this.name) if isinstance(call, exp.Cast) else _call(call)[0]
        if names is not None and name not in names:
            continue
        copy = tree.copy()
        node = list(calls_of_text(copy))[place]
        if isinstance(node, exp.Cast):
            name, arguments = _cast_name(node.to.this.name), [node.this]
            if name is None or isinstance(node.this, exp.Literal) or PATTERN in node.this.sql(dialect=DIALECT):
                continue
        else:
            name, arguments = _call(node)
        literals = [isinstance(argument, exp.Literal) for argument in arguments]
        struct = exp.func("struct", *(argument.copy() for argument in arguments), dialect=DIALECT)
        refused = exp.paren(exp.BitwiseAnd(this=struct, expression=exp.Literal.number(1)))
        places = [each for each in calls_of_text(copy) if each == node]
        same = [each.this for each in places] if name.removesuffix(OF_A_PART) in _OUTSIDE else places
        for each in same:
            if each is copy:
                copy = refused
            else:
                each.replace(refused.copy())
        yield name, place, literals, copy.sql(dialect=DIALECT)


def calls_of_text(tree: exp.Expr) -> Iterator[exp.Expr]:
    """The calls in a SQL text, outer ones first."""
    for node in tree.walk():
        if isinstance(node, exp.Substring):
            _check_start(node.args.get("start"))
        is_branch = isinstance(node, exp.If) and isinstance(node.parent, exp.Case)
        is_named = isinstance(node, exp.Anonymous) and node.name.lower() in _NAMES
        if (type(node) in _NODES and not is_branch) or is_named or isinstance(node, exp.Cast):
            yield node


def _check_start(start: exp.Expr | None) -> None:
    """Refuse parts of texts from the end, which are longer in Sail if the text is short."""
    if not (isinstance(start, exp.Literal) and start.name.isdigit()):
        raise NotOnSailError("takes a part of a text from a place that is not a positive number")


def arguments_of(node: exp.Expr) -> list[exp.Expr]:
    """The arguments of a call in a SQL text."""
    return _call(node)[1]


def _call(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """The name of a call, and its arguments."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower(), list(node.expressions)
    name = _NODES[type(node)]
    if isinstance(node.parent, (exp.Filter, exp.Window, exp.WithinGroup)):
        name = f"{name}{OF_A_PART}"
    if isinstance(node, exp.Case):
        branches = [part for branch in node.args["ifs"] for part in (branch.this, branch.args["true"])]
        return name, [*branches, *filter(None, [node.args.get("default")])]
    if isinstance(node, exp.If):
        return name, [node.this, node.args["true"], *filter(None, [node.args.get("false")])]
    if name.removesuffix(OF_A_PART) in ("round", "to_date", "date_trunc"):
        return name, [node.this]
    if isinstance(node, exp.Array):
        return name, list(node.expressions)
    others = [*node.expressions, *([node.expression] if node.args.get("expression") else [])]
    return name, [*([node.this] if isinstance(node.this, exp.Expr) else []), *others]
