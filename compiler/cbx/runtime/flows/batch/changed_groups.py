"""The rows of a view's groups that new rows change, and the rows that they replace.

Groups are computed again from all of their rows, or what the view has of them is merged with the new rows.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, Final

from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

from cbx.runtime.refresh_rules.find_merge import MergeRule
from cbx.runtime.refresh_rules.query_description import Obstacle
from cbx.runtime.spark.plans.new_rows import (
    is_one_of,
    other_files,
    read_values,
    rows_below,
    rows_of_new_files,
    values_of_changes,
)
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from cbx.runtime.refresh_rules.find_merge import MergedColumn
    from cbx.runtime.refresh_rules.find_rule import GroupsRule

FILE: Final = "__cbx_file"
_KEY, _OLD, _SEEN = "__cbx_key_{}", "__cbx_old_{}", "__cbx_seen_{}"
_MOST_LISTED: Final = 500
"""How many values are named in a condition, by which Spark may leave out parts of files."""


@dataclass(slots=True)
class ChangedGroups:
    """Groups of a view that new rows change.

    Attributes:
        rows: Their rows after the refresh.
        old: Their rows before it, each with the file that has it.
        keep: Leaves those of other groups.
        columns: The columns that tell groups apart.
    """

    rows: DataFrame
    old: DataFrame
    keep: Callable[[DataFrame], DataFrame]
    columns: tuple[str, ...]


@dataclass(slots=True)
class KeptRows:
    """Rows that are computed once and used several times."""

    frames: list[DataFrame] = field(default_factory=list)

    def keep(self, frame: DataFrame) -> DataFrame:
        """The rows, computed at their first use."""
        self.frames.append(frame.persist())
        return self.frames[-1]


@contextmanager
def keep_rows() -> Iterator[KeptRows]:
    """Keep rows while the context lasts."""
    kept = KeptRows()
    try:
        yield kept
    finally:
        for frame in kept.frames:
            frame.unpersist()


def with_file(rows: DataFrame) -> DataFrame:
    """Rows that were read from files, with the URI of the file."""
    return rows.select("*", F.input_file_name().alias(FILE))


def compute_again(
    frame: DataFrame,
    rule: GroupsRule,
    files: Mapping[int, Sequence[str]],
    removed: Mapping[int, Sequence[str]],
    before: DataFrame,
    kept: KeptRows,
) -> ChangedGroups | Obstacle:
    """Compute groups from all of their rows.

    Args:
        frame: The query of the view.
        rule: What tells groups apart.
        files: The new files, by the place of the relation in the plan.
        removed: The files that an input no longer has, by the place of the relation.
        before: The rows of the view before.
        kept: Keeps rows.
    """
    values: list[set[object]] = [set() for _ in rule.columns]
    for place in sorted({*files, *removed}):
        wanted = [
            (number, expression)
            for number, column in enumerate(rule.columns)
            for source, expression in column.sources
            if source == place
        ]
        expressions = [expression for _, expression in wanted]
        found = values_of_changes(frame, place, files.get(place, ()), removed.get(place, ()), expressions)
        if isinstance(found, Obstacle):
            return found
        for row in found:
            for (number, _), value in zip(wanted, row, strict=True):
                values[number].add(value)
    fields = [frame.schema[column.place] for column in rule.columns]
    conditions = [
        is_one_of(F.col(quote(each.name)), each.dataType.typeName(), known)
        for each, known in zip(fields, values, strict=True)
    ]
    condition = reduce(and_, conditions)
    old = kept.keep(with_file(before.where(condition)))
    names = tuple(each.name for each in fields)
    is_other = ~F.coalesce(condition, F.lit(col=False))
    return ChangedGroups(frame.where(condition), old, lambda rows: rows.where(is_other), names)


def merge_groups(
    frame: DataFrame, rule: MergeRule, files: Mapping[int, Sequence[str]], before: DataFrame, kept: KeptRows
) -> ChangedGroups | Obstacle:
    """Merge the groups of new rows with those that a view has.

    Arguments are those of ``compute_again``; all files that the inputs had are as they were.
    """
    new = kept.keep(rows_of_new_files(frame, files))
    fields = [frame.schema[place] for place in rule.groups]
    columns = [F.col(quote(each.name)) for each in fields]
    values = read_values(new.select(*columns)) if columns else []
    if isinstance(values, Obstacle):
        return values
    keys = new.select(*(column.alias(_KEY.format(number)) for number, column in enumerate(columns)))
    is_key = _are_same(columns, [F.col(_KEY.format(number)) for number in range(len(columns))])
    old = with_file(before.where(_list_values(fields, columns, values)))
    if len(columns) > 1:
        old = old.join(F.broadcast(keys), is_key, "left_semi")
    old = kept.keep(old)
    seen = [_count_seen(frame, rule, each, files, kept) for each in rule.columns if each.counted]
    obstacle = next((each for each in seen if isinstance(each, Obstacle)), None)
    if obstacle is not None:
        return obstacle
    rows = _merge(frame, rule, new, old, [each for each in seen if not isinstance(each, Obstacle)])

    def keep(rows: DataFrame) -> DataFrame:
        return rows.join(F.broadcast(keys), is_key, "left_anti") if columns else rows.where("false")

    return ChangedGroups(rows.coalesce(1), old, keep, tuple(each.name for each in fields))


def _list_values(fields: Sequence[Any], columns: Sequence[Column], values: Sequence[tuple[Any, ...]]) -> Column:
    """A condition that is true for all rows with these values, and maybe for others."""
    conditions = [F.lit(col=True)]
    for place, (each, column) in enumerate(zip(fields, columns, strict=True)):
        listed = {row[place] for row in values}
        if len(listed) <= _MOST_LISTED or len(columns) == 1:
            conditions.append(is_one_of(column, each.dataType.typeName(), listed))
    return reduce(and_, conditions)


def _are_same(ours: Sequence[Column], theirs: Sequence[Column]) -> Column:
    """Whether columns have the same values, of which NULL is one."""
    pairs = (first.eqNullSafe(second) for first, second in zip(ours, theirs, strict=True))
    return reduce(and_, pairs, F.lit(col=True))


def _merge(frame: DataFrame, rule: MergeRule, new: DataFrame, old: DataFrame, seen: Sequence[DataFrame]) -> DataFrame:
    """The groups of new rows with the results that old groups had."""
    keys = [F.col(quote(frame.columns[place])) for place in rule.groups]
    before = old.select(
        *(key.alias(_KEY.format(number)) for number, key in enumerate(keys)),
        *(F.col(quote(frame.columns[each.place])).alias(_OLD.format(each.place)) for each in rule.columns),
    )
    names = [_KEY.format(number) for number in range(len(keys))]
    if rule.has_joins:
        before = before.coalesce(1).dropDuplicates(names)
    rows = new
    for other in (before, *seen):
        same = _are_same(keys, [F.col(name) for name in names])
        rows = rows.join(F.broadcast(other), same, "left").drop(*names)
    merged = {each.place: _merge_column(frame, each) for each in rule.columns}
    return rows.select(
        *(
            merged.get(place, F.col(quote(each.name))).cast(each.dataType).alias(each.name)
            for place, each in enumerate(frame.schema)
        )
    )


def _merge_column(frame: DataFrame, column: MergedColumn) -> Column:
    """The result of an aggregate over old and new rows; the old result is NULL for a new group."""
    new, old = F.col(quote(frame.columns[column.place])), F.col(_OLD.format(column.place))
    if column.merge == "least":
        return F.least(old, new)
    if column.merge == "greatest":
        return F.greatest(old, new)
    if column.merge in ("of least", "of greatest"):
        new_other, old_other = F.col(quote(frame.columns[column.other])), F.col(_OLD.format(column.other))
        is_new = new_other <= old_other if column.merge == "of least" else new_other >= old_other
        return F.when(old_other.isNull() | is_new, new).otherwise(old)
    if column.merge == "add distinct":
        new = new - F.coalesce(F.col(_SEEN.format(column.place)), F.lit(0))
    total = _make_addable(frame, column, old) + _make_addable(frame, column, new)
    return F.when(old.isNull(), new).when(new.isNull(), old).otherwise(total)


def _make_addable(frame: DataFrame, column: MergedColumn, value: Column) -> Column:
    """A value of a type whose sums have as many digits behind the point."""
    kind: Any = frame.schema[column.place].dataType
    return value.cast(f"decimal(37, {kind.scale})") if kind.typeName() == "decimal" and kind.precision == 38 else value


def _count_seen(
    frame: DataFrame, rule: MergeRule, column: MergedColumn, files: Mapping[int, Sequence[str]], kept: KeptRows
) -> DataFrame | Obstacle:
    """How many of the values that new rows bring to a group were in it before, for each group of which some were."""
    expressions = (*rule.aggregate.groups, *column.counted)
    new = rows_below(frame, rule.aggregate, expressions, files)
    counted = [F.col(name) for name in new.columns[len(rule.groups) :]]
    new = kept.keep(new.where(reduce(and_, (each.isNotNull() for each in counted))).distinct())
    values = read_values(new)
    if isinstance(values, Obstacle):
        return values
    others = other_files(frame, files)
    if not all(others.values()):
        return Obstacle("one of its inputs had no rows", "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL")
    old = rows_below(frame, rule.aggregate, expressions, others)
    old = old.where(_list_values(list(old.schema), [F.col(name) for name in old.columns], values))
    ours = new.select(*(F.col(name).alias(f"new_{name}") for name in new.columns))
    same = _are_same([F.col(name) for name in old.columns], [F.col(name) for name in ours.columns])
    # One task for the few rows that are left needs no shuffle.
    found = old.join(F.broadcast(ours), same, "left_semi").coalesce(1).distinct()
    keys = [
        F.col(old.columns[number]).cast(frame.schema[place].dataType).alias(_KEY.format(number))
        for number, place in enumerate(rule.groups)
    ]
    return found.groupBy(*keys).agg(F.count(F.lit(1)).alias(_SEEN.format(column.place)))
