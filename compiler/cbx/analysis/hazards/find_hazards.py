"""The hazards of a query: what is legal, and probably not meant."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.analysis.facts import TableRelationship
from cbx.analysis.hazards.arbitrary_rows import is_arbitrary
from cbx.analysis.hazards.coalesced_keys import may_match_nulls
from cbx.analysis.hazards.dropped_duplicates import dropped_duplicates
from cbx.analysis.hazards.matches import always_matches
from cbx.analysis.hazards.nullable_lists import may_return_null
from cbx.analysis.hazards.rejecting_joins import rejecting_joins
from cbx.analysis.hazards.unmatched_groups import unmatched_groups
from cbx.analysis.hazards.untimed_histories import untimed_histories
from cbx.analysis.relation.hazards import (
    ArbitraryChoice,
    CoalescedKeys,
    Hazard,
    NotInQuery,
    RejectedSide,
    Suspicion,
)
from cbx.analysis.relation.relations import Relation


def find_hazards(
    relation: Relation, suspicions: Iterable[Suspicion], relationships: tuple[TableRelationship, ...]
) -> list[Hazard]:
    """The hazards of a query, each once.

    Args:
        relation: The query; its scans carry what is known of the tables.
        suspicions: What was noted while it was read.
        relationships: The declared relationships of its tables.
    """
    hazards = [hazard for suspicion in suspicions for hazard in _decide(suspicion, relation, relationships)]
    hazards += [*untimed_histories(relation), *unmatched_groups(relation, relationships), *dropped_duplicates(relation)]
    hazards += rejecting_joins(relation, relationships)
    return list(dict.fromkeys(hazards))


def _decide(suspicion: Suspicion, relation: Relation, relationships: tuple[TableRelationship, ...]) -> list[Hazard]:
    match suspicion:
        case Hazard():
            return [suspicion]
        case RejectedSide(place, join, side):
            if always_matches(join, side, relationships):
                return []
            return [Hazard("filter_on_outer_join", place, (join.kind,), join.place)]
        case ArbitraryChoice(place, function):
            return [Hazard("arbitrary_rows", place, (function,))] if is_arbitrary(suspicion, relation) else []
        case CoalescedKeys(place=place):
            return [Hazard("coalesced_join_key", place)] if may_match_nulls(suspicion) else []
        case NotInQuery(place, query):
            return [Hazard("not_in_nullable", place)] if may_return_null(query, relationships) else []
