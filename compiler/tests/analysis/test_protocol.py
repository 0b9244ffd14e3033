"""The lists of what is understood of Spark Connect's messages, against the messages of the installed pyspark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

pytest.importorskip("pysail", reason="tracing needs the extra `trace`")

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from traced_shop import TABLES, function

from cbx.analysis.tracing import protocol, records
from cbx.analysis.tracing.client import Tracer
from cbx.analysis.tracing.from_plan import read_plan
from cbx.analysis.tracing.requests import Traced

READ_AS_A_WHOLE = {"DataType", "RelationCommon", "ExpressionCommon"}
"""Messages that are turned into a text as they are, or that change no row."""


def name_of(descriptor: Descriptor | EnumDescriptor) -> str:
    return str(descriptor.full_name).removeprefix("spark.connect.")


def reached_messages() -> Iterator[Descriptor]:
    """The messages that a plan can hold, the ones inside what is not understood left out: nobody looks there."""
    from pyspark.sql.connect.proto import relations_pb2  # with pandas, a second in every process that collects tests

    pending: list[Descriptor] = [relations_pb2.Relation.DESCRIPTOR]
    seen = set()
    while pending:
        message = pending.pop()
        if message.full_name in seen:
            continue
        seen.add(message.full_name)
        yield message
        understood = protocol.UNDERSTOOD.get(name_of(message), frozenset())
        inner = [field.message_type for field in message.fields if field.name in understood and field.message_type]
        pending += [message for message in inner if name_of(message) not in READ_AS_A_WHOLE]


def problems(
    understood: Mapping[str, frozenset[str]],
    opaque_fields: Mapping[str, frozenset[str]],
    understood_values: Mapping[str, frozenset[str]],
    opaque_values: Mapping[str, frozenset[str]],
) -> list[str]:
    """The messages, fields and values that are in no list, in two, or in one without being in the protocol."""
    found = []
    for message in reached_messages():
        name = name_of(message)
        fields = {field.name for field in message.fields}
        listed, left = understood.get(name), opaque_fields.get(name, frozenset())
        if listed is None:
            found.append(f"{name} is not listed")
            continue
        found += [f"{name}.{field} is in no list" for field in fields - listed - left]
        found += [f"{name}.{field} is in two lists" for field in listed & left]
        found += [f"{name}.{field} does not exist" for field in (listed | left) - fields - {"common"}]
        for enum in {field.enum_type for field in message.fields if field.enum_type and field.name in listed}:
            values = {value.name for value in enum.values}
            known, other = (lists.get(name_of(enum), frozenset()) for lists in (understood_values, opaque_values))
            found += [f"{name_of(enum)}.{value} is in no list" for value in values ^ (known | other)]
    names = {name_of(message) for message in reached_messages()}
    found += [f"{name} does not exist" for name in {*understood, *opaque_fields} - names - READ_AS_A_WHOLE]
    return found


LISTS = (protocol.UNDERSTOOD, protocol.OPAQUE_FIELDS, protocol.UNDERSTOOD_VALUES, protocol.OPAQUE_VALUES)


def test_every_message_field_and_value_is_listed() -> None:
    """A release of Spark that adds one fails here, and until somebody looks at it, what it says proves nothing."""
    assert problems(*LISTS) == []


@pytest.mark.parametrize("place", range(len(LISTS)))
def test_each_entry_counts(place: int) -> None:
    """Without any single entry of any list, something is in no list; nothing is listed that is not there."""
    missing = []
    for name, entries in LISTS[place].items():
        for entry in entries - {"common"} if name not in READ_AS_A_WHOLE else ():
            changed = list(LISTS)
            changed[place] = {**LISTS[place], name: entries - {entry}}
            if not problems(*changed):
                missing.append(f"{name}.{entry}")

    assert missing == []


PROGRAMS = (
    "orders.select('order_id', F.lit('x').alias('x', metadata={'a': 1}), F.lit(None), F.lit(True), F.lit(2.5))",
    "orders.select(F.col('total').cast('int'), F.col('total').try_cast('int'), F.lit(b'x'))",
    "orders.select('*', orders['*']).select(orders.order_id)",
    "orders.select(orders.colRegex('`.*id`'))",
    "orders.where(F.expr('total > 1') & orders.metadataColumn('_metadata').isNotNull())",
    "orders.join(customers, 'customer_id', 'left').crossJoin(products)",
    "orders.join(customers, orders.customer_id == customers.customer_id, 'full')",
    "orders.union(orders.limit(3)).unionByName(orders, allowMissingColumns=True).intersectAll(orders)",
    "orders.sort(F.desc('total')).sortWithinPartitions('total').offset(2).tail",
    "orders.groupBy('status').agg(F.sum('total'), F.countDistinct('customer_id'))",
    "orders.rollup('status').count().union(orders.cube('status').count())",
    "orders.groupingSets([['status'], []], 'status').agg(F.max('total'))",
    "orders.groupBy('customer_id').pivot('status', ['new', 'sent']).sum('total')",
    "spark.sql('SELECT * FROM {t} WHERE 1 = :one', args={'one': 1}, t=orders)",
    "spark.sql('SELECT * FROM {t} WHERE 1 = ?', args=[1], t=orders)",
    "orders.sample(True, 0.5, 3)",
    "orders.dropDuplicates(['status']).distinct().dropDuplicatesWithinWatermark(['order_id'])",
    "orders.alias('o').select('o.*').repartition(3).coalesce(1).repartition(2, 'order_id')",
    "orders.toDF('a', 'b', 'c', 'd', 'e').withColumnsRenamed({'a': 'x'}).drop('b', F.col('c'))",
    "orders.withColumns({'x': F.lit(1), 'total': F.lit(2)}).hint('broadcast').withWatermark('placed_at', '1 hour')",
    "orders.observe('seen', F.count('*')).fillna(0, ['total']).fillna('').replace('a', 'b', ['status'])",
    "orders.dropna(thresh=2)",
    "orders.select('order_id', 'customer_id', 'total').unpivot('order_id', ['customer_id'], 'what', 'n')",
    "orders.select(F.transform(F.array('order_id'), lambda one: one + 1), F.struct('total').withField('x', F.lit(1)))",
    "orders.select(F.array('order_id')[0], F.call_function('f', 'total'), F.udf(lambda x: x, 'int')('order_id'))",
    "orders.select(F.row_number().over(Window.partitionBy('status').orderBy(F.asc_nulls_last('total'))))",
    "orders.select(F.sum('total').over(Window.orderBy('total').rowsBetween(-1, Window.currentRow)))",
    "orders.select(F.sum('total').over(Window.orderBy('total').rangeBetween(Window.unboundedPreceding, 5)))",
)
"""Programs whose plans have, all together, every field that is listed as understood."""


class Watched(dict[str, Any]):
    """A record that notes which of its fields are asked for."""

    asked: set[str]

    @classmethod
    def of(cls, value: Any, asked: set[str]) -> Any:
        """A record, and those inside it."""
        if isinstance(value, dict):
            made = cls({name: cls.of(item, asked) for name, item in value.items()})
            made.asked = asked
            return made
        return [cls.of(item, asked) for item in value] if isinstance(value, list) else value

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)


WITHOUT_MEANING = {
    # What a step is called, where it runs and how its rows are spread changes no row.
    "is_global", "num_partitions", "shuffle", "name", "parameters", "metrics", "event_time", "delay_threshold", "key",
    # Of a sample nothing is known but that it is one, whichever rows it takes.
    "lower_bound", "upper_bound", "seed", "deterministic_order",
    # What is replaced makes a new value, whatever it is.
    "replacements", "old_value", "new_value", "field_name", "col_name", "offset",
    # Bytes and names of a Python function, of which nothing is known but its type.
    "command", "python_ver", "additional_includes", "metadata", "data_type", "precision", "scale", "type_str",
}  # fmt: skip
"""Fields that are understood to change nothing that is said of rows."""


def test_every_understood_field_is_read_or_changes_nothing() -> None:
    """What is listed as understood is asked for by the reader: a field that nobody reads is an open door."""
    asked: set[str] = set()
    with Tracer() as tracer:
        for program in PROGRAMS:
            text = f"def model(orders, customers, products):\n    return {program.removesuffix('.tail')}"
            outcome = tracer.trace(function(text))
            assert isinstance(outcome, Traced), (program, outcome)
            read_plan(Traced(Watched.of(outcome.plan, asked), outcome.columns, outcome.trouble), TABLES)
    listed = {name: entries for name, entries in protocol.UNDERSTOOD.items() if name not in READ_AS_A_WHOLE}
    kinds = listed.pop("Relation") | listed.pop("Expression") | listed.pop("Expression.Literal")
    fields = frozenset().union(*listed.values())

    assert fields - kinds - asked - WITHOUT_MEANING - {"common", "value", "input"} == set()


def test_what_is_not_understood_is_opaque() -> None:
    """A field that is set and not listed makes the step opaque, and a value that is not listed likewise."""
    from pyspark.sql.connect.proto import expressions_pb2, relations_pb2

    joined = relations_pb2.Join()
    assert records.is_understood(joined)

    joined.join_data_type.is_left_struct = True
    assert not records.is_understood(joined)

    combined = relations_pb2.SetOperation(set_op_type=0)
    assert records.is_understood(combined)
    combined.set_op_type = 99  # type: ignore[assignment]
    assert not records.is_understood(combined)

    window = expressions_pb2.Expression.Window()
    window.frame_spec.frame_type = 1
    assert records.is_understood(window)
    window.frame_spec.frame_type = 0
    window.frame_spec.lower.current_row = True
    assert records.is_understood(window)
