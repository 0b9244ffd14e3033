"""Calls whose results on Sail are those of Spark only with some types of arguments.

Sail's types are seen in the message with which it refuses the bitwise operation ``struct(arguments) & 1``, which takes
the place of a call in a copy of the query. `tests/runtime/test_functions_on_sail.py` compares the
calls on both engines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

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
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import SparkSession

Types = tuple[str, ...]
"""The types of Arrow of the arguments, such as ``Int32`` and ``Decimal128(10, 2)``."""

_REFUSED: Final = "Cannot infer common type for bitwise operation Struct("
_METADATA: Final = re.compile(r', metadata: \{"[^"]*": "[^"]*"\}')
_FIELD: Final = re.compile(r'"[^"]*": (?:non-null )?')
_DECIMAL: Final = re.compile(r"Decimal128\((\d+), \d+\)")
_WHOLE: Final = frozenset({"Int8", "Int16", "Int32", "Int64"})
_SMALL: Final = frozenset({"Int8", "Int16", "Int32"})
_FLOATS: Final = frozenset({"Float32", "Float64"})
_LARGEST_SUM: Final = 28
"""The digits of a decimal whose sum cannot overflow: Spark adds ten, and a decimal has at most 38."""


def check_argument_types(spark: SparkSession, plan: Any) -> None:
    """Check the calls in a plan whose results depend on the types of their arguments.

    Args:
        spark: The session of Sail.
        plan: A plan of Spark Connect.

    Raises:
        NotOnSailError: If the result of a call is not known to be that of Spark.
    """
    for name, literals, probe in (*_proto_calls(plan), *_sql_calls(plan)):
        types = _probe(spark, probe)
        if types is None:
            raise NotOnSailError(f"has arguments of `{name}` whose types are unknown")
        if not {**_RULES, **_CASTS}[name](types, literals):
            raise NotOnSailError(f"calls `{name}` with {', '.join(types)}")


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
    message = _METADATA.sub("", message)
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


def _is_same(types: Types, _: Sequence[bool]) -> bool:
    """Whether all types are equal, apart from NULL."""
    return len(set(types) - {"Null"}) <= 1


def _is_exact(types: Types, literals: Sequence[bool]) -> bool:
    """Whether all types are equal, or exact numbers."""
    return _is_same(types, literals) or all(kind in _WHOLE or _DECIMAL.match(kind) for kind in types)


def _is_number(kind: str) -> bool:
    return kind in _WHOLE | _FLOATS or _DECIMAL.match(kind) is not None


def _is_checked(types: Types, literals: Sequence[bool]) -> bool:
    """Whether the operation fails where it overflows, as in Spark, and literals do not count as other decimals."""
    if not all(map(_is_number, types)) or all(kind in _WHOLE for kind in types):
        return False
    return not any(is_literal and kind in _WHOLE for kind, is_literal in zip(types, literals, strict=True)) or bool(
        _FLOATS & set(types)
    )


def _has_remainder(types: Types, literals: Sequence[bool]) -> bool:
    return all(kind in _WHOLE for kind in types) or _is_checked(types, literals)


def _divides(types: Types, _: Sequence[bool]) -> bool:
    """Whether the quotient is a double."""
    is_decimal = any(_DECIMAL.match(kind) for kind in types)
    return all(map(_is_number, types)) and (not is_decimal or bool(_FLOATS & set(types)))


def _is_summed(types: Types, _: Sequence[bool]) -> bool:
    """Whether a sum cannot overflow without an error."""
    decimal = _DECIMAL.match(types[0])
    return types[0] in _SMALL | _FLOATS or (decimal is not None and int(decimal[1]) <= _LARGEST_SUM)


def _is_float_or_whole(types: Types, _: Sequence[bool]) -> bool:
    return types[0] in _WHOLE | _FLOATS


def _is_time(types: Types, _: Sequence[bool]) -> bool:
    return types[-1].startswith("Timestamp")


def _is_date_or_time(types: Types, _: Sequence[bool]) -> bool:
    return len(types) == 1 and types[0].startswith(("Timestamp", "Date"))


def _is_case(types: Types, literals: Sequence[bool]) -> bool:
    """Whether the values of a CASE or IF, without its conditions, are equal."""
    values = [*types[1::2], *(types[-1:] if len(types) % 2 else ())]
    return _is_same(tuple(values), literals)


def _is_written_as_json(types: Types, _: Sequence[bool]) -> bool:
    """Whether the values of a struct or an array are written as Spark writes them."""
    is_nested = types[0].startswith(("Struct", "List"))
    return is_nested and not _NOT_WRITTEN.search(types[0])


_NOT_WRITTEN: Final = re.compile(
    r"\b(?:Float|Map|Binary|LargeBinary|Interval|Duration|Time32|Time64|Union|Timestamp\((?![^mn]s, \"UTC))"
)
_TEXT: Final = frozenset({"Utf8", "LargeUtf8", "Utf8View"})
_CAST: Final = "cast to "


def _is_no_text(types: Types, _: Sequence[bool]) -> bool:
    return types[0] not in _TEXT


def _is_whole_or_truth(types: Types, _: Sequence[bool]) -> bool:
    return types[0] in _WHOLE | {"Boolean"}


def _is_no_float(types: Types, _: Sequence[bool]) -> bool:
    return not any(kind in _FLOATS for kind in types)


_CASTS: Final[dict[str, Callable[[Types, Sequence[bool]], bool]]] = {
    **dict.fromkeys((f"{_CAST}decimal", f"{_CAST}double", f"{_CAST}float", f"{_CAST}date"), _is_no_text),
    f"{_CAST}boolean": _is_whole_or_truth,
    f"{_CAST}string": _is_no_float,
}
"""What is cast to these types as in Spark; every type is cast to the other plain types as in Spark, or fails."""
_SPELLINGS: Final = {"text": "string", "varchar": "string", "char": "string", "numeric": "decimal", "real": "float"}
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
    if f"{_CAST}{kind}" not in _CASTS:
        raise NotOnSailError(f"casts to {kind}")
    return f"{_CAST}{kind}"


_RULES: Final[dict[str, Callable[[Types, Sequence[bool]], bool]]] = {
    **dict.fromkeys(("coalesce", "greatest", "least", "array"), _is_exact),
    "nullif": _is_same,
    **dict.fromkeys(("when", "if"), _is_case),
    **dict.fromkeys(("+", "-", "*"), _is_checked),
    "%": _has_remainder,
    "/": _divides,
    **dict.fromkeys(("concat", "concat_ws"), _is_no_float),
    "sum": _is_summed,
    "round": _is_float_or_whole,
    "date_trunc": _is_time,
    "to_date": _is_date_or_time,
    TO_JSON: _is_written_as_json,
}

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
_NAMES: Final = {name for name in _RULES if name.isidentifier()} - {"when"}


def _proto_calls(plan: Any) -> Iterator[tuple[str, list[bool], Any]]:
    """The calls of DataFrames, each with its literal arguments, and the plan in which it is replaced."""
    count = sum(1 for _ in _functions(plan))
    for place in range(count):
        probe = type(plan)()
        probe.CopyFrom(plan)
        expression = list(_functions(probe))[place]
        if expression.HasField("cast"):
            cast = expression.cast
            name = _cast_name(cast.type_str if cast.HasField("type_str") else cast.type.WhichOneof("kind"))
            if name is not None and not _is_part_of_date(cast.expr):
                expression.CopyFrom(_refused_call([cast.expr]))
                yield name, [False], probe
            continue
        if expression.HasField(_UDF):
            arguments = list(expression.common_inline_user_defined_function.arguments)
            expression.CopyFrom(_refused_call(arguments))
            yield TO_JSON, [False], probe
            continue
        function = expression.unresolved_function
        name, arguments = function.function_name.lower(), list(function.arguments)
        literals = [argument.HasField("literal") for argument in arguments]
        (function.arguments[0] if name in _OUTSIDE else expression).CopyFrom(_refused_call(arguments))
        yield name, literals, probe


_UDF: Final = "common_inline_user_defined_function"
_OUTSIDE: Final = frozenset({"sum"})
"""Aggregates, whose arguments are replaced inside of the call."""


def _is_part_of_date(expression: Any) -> bool:
    """Whether a text is the one that `dates_of_texts` makes."""
    arguments = expression.unresolved_function.arguments
    return any(argument.literal.string == PATTERN for argument in arguments)


def _functions(plan: Any) -> Iterator[Any]:
    for message in inner_messages(plan):
        if message.DESCRIPTOR.name != "Expression":
            continue
        if message.HasField("cast"):
            yield message
        if message.HasField(_UDF) and message.common_inline_user_defined_function.function_name == TO_JSON:
            yield message
        if message.HasField("unresolved_function") and message.unresolved_function.function_name.lower() in _RULES:
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


def _sql_calls(plan: Any) -> Iterator[tuple[str, list[bool], Any]]:
    """The calls in SQL texts of a plan, as `_proto_calls` has them."""
    texts = [message for message in inner_messages(plan) if message.DESCRIPTOR.name in _TEXTS]
    for place, message in enumerate(texts):
        for name, literals, text in _replaced_calls(getattr(message, _TEXTS[message.DESCRIPTOR.name])):
            probe = type(plan)()
            probe.CopyFrom(plan)
            copies = [each for each in inner_messages(probe) if each.DESCRIPTOR.name in _TEXTS]
            setattr(copies[place], _TEXTS[message.DESCRIPTOR.name], text)
            yield name, literals, probe


_TEXTS: Final = {"SQL": "query", "ExpressionString": "expression"}


def _replaced_calls(text: str) -> Iterator[tuple[str, list[bool], str]]:
    """The calls in a SQL text, each with the text in which it is replaced.

    Raises:
        NotOnSailError: If the text is not understood.
    """
    if obstacle(text):
        raise NotOnSailError("has a query that is not understood")
    try:
        tree = sqlglot.parse_one(text, dialect=DIALECT)
    except (SqlglotError, RecursionError) as error:
        raise NotOnSailError("has a query that is not understood") from error
    count = sum(1 for _ in _calls(tree))
    for place in range(count):
        copy = tree.copy()
        node = list(_calls(copy))[place]
        if isinstance(node, exp.Cast):
            name, arguments = _cast_name(node.to.this.name), [node.this]
            if name is None or isinstance(node.this, exp.Literal) or PATTERN in node.this.sql(dialect=DIALECT):
                continue
        else:
            name, arguments = _call(node)
        literals = [isinstance(argument, exp.Literal) for argument in arguments]
        struct = exp.func("struct", *(argument.copy() for argument in arguments), dialect=DIALECT)
        refused = exp.paren(exp.BitwiseAnd(this=struct, expression=exp.Literal.number(1)))
        places = [each for each in _calls(copy) if each == node]
        same = [each.this for each in places] if name in _OUTSIDE else places
        for each in same:
            if each is copy:
                copy = refused
            else:
                each.replace(refused.copy())
        yield name, literals, copy.sql(dialect=DIALECT)


def _calls(tree: exp.Expr) -> Iterator[exp.Expr]:
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


def _call(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """The name of a call, and its arguments."""
    if isinstance(node, exp.Anonymous):
        return node.name.lower(), list(node.expressions)
    name = _NODES[type(node)]
    if isinstance(node, exp.Case):
        branches = [part for branch in node.args["ifs"] for part in (branch.this, branch.args["true"])]
        return name, [*branches, *filter(None, [node.args.get("default")])]
    if isinstance(node, exp.If):
        return name, [node.this, node.args["true"], *filter(None, [node.args.get("false")])]
    if name in ("round", "to_date", "date_trunc"):
        return name, [node.this]
    if isinstance(node, exp.Array):
        return name, list(node.expressions)
    others = [*node.expressions, *([node.expression] if node.args.get("expression") else [])]
    return name, [*([node.this] if isinstance(node.this, exp.Expr) else []), *others]
