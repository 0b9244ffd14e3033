"""Whether a query in ``NOT IN`` returns a column that may be NULL."""

from __future__ import annotations

from cbx.analysis.facts import Table, TableRelationship
from cbx.analysis.grain.infer_grain import infer_grain
from cbx.analysis.hazards.matches import always_matches, table_with
from cbx.analysis.relation.outer_sides import outer_sides
from cbx.analysis.relation.relations import Relation


def may_return_null(query: Relation, relationships: tuple[TableRelationship, ...]) -> bool:
    """Whether the only column of a query may be NULL, as far as that is known.

    It may if it is of a side of an outer join without a match, and if it is a column of a table that says of other
    columns that they are never NULL, and not of this one. Of other columns it is not known.
    """
    if len(query.fields) != 1 or query.is_open:
        return False
    column = query.fields[0].id
    if column in infer_grain(query).not_null:
        return False
    sides = [side for side in outer_sides(query) if column in side.columns]
    if any(not always_matches(side.join, side.side, relationships) for side in sides):
        return True
    found = table_with(query, frozenset({column}))
    return found is not None and _is_nullable(found[0], found[1][column])


def _is_nullable(table: Table, name: str) -> bool:
    columns = table.columns or ()
    in_keys = {part.lower() for key in table.keys for part in key}
    says_so = any(column.not_null for column in columns)
    return says_so and name.lower() not in in_keys
