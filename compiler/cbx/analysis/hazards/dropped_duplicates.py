"""Finds totals over a UNION that drops rows with different keys."""

from __future__ import annotations

from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.relation import relations as ir
from cbx.analysis.relation.columns import Measure
from cbx.analysis.relation.hazards import Hazard
from cbx.analysis.relation.relation_walks import nodes_of
from cbx.analysis.relation.relations import Relation


def dropped_duplicates(relation: Relation) -> list[Hazard]:
    """The sums and averages over a UNION of rows without their keys.

    A count is not among them: people write ``SELECT count(*) FROM (SELECT id FROM a UNION SELECT id FROM b)`` to count
    different values.

    Example:
        ``SELECT sum(amount) FROM (SELECT day, amount FROM a UNION SELECT day, amount FROM b)``, where the key of ``a``
        is its id, adds two rows of one day with the same amount once.
    """
    return [
        Hazard("union_drops_rows", measures[0].place)
        for node in nodes_of(relation)
        if isinstance(node, ir.Aggregate) and (measures := [each for each in node.measures if _adds_up(each)])
        for union in _unions(node.input)
        if any(map(_lacks_its_key, union.inputs))
    ]


def _adds_up(measure: Measure) -> bool:
    return measure.is_mean or (measure.makes_total and measure.function != "count")


def _unions(relation: Relation) -> list[ir.SetOperation]:
    """The UNION that makes some rows, if nothing in between groups or joins them."""
    match relation:
        case ir.Projection(input=rows) | ir.Filter(input=rows) | ir.Copy(input=rows):
            return _unions(rows)
        case ir.SetOperation(kind="union", is_all=False):
            return [relation]
        case ir.Distinct(input=ir.SetOperation(kind="union") as union, by=None):
            return [union]
        case _:
            return []


def _lacks_its_key(branch: Relation) -> bool:
    """Whether rows of a branch with different keys may agree in all columns."""
    grain = infer_grain(branch)
    return bool(grain.keys) and not grain.is_key(frozenset(field.id for field in branch.fields))
