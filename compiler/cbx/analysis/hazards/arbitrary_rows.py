"""Whether a function that takes one of several rows may take another one in the next update."""

from __future__ import annotations

from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import NONE, Ids
from cbx.analysis.relation.hazards import ArbitraryChoice
from cbx.analysis.relation.relation_walks import columns_read, nodes_of
from cbx.analysis.relation.relations import Relation
from cbx.analysis.relation.row_counts import most_rows
from cbx.analysis.relation.uniqueness import Grain


def is_arbitrary(choice: ArbitraryChoice, relation: Relation) -> bool:
    """Whether the order of a choice is the same for all rows that it chooses among, and these may differ.

    ``row_number() OVER (PARTITION BY a ORDER BY a)`` numbers the rows of a group as they come. A single row, or rows
    that agree in all that is taken of them, leave no choice. ``first`` and ``dropDuplicates`` are judged where the rows
    have a known key: if it is not known, the values may well agree.

    Args:
        choice: The choice.
        relation: The query that it is in.
    """
    grain = infer_grain(choice.rows)
    if choice.function == "limit":
        return not _takes_all_or_any(choice, grain)
    agreed = grain.closure(choice.partition)
    if not choice.order <= agreed or grain.is_key(choice.partition):
        return False
    if choice.function == "dropDuplicates":
        return bool(grain.keys) and not _taken_of_remaining(choice.rows, relation) <= agreed
    if choice.values is not None:
        return bool(grain.keys) and not choice.values <= agreed
    return not _taken_with_numbers(choice.rows, relation, agreed) <= agreed


def _takes_all_or_any(limit: ArbitraryChoice, grain: Grain) -> bool:
    """Whether a LIMIT takes no row or all of them, or any of rows that are alike."""
    fields = frozenset(field.id for field in limit.rows.fields)
    around = _columns_around(limit.rows)
    are_alike = not limit.rows.is_open and fields <= grain.closure(around)
    most = 1 if grain.is_key(around) else most_rows(limit.rows)
    return are_alike or limit.count == 0 or (most is not None and most <= (1 if limit.count is None else limit.count))


def _columns_around(query: Relation) -> Ids:
    """The columns that a query reads of the rows around it, which have one value each time that it runs."""
    nodes = nodes_of(query)
    return NONE.union(*map(columns_read, nodes)) - {field.id for node in nodes for field in node.fields}


def _taken_of_remaining(rows: Relation, relation: Relation) -> Ids:
    """The columns of rows that a query passes on or computes with after it has dropped some of the rows."""
    below = {id(node) for node in nodes_of(rows)}
    above = [node for node in nodes_of(relation) if id(node) not in below]
    taken = NONE.union(*map(columns_read, above), (field.id for field in relation.fields))
    return taken & frozenset(field.id for field in rows.fields)


def _taken_with_numbers(rows: Relation, relation: Relation, agreed: Ids) -> Ids:
    """What a query takes of rows that it numbers, without what it computes for whole groups of them."""
    nodes = nodes_of(relation)
    windows = [node for node in nodes if isinstance(node, ir.Window) and node.input is rows]
    over_groups = {
        column.column
        for window in windows
        for column in window.columns
        if column.partition is not None and column.partition <= agreed
    }
    takers = [node for node in nodes if isinstance(node, ir.Projection) and any(node.input is each for each in windows)]
    made = {definition.column for taker in takers for definition in taker.definitions}
    passed_on = NONE.union(*(frozenset(field.id for field in taker.fields) | columns_read(taker) for taker in takers))
    return passed_on - over_groups - made
