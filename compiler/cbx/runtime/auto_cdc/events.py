"""The rows of the state and the changes of a batch, as events with a sequence.

An event has the target's columns and a few hidden ones. In a delete all columns but the keys are NULL, in a truncate
all columns.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses
from pyspark.sql.types import DataType, NumericType, StructType

from cbx.diagnostics.codes import NEEDS_FULL_REFRESH
from cbx.runtime.auto_cdc.buckets import BUCKET, bucket_of_key
from cbx.runtime.auto_cdc.columns import (
    END_AT,
    HIDDEN,
    START_AT,
    column,
    comparable_value,
    find_name,
    is_orderable,
    with_columns,
)
from cbx.runtime.auto_cdc.errors import NULL_KEY, NULL_SEQUENCE
from cbx.runtime.auto_cdc.spec import CdcSpec, resolve_columns, selected_columns
from cbx.runtime.nested_types import fit, widen

SEQUENCE = HIDDEN + "sequence"
DELETED = HIDDEN + "deleted"
TRUNCATED = HIDDEN + "truncated"
# Only while merging: the event comes from the state.
KNOWN = HIDDEN + "known"


@dataclass(frozen=True, slots=True)
class Events:
    """The state and a batch of changes in one frame, with the roles of its columns.

    Attributes:
        rows: The events.
        keys: The key columns.
        values: The target's other columns, in the target's order.
        stored: The columns of the state; empty for the first batch.
        is_divided: Whether the events have the numbers of their buckets.
    """

    rows: DataFrame
    keys: tuple[str, ...]
    values: tuple[str, ...]
    stored: frozenset[str]
    is_divided: bool = False

    @property
    def has_truncates(self) -> bool:
        """Whether the events may include truncates."""
        return TRUNCATED in self.rows.columns

    @property
    def by_key(self) -> WindowSpec:
        """The window over the events of one key; truncates, which have no key, are separate."""
        return Window.partitionBy(*self.key_columns, *([TRUNCATED] if self.has_truncates else []))

    @property
    def key_columns(self) -> list[Column]:
        """The keys, and the bucket that they decide: rows that are divided by it need no other shuffle."""
        return list(map(column, (*self.keys, BUCKET) if self.is_divided else self.keys))

    def type_of(self, name: str) -> DataType:
        """Return a column's type."""
        return self.rows.schema[name].dataType

    def tie_breakers(self, names: Iterable[str]) -> list[Column]:
        """Return the columns, by name, that decide between two upserts of the same key and sequence."""
        return [comparable_value(column(name), self.type_of(name)) for name in sorted(names)]


def gather_events(state: DataFrame | None, changes: DataFrame, spec: CdcSpec, buckets: int = 1) -> Events:
    """Combine the state and the changes in one frame; a column that one side lacks is NULL there.

    With several buckets the events are divided by them.

    Raises:
        CdcSpecError: The flow does not fit the changes, or the state of earlier updates.
    """
    rows = change_events(changes, spec).withColumn(KNOWN, F.lit(col=False))
    stored: frozenset[str] = frozenset()
    if state is not None:
        stored = frozenset(state.columns)
        check_state(stored, spec)
        rows = union_by_name(state.withColumn(KNOWN, F.lit(col=True)), rows, spec)
    if TRUNCATED in rows.columns:
        rows = rows.withColumn(TRUNCATED, is_true(column(TRUNCATED)))
    bounds = (START_AT, END_AT) if spec.scd_type == 2 else ()
    visible = [name for name in rows.columns if not name.startswith(HIDDEN) and name not in bounds]
    resolve_columns(spec.column_list or (), visible, "column_list", spec)
    keys = resolve_columns(spec.keys, visible, "keys", spec)
    values = tuple(name for name in visible if name not in keys)
    if buckets > 1:
        rows = rows.withColumn(BUCKET, bucket_of_event(rows, spec, buckets)).repartition(column(BUCKET))
    return Events(rows, keys, values, stored, buckets > 1)


def bucket_of_event(rows: DataFrame, spec: CdcSpec, buckets: int) -> Column:
    """Return the number of the bucket of an event; the last one is that of truncates."""
    of_key = bucket_of_key(spec.keys, rows.schema, buckets)
    return F.when(column(TRUNCATED), F.lit(buckets)).otherwise(of_key) if TRUNCATED in rows.columns else of_key


def touched_buckets(changes: DataFrame, spec: CdcSpec, stored: StructType, buckets: int) -> DataFrame | None:
    """Return the numbers of the buckets to which changes belong.

    Args:
        changes: The changes.
        spec: The flow that they come from.
        stored: The columns of the state.
        buckets: How many buckets it has.

    Returns:
        None if the keys have other types than in the state.
    """
    rows = change_events(changes, spec)
    for key in spec.keys:
        name, own = find_name(key, rows.columns), find_name(key, stored.names)
        if name is None or own is None or rows.schema[name].dataType != stored[own].dataType:
            return None
    return rows.select(bucket_of_event(rows, spec, buckets).alias(BUCKET))


