"""Converts the protobuf messages of a plan to plain records.

The records follow the messages of the Spark Connect protocol field by field,
https://github.com/apache/spark/tree/master/sql/connect/common/src/main/protobuf/spark/connect, so that its
documentation applies. ``kind`` is the kind of a relation, an expression or a literal. Other messages than `protocol`
lists become records of the kind ``opaque`` with their name as ``of``, and the steps and expressions inside them. Steps
are renumbered in the order of the plan, so the same code gives the same records.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql.connect.proto import expressions_pb2, relations_pb2, types_pb2
from pyspark.sql.connect.types import proto_schema_to_pyspark_data_type
from pyspark.sql.types import StructType

from cbx.analysis.tracing.protocol import OPAQUE, UNDERSTOOD, UNDERSTOOD_VALUES, is_drawn_seed
from cbx.analysis.tracing.session import TracingSession
from cbx.analysis.tracing.types import sql_type

Record = dict[str, Any]

_NEEDS_SCHEMA: dict[str, tuple[str, ...]] = {"join": ("left", "right"), "set_op": ("left_input", "right_input")}
"""The relations that need the columns of their inputs."""

_READ_APART = (
    relations_pb2.Relation,
    expressions_pb2.Expression,
    expressions_pb2.Expression.Literal,
    types_pb2.DataType,
)
"""The messages that become separate records, whether they are understood or not."""

_WITH_SITE = frozenset({"unresolved_attribute", "unresolved_function"})
"""The expressions whose places messages point at."""

_WITH_SEED = frozenset({"rand", "randn", "random", "randstr", "shuffle", "uniform", "uuid"})

_READS_ELSEWHERE = frozenset({"read", "relation_changes"})
"""The relations that read something else than the inputs."""


def plan_records(
    relation: relations_pb2.Relation, inputs: Mapping[int, str], session: TracingSession
) -> tuple[Record, bool]:
    """A plan as records, and whether it reads only its inputs.

    Args:
        relation: The plan.
        inputs: The parameter names of the steps that are inputs, by the step's number.
        session: Knows the call that created each step, and the columns of the step.
    """
    writer = _RecordWriter(inputs, session)
    return writer.write_relation(relation), not writer.reads_elsewhere


class _RecordWriter:
    def __init__(self, inputs: Mapping[int, str], session: TracingSession) -> None:
        self.inputs = inputs
        self.session = session
        self.numbers: dict[int, int] = {}
        self.reads_elsewhere = False

    def write_relation(self, message: relations_pb2.Relation, *, wants_schema: bool = False) -> Record:
        """A step of the plan."""
        number = message.common.plan_id
        if number in self.inputs:
            return {"kind": "input", "id": self.renumber(number), "name": self.inputs[number]}
        kind = message.WhichOneof("rel_type") or "unknown"
        record: Record = {"id": self.renumber(number)}
        if number in self.session.sites:
            record["site"] = list(self.session.sites[number])
        self.reads_elsewhere = self.reads_elsewhere or kind in _READS_ELSEWHERE
        inner = getattr(message, kind, None)
        if kind in UNDERSTOOD["Relation"] and is_understood(inner):
            record |= {"kind": kind, **self.write_step(kind, inner)}
            return record | {"schema": self.column_names(message)} if wants_schema else record
        record |= {
            "kind": OPAQUE,
            "of": kind,
            "inputs": [self.write_relation(inner_relation) for inner_relation in _relations_in(inner)],
        }
        schema = _declared_columns(kind, inner) or (self.column_names(message) if kind == "local_relation" else None)
        record |= {"schema": schema} if schema else {}
        return record | {"hides_stream": True} if getattr(inner, "is_streaming", False) else record

    def write_step(self, kind: str, inner: Any) -> Record:
        """The fields of a step."""
        watched: tuple[str, ...] = _NEEDS_SCHEMA.get(kind, ())
        if kind in {"project", "with_columns"} and _expands_struct(inner):
            watched = ("input",)
        record: Record = {}
        for field, value in inner.ListFields():
            if field.name in watched:
                record[field.name] = self.write_relation(value, wants_schema=True)
            else:
                record |= self.write_field(field, value)
        return record

    def renumber(self, number: int) -> int:
        """The new number of a step."""
        return self.numbers.setdefault(number, len(self.numbers))

    def column_names(self, message: relations_pb2.Relation) -> list[list[str | None]] | None:
        """The names of a step's columns; None if the engine does not know them. Its types may not be Spark's.

        The engine is not asked about reads of other tables or files, since it would search for them.
        """
        if self.reads_elsewhere:
            return None
        try:
            return [[field.name, None] for field in self.session.schema_of(message).fields]
        except PySparkException:
            return None

    def write_field(self, field: Any, value: Any) -> Record:
        """A field of a message; empty for a field that is not needed."""
        if field.name in {"common", "metadata"} or field.type == field.TYPE_BYTES:
            return {}
        if field.name == "plan_id":
            return {"plan_id": self.renumber(value)}
        is_map = field.type == field.TYPE_MESSAGE and field.message_type.GetOptions().map_entry
        if is_map:
            value_field = field.message_type.fields_by_name["value"]
            return {field.name: {str(key): self.write_value(value_field, item) for key, item in value.items()}}
        if hasattr(value, "append"):
            return {field.name: [self.write_value(field, item) for item in value]}
        return {field.name: self.write_value(field, value)}

    def write_value(self, field: Any, value: Any) -> Any:
        """The value of a field."""
        match value:
            case relations_pb2.Relation():
                return self.write_relation(value)
            case expressions_pb2.Expression():
                return self.write_expression(value)
            case expressions_pb2.Expression.Literal():
                return self.write_literal(value)
            case types_pb2.DataType():
                return sql_type(proto_schema_to_pyspark_data_type(value))
            case int() if field.type == field.TYPE_ENUM:
                return field.enum_type.values_by_number[value].name
            case str() | int() | float() | bool():
                return value
            case _ if hasattr(value, "ListFields"):
                return self.write_message(value)
            case _:
                return None

    def write_message(self, message: Any) -> Record:
        """Any other message."""
        record: Record = {}
        for field, value in message.ListFields():
            record |= self.write_field(field, value)
        return record

    def write_expression(self, message: expressions_pb2.Expression) -> Record:
        """An expression."""
        kind = message.WhichOneof("expr_type") or "unknown"
        if kind == "literal":
            return self.write_literal(message.literal)
        inner = getattr(message, kind, None)
        if kind not in UNDERSTOOD["Expression"] or not is_understood(inner):
            return {
                "kind": OPAQUE,
                "of": kind,
                "arguments": [self.write_expression(inner_expression) for inner_expression in _expressions_in(inner)],
            }
        record: Record = {"kind": kind}
        site = message.common.origin.python_origin.call_site
        if site and kind in _WITH_SITE:
            file, _, line = site.rpartition(":")
            record["site"] = [file, int(line)] if line.isdigit() else None
        record |= self.write_message(inner)
        if _has_drawn_seed(record):
            record["arguments"].pop()
        return record

    def write_literal(self, message: expressions_pb2.Expression.Literal) -> Record:
        """A literal: its type, and its value as a text; only plain literals have a value."""
        kind = message.WhichOneof("literal_type") or "unknown"
        record: Record = {"kind": "literal", "type": kind}
        if kind not in UNDERSTOOD["Expression.Literal"]:
            return record
        value = message.decimal.value if kind == "decimal" else getattr(message, kind, None)
        if isinstance(value, (str, int, float, bool)):
            record["value"] = str(value)
        return record


def _has_drawn_seed(record: Record) -> bool:
    """Whether PySpark drew the seed of a random function, since the model gives none."""
    if record.get("function_name") not in _WITH_SEED or not record.get("arguments"):
        return False
    seed = record["arguments"][-1]
    return seed.get("type") == "long" and is_drawn_seed(int(seed["value"]))


def _message_name(descriptor: Any) -> str:
    return str(descriptor.full_name).removeprefix("spark.connect.")


def is_understood(message: Any) -> bool:
    """Whether all fields of a message are supported, except the steps, expressions and types inside it."""
    listed = UNDERSTOOD.get(_message_name(message.DESCRIPTOR), frozenset())
    return all(field.name in listed and _has_understood_value(field, value) for field, value in message.ListFields())


def _has_understood_value(field: Any, value: Any) -> bool:
    if field.type == field.TYPE_ENUM:
        named = field.enum_type.values_by_number.get(value)
        return named is not None and named.name in UNDERSTOOD_VALUES.get(_message_name(field.enum_type), frozenset())
    if field.type != field.TYPE_MESSAGE or field.name == "common":
        return True
    return all(isinstance(member, _READ_APART) or is_understood(member) for member in _messages_of(field, value))


def _relations_in(message: Any) -> Iterator[relations_pb2.Relation]:
    """The outermost steps inside a message."""
    return _messages_in(message, relations_pb2.Relation)


def _expressions_in(message: Any) -> Iterator[expressions_pb2.Expression]:
    """The outermost expressions inside a message."""
    return _messages_in(message, expressions_pb2.Expression)


def _messages_in(message: Any, wanted: type) -> Iterator[Any]:
    for field, value in message.ListFields() if message is not None else ():
        for member in _messages_of(field, value) if field.type == field.TYPE_MESSAGE else ():
            if isinstance(member, wanted):
                yield member
            else:
                yield from _messages_in(member, wanted)


def _messages_of(field: Any, value: Any) -> list[Any]:
    """The messages in a field."""
    if field.message_type.GetOptions().map_entry:
        return [member for member in value.values() if hasattr(member, "ListFields")]
    return list(value) if hasattr(value, "append") else [value]


def _declared_columns(kind: str, message: Any) -> list[list[str | None]] | None:
    """The columns that an unsupported step declares; None if it declares none."""
    match kind:
        case "map_partitions" | "group_map" | "co_group_map":
            schema: Any = proto_schema_to_pyspark_data_type(message.func.python_udf.output_type)
        case "to_schema" if message.HasField("schema"):
            schema = proto_schema_to_pyspark_data_type(message.schema)
        case "local_relation" if message.schema.startswith("{"):
            schema = StructType.fromJson(json.loads(message.schema))
        case "range":
            return [["id", "BIGINT"]]
        case _:
            return None
    return (
        [[field.name, sql_type(field.dataType)] for field in schema.fields] if isinstance(schema, StructType) else None
    )


def _expands_struct(message: Any) -> bool:
    expressions = getattr(message, "expressions", ())
    return any(expression.unresolved_star.unparsed_target for expression in expressions)


def schema_columns(schema: StructType) -> list[tuple[str, str | None, bool]]:
    """The columns of a schema: name, type, whether it is never NULL."""
    return [(field.name, sql_type(field.dataType), not field.nullable) for field in schema.fields]
