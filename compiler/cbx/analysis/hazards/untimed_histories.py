"""Finds tables that keep each version of a row, read as if they had one row for each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.conditions import apply_predicates
from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.relation.places import Place
from cbx.analysis.relation.relation_walks import columns_read, counts_rows, inputs_of, nodes_of, queries_of
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.uniqueness import Grain

_TIMES = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_NTZ"})


def untimed_histories(relation: Relation) -> list[Hazard]:
    """The reads of SCD type 2 tables that are joined or counted as a whole.

    A query that names a time is not reported: one that reads a column with a time, or one that orders the versions,
    anywhere in a condition, a group, an order or an expression, or that passes on ``__START_AT`` or ``__END_AT``.
    Neither is one that leaves a single version of each key, such as that with ``row_number() = 1``, nor one that merges
    the versions: ``max(c.city = 'Rome')`` for each customer says whether they ever lived there.

    Example:
        ``SELECT c.city, sum(o.amount) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.city`` where
        ``customers`` is of SCD type 2.
    """
    if not any(isinstance(node, ir.Scan) and node.table.current_keys for node in nodes_of(relation)):
        return []
    hazards = []
    pending = [(relation, _Use(shown=frozenset(column.id for column in relation.fields)))]
    while pending:
        node, above = pending.pop()
        use = replace(above, read=above.read | columns_read(node), grains=(*above.grains, (infer_grain(node), 0)))
        hazards += _judge(node, use) if isinstance(node, ir.Scan) else []
        pending += [*_inputs_with_use(node, use), *((query, _Use()) for query in queries_of(node))]
    return hazards[::-1]


@dataclass(frozen=True, slots=True)
class _Use:
    """What the nodes above do with rows.

    Attributes:
        read: The columns that they compute with or compare.
        shown: The columns that the result passes on.
        is_joined: Whether they join the rows.
        is_counted: Whether they count the rows or add them up.
        groups: What the rows are grouped by where they are counted or merged.
        is_merged: Whether they group the rows and do not depend on how many there are in a group.
        grains: The grains of the rows before they are joined or counted, each with the offset of its columns.
        place: Where they are joined or counted.
    """

    read: Ids = NONE
    shown: Ids = NONE
    is_joined: bool = False
    is_counted: bool = False
    groups: Ids = NONE
    is_merged: bool = False
    grains: tuple[tuple[Grain, int], ...] = ()
    place: Place = None

    def has_single_rows(self, key: Ids) -> bool:
        """Whether columns are unique in the rows, before they are joined or counted."""
        return any(grain.is_key(frozenset(column + offset for column in key)) for grain, offset in self.grains)

    def shift(self, offset: int) -> _Use:
        """The same, for the columns of a copy's input."""
        read, shown, groups = (
            frozenset(column - offset for column in columns) for columns in (self.read, self.shown, self.groups)
        )
        grains = tuple((grain, added + offset) for grain, added in self.grains)
        return replace(self, read=read, shown=shown, groups=groups, grains=grains)


def _judge(scan: ir.Scan, use: _Use) -> list[Hazard]:
    ids = {column.name.lower(): column.id for column in scan.fields}
    starts = [current.start or "" for current in scan.table.current_keys]
    for current in scan.table.current_keys:
        ends = frozenset(ids.get(name.lower(), -1) for name in (*starts, current.null_column))
        times = ends | {column.id for column in scan.fields if column.type in _TIMES}
        times |= {ids.get(name.lower(), -1) for name in current.sequence}
        key = frozenset(ids.get(name.lower(), -1) for name in current.columns)
        is_merged = use.is_merged and not use.groups & (frozenset(ids.values()) - key)
        is_used = (use.is_joined and not is_merged) or (use.is_counted and not key <= use.groups)
        if is_used and not use.has_single_rows(key) and not times & use.read and not ends & use.shown:
            return [Hazard("history_without_time", scan.place or use.place, (scan.table.name,))]
    return []


def _inputs_with_use(relation: Relation, use: _Use) -> list[tuple[Relation, _Use]]:
    """The inputs of a node, each with what happens to its rows in the node and above."""
    match relation:
        case ir.Copy(input=rows, offset=offset):
            return [(rows, use.shift(offset))]
        case ir.Join(kind="semi" | "anti", left=left):
            return [(left, use)]
        case ir.Join(left=left, right=right):
            return [
                (left, _use_of_side(relation, left, right, use)),
                (right, _use_of_side(relation, right, left, use)),
            ]
        case ir.Aggregate(input=rows):
            return [(rows, _use_of_groups(relation, use))]
        case ir.SetOperation(inputs=branches):
            return [(branch, _use_of_branch(relation, branch, use)) for branch in branches]
        case ir.Distinct(input=rows, by=by):
            groups = frozenset(field.id for field in relation.fields)
            return [(rows, replace(use, is_joined=False, is_counted=False, groups=groups, is_merged=by is None))]
        case ir.Projection(input=rows) | ir.Filter(input=rows):
            return [(rows, use)]
        case _:
            return [(child, use) for child in inputs_of(relation)]


def _use_of_side(join: ir.Join, side: Relation, other: Relation, use: _Use) -> _Use:
    """What happens to the rows of a side: a join is no use of versions if each row of the other side is left once."""
    columns = frozenset(field.id for field in side.fields)
    own = [predicate for predicate in join.predicates if ir.condition_reads(predicate) <= columns]
    grain = apply_predicates(infer_grain(side), own)
    is_joined = use.is_joined or not any(map(use.has_single_rows, infer_grain(other).keys))
    return replace(use, is_joined=is_joined, grains=((grain, 0),), place=join.place)


def _use_of_groups(node: ir.Aggregate, use: _Use) -> _Use:
    """What happens to rows that are grouped: what does not depend on how many there are is no use of them."""
    groups = frozenset(group.source for group in node.groups)
    shown = frozenset(group.source for group in node.groups if group.column in use.shown)
    is_counted = counts_rows(node)
    read = use.read | groups
    return _Use(read, shown, is_counted=is_counted, groups=groups, is_merged=not is_counted, place=node.place)


def _use_of_branch(operation: ir.SetOperation, branch: Relation, use: _Use) -> _Use:
    pairs = list(zip(operation.fields, branch.fields, strict=True))
    read, shown, groups = (
        frozenset(old.id for new, old in pairs if new.id in columns) for columns in (use.read, use.shown, use.groups)
    )
    return replace(use, read=read, shown=shown, groups=groups)