def union_by_name(known: DataFrame, more: DataFrame, spec: CdcSpec) -> DataFrame:
    """Append rows to others. Structs get the fields of both; columns and fields that one side lacks are NULL there.

    Raises:
        CdcSpecError: A column has changed its type.
    """
    types: dict[str, DataType] = {}
    for field in more.schema:
        name = find_name(field.name, known.columns)
        if name is None:
            continue
        before = known.schema[name].dataType
        kind = widen(before, field.dataType)
        if kind is not None:
            types[name] = kind
        elif not (isinstance(before, NumericType) and isinstance(field.dataType, NumericType)):
            what = "the sequence" if name == SEQUENCE else f"the column `{field.name}`"
            raise spec.error(
                f"{what} was {before.simpleString()} and is now {field.dataType.simpleString()}",
                "cast it to its old type, or run the target with a full refresh",
                NEEDS_FULL_REFRESH,
            )
    known, more = fit_columns(known, types), fit_columns(more, types)
    return add_columns(known, more.schema).unionByName(add_columns(more, known.schema))


def add_columns(rows: DataFrame, columns: StructType) -> DataFrame:
    """Add the columns that rows lack, with NULL; a union with missing columns has no types for them in Sail."""
    missing = [field for field in columns if find_name(field.name, rows.columns) is None]
    return with_columns(rows, {field.name: F.lit(None).cast(field.dataType) for field in missing})


def fit_columns(rows: DataFrame, types: dict[str, DataType]) -> DataFrame:
    """Cast columns to these types; fields of structs are matched by name."""
    changed = {}
    for name, kind in types.items():
        spelling = find_name(name, rows.columns)
        if spelling is not None and rows.schema[spelling].dataType != kind:
            changed[spelling] = fit(column(spelling), rows.schema[spelling].dataType, kind)
    return with_columns(rows, changed)


def check_state(stored: frozenset[str], spec: CdcSpec) -> None:
    """Refuse a state with other keys or another SCD type."""
    hint = "run the target with a full refresh"
    if (START_AT in stored) != (spec.scd_type == 2):
        raise spec.error("the SCD type of the target has changed", hint, NEEDS_FULL_REFRESH)
    for key in spec.keys:
        if find_name(key, stored) is None:
            raise spec.error(f"the key `{key}` of the target is new", hint, NEEDS_FULL_REFRESH)


def change_events(changes: DataFrame, spec: CdcSpec) -> DataFrame:
    """Return a batch of change rows as events."""
    names = selected_columns(changes.columns, spec)
    keys = resolve_columns(spec.keys, names, "keys", spec)
    truncates = is_true(spec.apply_as_truncates)
    gone = is_true(spec.apply_as_deletes) | truncates
    selected = [F.when(~(truncates if name in keys else gone), column(name)).alias(name) for name in names]
    hidden = [check_sequence(changes, keys, truncates, spec).alias(SEQUENCE), (gone & ~truncates).alias(DELETED)]
    if spec.apply_as_truncates is not None:
        hidden.append(truncates.alias(TRUNCATED))
    return changes.select(*selected, *hidden)


def is_true(condition: Column | None) -> Column:
    """Return a condition that is never NULL."""
    return F.lit(col=False) if condition is None else F.coalesce(condition, F.lit(col=False))


def check_sequence(changes: DataFrame, keys: tuple[str, ...], truncates: Column, spec: CdcSpec) -> Column:
    """Return the sequence, which fails the query where it or a key is NULL; a truncate has no key.

    Databricks calls it AUTOCDC_MICROBATCH_VALIDATION.
    """
    sequence = spec.sequence_by
    data_type = changes.select(sequence.alias(SEQUENCE)).schema[0].dataType
    if not is_orderable(data_type):
        raise spec.error(f"the type {data_type.simpleString()} of the sequence has no order", "use another column")
    missing = sequence.isNull()
    if isinstance(data_type, StructType):
        missing = missing | reduce(and_, [sequence[name].isNull() for name in data_type.names])
    is_keyless = ~truncates & reduce(or_, [column(name).isNull() for name in keys])
    # Sail raises the message of the first row, whatever the condition around it says of that row.
    no_sequence = F.raise_error(F.when(missing, key_message(NULL_SEQUENCE, keys, spec)))
    no_key = F.raise_error(F.when(is_keyless, key_message(NULL_KEY, keys, spec)))
    return F.when(missing, no_sequence).when(is_keyless, no_key).otherwise(sequence)


def key_message(mark: str, keys: tuple[str, ...], spec: CdcSpec) -> Column:
    """Return the error message of a row, with its key."""
    values = (F.concat(F.lit(f"{json.dumps(name)}: "), _value_as_json(column(name))) for name in keys)
    start = f'{mark}{{"target": {json.dumps(spec.target)}, "key": {{'
    return F.concat(F.lit(start), F.concat_ws(", ", *values), F.lit("}}"))


def _value_as_json(value: Column) -> Column:
    """The JSON of a value; Sail has no option to keep fields that are NULL."""
    text = F.regexp_extract(F.to_json(F.struct(value.alias("value"))), r'^\{"value":(.*)\}$', 1)
    return F.when(value.isNull(), F.lit("null")).otherwise(text)
