"""Reports what is legal in the code of a model and probably not meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.codes import Code
from cbx.diagnostics.diagnostic import Cause, Related, Report
from cbx.passes.facts.relationship_facts import facts_by_child, facts_of_inputs, type_cause, version_cause
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.relation.hazards import Hazard, HazardKind
    from cbx.analysis.relation.relations import Relation


class _Words(NamedTuple):
    """What is said of a hazard; ``{model}`` is the model, and ``{0}`` and ``{1}`` are the names of the hazard."""

    code: Code
    message: str
    label: str
    hint: str


_WORDS: Mapping[HazardKind, _Words] = {
    "filter_on_outer_join": _Words(
        codes.FILTER_ON_OUTER_JOIN,
        "a condition in `{model}` drops the rows of a {0} join that have no match",
        "never true without a match",
        "write an inner join, or move the condition into ON, which keeps these rows",
    ),
    "join_on_outer_join": _Words(
        codes.FILTER_ON_OUTER_JOIN,
        "a join in `{model}` drops the rows of an earlier {0} join that have no match",
        "never true without a match",
        "write both as inner joins, or both as outer joins",
    ),
    "group_of_unmatched_rows": _Words(
        codes.GROUP_OF_UNMATCHED_ROWS,
        "`{model}` groups by columns that are NULL where a {0} join has no match",
        "all rows without a match are one group",
        "group by a column of the other side as well, write an inner join, or name the group with `coalesce`",
    ),
    "arbitrary_rows": _Words(
        codes.CHANGING_RESULT,
        "`{0}` in `{model}` takes any of several rows: nothing puts them in an order",
        "may take other rows in each update",
        "order by columns that are unique among these rows",
    ),
    "changing_values": _Words(
        codes.CHANGING_RESULT,
        "`{0}` in `{model}` has other values in each update",
        "computed again in each update",
        "compute it from columns, for example with `sha2` or `xxhash64` of the key",
    ),
    "changing_sample": _Words(
        codes.CHANGING_RESULT,
        "a sample in `{model}` has other rows in each update",
        "drawn again in each update",
        "give the sample a seed, or choose the rows by a hash of their key",
    ),
    "not_in_nullable": _Words(
        codes.NOT_IN_NULLABLE,
        "NOT IN in `{model}` is true for no row if the query in it returns a NULL",
        "the column may be NULL",
        "write NOT EXISTS or LEFT ANTI JOIN, or add IS NOT NULL to the query",
    ),
    "union_drops_rows": _Words(
        codes.UNION_DROPS_ROWS,
        "`{model}` adds up rows of a UNION, which drops those that are equal but for their keys",
        "equal rows count once",
        "write UNION ALL, or select the keys as well",
    ),
    "history_without_time": _Words(
        codes.HISTORY_WITHOUT_TIME,
        "`{model}` reads every version of each row of `{0}`",
        "SCD type 2, and no time is named",
        "read only the current rows (`__END_AT IS NULL`), or the versions of a time",
    ),
    "coalesced_join_key": _Words(
        codes.COALESCED_JOIN_KEY,
        "a join in `{model}` gives keys that are NULL a default, so that all of them match each other",
        "a NULL matches every NULL, and the default",
        "compare the columns with `=`, or with `<=>` if rows without a key belong together",
    ),
    "lossy_join": _Words(
        codes.LOSSY_JOIN,
        "a join in `{model}` compares {0} with {1}",
        "values that differ may be equal here",
        "cast one side to the type of the other, or store both with one type",
    ),
    "comparison_with_null": _Words(
        codes.COMPARISON_WITH_NULL,
        "`{model}` compares a value with NULL, which is never true",
        "NULL for each row",
        "test with IS NULL or IS NOT NULL, in Python with `isNull()` or `isNotNull()`",
    ),
}
_OF_RECOMPUTED_TABLES: frozenset[HazardKind] = frozenset({"arbitrary_rows", "changing_sample", "changing_values"})
"""What does no harm in a streaming table, whose rows are computed once."""


def check_hazards(connected: Connected, report: Report) -> None:
    """Report CBX320 to CBX328, at the expressions; nothing after an error, which may be the reason.

    Before: ``FROM a LEFT JOIN b ON b.id = a.id WHERE b.x > 1``. After: CBX320 at the condition, with the join.
    """
    if report.has_errors or not connected.relations:
        return
    from cbx.analysis.hazards.find_hazards import find_hazards

    by_child = facts_by_child(connected)
    wrong_types = report.causes_of(codes.COLUMN_TYPE_MISMATCH)
    for name, relation in connected.relations.items():
        model = connected.models[name]
        suspicions = connected.suspicions.get(name, ())
        for hazard in find_hazards(relation, suspicions, facts_of_inputs(model, by_child)):
            if hazard.kind not in _OF_RECOMPUTED_TABLES or model.kind == "materialized_view":
                causes = _causes(model, hazard, relation, wrong_types)
                _report_hazard(model, hazard, causes, report)


def _causes(model: ResolvedModel, hazard: Hazard, relation: Relation, wrong_types: frozenset[Cause]) -> list[Cause]:
    """What else may be wrong: the declared type of a compared column, or that the versions of a table are read."""
    from cbx.analysis.lineage import origins_of

    if hazard.kind == "history_without_time":
        return [version_cause(model, hazard.names[0])]
    origins = sorted(origins_of(hazard.columns, relation)) if hazard.columns and wrong_types else []
    return [cause for table, column in origins if (cause := type_cause(table, column)) in wrong_types]


def _report_hazard(model: ResolvedModel, hazard: Hazard, causes: list[Cause], report: Report) -> None:
    from cbx.passes.model_code.model_analysis import span_of

    words = _WORDS[hazard.kind]
    message = words.message.format(*hazard.names, model=model.id)
    span = span_of(model, hazard.place) or model.spans.whole
    at = span_of(model, hazard.related)
    related = [Related("the outer join", at)] if at is not None and at != span else []
    report.add(words.code, message, span, label=words.label, hint=words.hint, related=related, causes=causes)
