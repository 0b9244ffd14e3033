"""Where the columns of tables are at home that are not simply the result of one query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cbx.analysis.facts import ColumnHome, TableRelationship

if TYPE_CHECKING:
    from cbx.analysis.relation.relations import Relation

Homes = dict[str, ColumnHome]
"""The homes of columns by their names in lower case; a column that is not listed is at home in its own table."""


def homes_of_changes(homes: Homes, relation: Relation) -> Homes:
    """The homes of the columns of an AUTO CDC target, whose rows are made of the changes that a query reads.

    What else the query reads is at home where it was; how often its rows are in the target is not known.
    """
    from cbx.analysis.relation.relation_walks import stream_scans

    changes = {scan.table.name for scan in stream_scans(relation)}
    return {
        name: ColumnHome(measure=home.measure)
        if home.is_repeated is False and home.table in {"", *changes}
        else home._replace(is_repeated=None)
        for name, home in homes.items()
    }


def homes_of_rows(
    relation: Relation, tables: Mapping[str, Homes], relationships: tuple[TableRelationship, ...]
) -> Homes:
    """The homes of the columns of a relation, given those of the tables that it reads, and their relationships."""
    from cbx.analysis.homes import find_homes
    from cbx.analysis.measures import result_homes

    return result_homes(relation, find_homes(relation, tables), relationships)


def is_at_home_here(home: ColumnHome | None) -> bool:
    """Whether a column is a property of the rows of its own table, none of which is there twice."""
    return home is None or (not home.table and home.is_repeated is False)
