"""Ignored NULLs: which change set each value, so that late changes are merged correctly.

Where NULL means "as before", a row of the target is assembled from several changes. For each such column, and for each
field of a struct column, the state keeps the newest value of a change with the sequence of that change: a leaf. A value
counts if no delete or truncate came after it. Without leaves, it would be unknown which of the newer NULLs a late
change has to fill.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 # the alias that Spark's documentation uses
from pyspark.sql.types import BooleanType, DataType, StructField, StructType

from cbx.runtime.auto_cdc.columns import HIDDEN, column, comparable_value, is_orderable, with_columns
from cbx.runtime.auto_cdc.events import DELETED, KNOWN, SEQUENCE, Events
from cbx.runtime.auto_cdc.spec import AllBut, CdcSpec, resolve_columns
from cbx.runtime.nested_types import fit

GIVEN = HIDDEN + "given_"
LATEST = HIDDEN + "latest_"
FLOOR = HIDDEN + "floor"
RESTORED = HIDDEN + "restored"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column, or a field inside it, with the value of the last change that set one.

    A struct is a leaf too, with whether it is not NULL as its value. Its fields are further leaves.
    """

    path: tuple[str, ...]
    data_type: DataType
    ignores_null: bool

    def hidden_name(self, prefix: str) -> str:
        """Return a hidden name for the leaf: injective for all characters."""
        return prefix + ".".join(part.replace("~", "~0").replace(".", "~1") for part in self.path)

    @property
    def name(self) -> str:
        """The column of the state that keeps the leaf."""
        return self.hidden_name(GIVEN)

    @property
    def value(self) -> Column:
        """The value in a change; for a struct, whether it is not NULL."""
        if isinstance(self.data_type, StructType):
            return F.when(column(*self.path).isNotNull(), F.lit(col=True))
        return column(*self.path)

    @property
    def stored_type(self) -> DataType:
        """The type of `value`."""
        return BooleanType() if isinstance(self.data_type, StructType) else self.data_type


Leaves = dict[str, list[Leaf]]  # by column, the column's own leaf first


def column_leaves(events: Events, spec: CdcSpec) -> Leaves:
    """Return the leaves of every column whose NULLs this flow ignores, or an earlier one did."""
    ignored = _columns_ignoring_nulls(events, spec)
    leaves_of = {}
    for name in events.values:
        leaves = field_leaves((), events.rows.schema[name], ignores_null=name in ignored)
        if name in ignored or leaves[0].name in events.stored:
            leaves_of[name] = leaves
    return leaves_of


def _columns_ignoring_nulls(events: Events, spec: CdcSpec) -> Iterable[str]:
    """Return the columns whose NULLs this flow ignores."""
    ignored, known = spec.ignore_null_updates, (*events.keys, *events.values)
    if isinstance(ignored, bool):
        return events.values if ignored else ()
    if isinstance(ignored, AllBut):
        excepted = resolve_columns(ignored.names, known, "ignore_null_updates_except_column_list", spec)
        return [name for name in events.values if name not in excepted]
    return resolve_columns(ignored, known, "ignore_null_updates_column_list", spec)


def field_leaves(parents: tuple[str, ...], field: StructField, *, ignores_null: bool) -> list[Leaf]:
    """Return the leaf of a column or field, and those of the fields below it."""
    path = (*parents, field.name)
    below = field.dataType if isinstance(field.dataType, StructType) else ()
    leaves = [Leaf(path, field.dataType, ignores_null)]
    return leaves + [leaf for each in below for leaf in field_leaves(path, each, ignores_null=ignores_null)]


def every_leaf(leaves: Leaves) -> Iterable[Leaf]:
    """Return the leaves of all columns."""
    return (leaf for each in leaves.values() for leaf in each)


def add_given_values(leaves: Leaves, events: Events) -> DataFrame:
    """Add the sequence and value that each event sets for each leaf; NULL if it sets none."""
    new = {}
    for own, *below in leaves.values():
        for leaf in (own, *below):
            new[leaf.name] = given_value(leaf, own, events)
    return with_columns(events.rows, new)


def given_value(leaf: Leaf, own: Leaf, events: Events) -> Column:
    """Return what an event sets for a leaf of the column whose own leaf is `own`.

    Rows of the state store their leaves. If they have none for a column that they do have, no flow ignored its NULLs
    until now, and each row is one whole change. They have no value for a column that was added later.
    """
    whole = F.struct(column(SEQUENCE).alias("sequence"), leaf.value.alias("value"))
    unless_null = F.when(leaf.value.isNotNull(), whole)
    if leaf.name in events.stored:
        fields = [StructField("sequence", events.type_of(SEQUENCE)), StructField("value", leaf.stored_type)]
        stored = fit(column(leaf.name), events.type_of(leaf.name), StructType(fields))
    else:
        is_whole = own.path[0] in events.stored and own.name not in events.stored
        stored = F.when(~column(DELETED), whole if is_whole else unless_null)
    fresh = F.when(~column(DELETED), unless_null if leaf.ignores_null else whole)
    return F.when(column(KNOWN), stored).otherwise(fresh)


def newest_given_value(leaf: Leaf) -> Column:
    """Return an aggregate: the newest value of a leaf, and of the same sequence the greatest."""
    if is_orderable(leaf.stored_type):
        return F.max(column(leaf.name))
    value = comparable_value(column(leaf.name)["value"], leaf.stored_type)
    order = F.when(column(leaf.name).isNotNull(), F.struct(column(leaf.name)["sequence"], value))
    return F.max_by(column(leaf.name), order)


def restore_columns(rows: DataFrame, leaves: Leaves, prefix: str, events: Events) -> DataFrame:
    """Assemble the columns from their leaves, and mark the rows that changed.

    Args:
        rows: Rows with a column of each leaf under the prefix, and with `FLOOR`.
        leaves: The columns to assemble.
        prefix: The prefix of the hidden columns with the values of the leaves.
        events: The roles of the columns.
    """
    new = {name: assemble_column(each, prefix) for name, each in leaves.items()}
    same = []
    for name, value in new.items():
        data_type = events.type_of(name)
        same.append(comparable_value(column(name), data_type).eqNullSafe(comparable_value(value, data_type)))
    return rows.withColumn(RESTORED, ~reduce(and_, same)).withColumns(new)


def assemble_column(leaves: list[Leaf], prefix: str) -> Column:
    """Assemble a column or a field from its own leaf, which comes first, and those below it."""
    own, *below = leaves
    newest = column(own.hidden_name(prefix))
    is_forgotten = F.coalesce(newest["sequence"] <= column(FLOOR), F.lit(col=False))
    value = F.when(~is_forgotten, newest["value"])
    if not isinstance(own.data_type, StructType):
        return value
    depth = len(own.path)
    fields = [
        assemble_column([leaf for leaf in below if leaf.path[depth] == name], prefix).alias(name)
        for name in own.data_type.names
    ]
    return F.when(value, F.struct(*fields))
