"""From the protobuf of a plan to plain records.

The records follow the messages of the Spark Connect protocol field by field,
https://github.com/apache/spark/tree/master/sql/connect/common/src/main/protobuf/spark/connect, so that its
documentation is theirs. A relation, an expression and a literal say under ``kind`` which of their kind they are.
Steps of the plan are numbered anew, in the order in which they are met: the same code gives the same records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql.connect.proto import expressions_pb2, relations_pb2, types_pb2
from pyspark.sql.connect.types import proto_schema_to_pyspark_data_type
from pyspark.sql.types import StructType

from cbx.analysis.tracing.session import Session
from cbx.analysis.tracing.types import spelled

Record = dict[str, Any]

_NEEDS_SCHEMA = {"join": ("left", "right"), "set_op": ("left_input", "right_input"), "na_fill": ("input",)}
"""The relations whose inputs' types matter to what can be said of their rows."""


def plan_records(relation: relations_pb2.Relation, inputs: Mapping[int, str], session: Session) -> tuple[Record, bool]:
    """A plan as records, and whether it reads only its inputs.

    Args:
        relation: The plan.
        inputs: The parameter that a step of the plan stands for, by the step's number.
        session: Knows where steps were made, and which columns they have.
    """
    writer = _Writer(inputs, session)
    return writer.relation(relation), not writer.reads_elsewhere


class _Writer:
    def __init__(self, inputs: Mapping[int, str], session: Session) -> None:
        self.inputs = inputs
        self.session = session
        self.numbers: dict[int, int] = {}
        self.reads_elsewhere = False

    def relation(self, message: relations_pb2.Relation, *, wants_schema: bool = False) -> Record:
        """A step of the plan."""
        number = message.common.plan_id
        if number in self.inputs:
            return {"kind": "input", "id": self.number(number), "name": self.inputs[number]}
        kind = message.WhichOneof("rel_type") or "unknown"
        record: Record = {"kind": kind, "id": self.number(number)}
        if number in self.session.sites:
            record["site"] = list(self.session.sites[number])
        self.reads_elsewhere = self.reads_elsewhere or kind == "read"
        if kind == "local_relation":
            wants_schema = True
        elif kind != "unknown":
            inner = getattr(message, kind)
            watched = _NEEDS_SCHEMA.get(kind, ())
            if kind in {"project", "with_columns"} and _expands_struct(inner):
                watched = ("input",)
            for field, value in inner.ListFields():
                if field.name in watched:
                    record[field.name] = self.relation(value, wants_schema=True)
                else:
                    record |= self.field(field, value)
        if wants_schema:
            record["schema"] = self.schema(message)
        return record

    def number(self, number: int) -> int:
        """The new number of a step."""
        return self.numbers.setdefault(number, len(self.numbers))

    def schema(self, message: relations_pb2.Relation) -> list[list[str | None]] | None:
        """The columns of a step; None where the engine does not know."""
        try:
            return [[one.name, spelled(one.dataType)] for one in self.session.schema_of(message).fields]
        except PySparkException:
            return None

    def field(self, field: Any, value: Any) -> Record:
        """A field of a message, if it says anything."""
        if field.name in {"common", "metadata"} or field.type == field.TYPE_BYTES:
            return {}
        if field.name == "plan_id":
            return {"plan_id": self.number(value)}
        is_map = field.type == field.TYPE_MESSAGE and field.message_type.GetOptions().map_entry
        if is_map:
            return {field.name: {str(key): self.value(field, one) for key, one in value.items()}}
        if hasattr(value, "append"):
            return {field.name: [self.value(field, one) for one in value]}
        return {field.name: self.value(field, value)}

    def value(self, field: Any, value: Any) -> Any:
        """What a field holds."""
        match value:
            case relations_pb2.Relation():
                return self.relation(value)
            case expressions_pb2.Expression():
                return self.expression(value)
            case expressions_pb2.Expression.Literal():
                return self.literal(value)
            case types_pb2.DataType():
                return spelled(proto_schema_to_pyspark_data_type(value))
            case int() if field.type == field.TYPE_ENUM:
                return field.enum_type.values_by_number[value].name
            case str() | int() | float() | bool():
                return value
            case _ if hasattr(value, "ListFields"):
                return self.message(value)
            case _:
                return None

    def message(self, message: Any) -> Record:
        """Any other message."""
        record: Record = {}
        for field, value in message.ListFields():
            record |= self.field(field, value)
        return record

    def expression(self, message: expressions_pb2.Expression) -> Record:
        """An expression."""
        kind = message.WhichOneof("expr_type") or "unknown"
        if kind == "literal":
            return self.literal(message.literal)
        record: Record = {"kind": kind}
        site = message.common.origin.python_origin.call_site
        if site and kind == "unresolved_attribute":
            file, _, line = site.rpartition(":")
            record["site"] = [file, int(line)] if line.isdigit() else None
        return record | (self.message(getattr(message, kind)) if kind != "unknown" else {})

    def literal(self, message: expressions_pb2.Expression.Literal) -> Record:
        """A literal: its type and its value as a text; no value for one that is not a plain one."""
        kind = message.WhichOneof("literal_type") or "unknown"
        record: Record = {"kind": "literal", "type": kind}
        value = message.decimal.value if kind == "decimal" else getattr(message, kind, None)
        if isinstance(value, (str, int, float, bool)):
            record["value"] = str(value)
        return record


def _expands_struct(message: Any) -> bool:
    expressions = getattr(message, "expressions", ())
    return any(one.unresolved_star.unparsed_target for one in expressions)


def columns_of(schema: StructType) -> list[tuple[str, str | None, bool]]:
    """The columns of a schema: name, type, whether it is never NULL."""
    return [(one.name, spelled(one.dataType), not one.nullable) for one in schema.fields]
