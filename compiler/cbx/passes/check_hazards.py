"""Reports what is legal in the code of a model and probably not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.codes import Code
from cbx.diagnostics.diagnostic import Cause, Related, Report
from cbx.passes.relationship_facts import facts_by_child, facts_of_inputs, type_cause, version_cause
from cbx.stages.resolved import Connected, ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.relation.hazards import Hazard
    from cbx.analysis.relation.relations import Relation


_ROW_CHOICES = frozenset({"first", "first_value", "last", "last_value", "limit", "row_number"})
"""The functions that take rows by their order, and LIMIT."""


class _Words(NamedTuple):
    """What is said of a hazard."""

    code: Code
    message: str
    label: str
    hint: str


def check_hazards(connected: Connected, report: Report) -> None:
    """Report CBX320 to CBX328, at the expressions; nothing after an error, which may be the reason.

    Before: ``FROM a LEFT JOIN b ON b.id = a.id WHERE b.x > 1``. After: CBX320 at the condition, with the join.
    """
    if report.has_errors or not connected.relations:
        return
    from cbx.analysis.hazards.find_hazards import find_hazards

    by_child = facts_by_child(connected.relationships)
    wrong_types = report.causes_of(codes.COLUMN_TYPE_MISMATCH)
    for name, relation in connected.relations.items():
        model = connected.models[name]
        suspicions = connected.suspicions.get(name, ())
        for hazard in find_hazards(relation, suspicions, facts_of_inputs(model, by_child)):
            if hazard.kind != "changing_result" or model.kind == "materialized_view":
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
    from cbx.passes.model_analysis import span_of

    words = _describe(model.id, hazard)
    span = span_of(model, hazard.place) or model.spans.whole
    at = span_of(model, hazard.related)
    related = [Related("the outer join", at)] if at is not None and at != span else []
    report.add(words.code, words.message, span, label=words.label, hint=words.hint, related=related, causes=causes)


def _describe(model: str, hazard: Hazard) -> _Words:
    match hazard.kind:
        case "filter_on_outer_join":
            message = f"a condition in `{model}` drops the rows of a {hazard.names[0]} join that have no match"
            hint = "write an inner join, or move the condition into ON, which keeps these rows"
            return _Words(codes.FILTER_ON_OUTER_JOIN, message, "never true without a match", hint)
        case "group_of_unmatched_rows":
            message = f"`{model}` groups by columns that are NULL where a {hazard.names[0]} join has no match"
            hint = "group by a column of the other side as well, write an inner join, or name the group with `coalesce`"
            return _Words(codes.GROUP_OF_UNMATCHED_ROWS, message, "all rows without a match are one group", hint)
        case "changing_result":
            function = hazard.names[0]
            if function in _ROW_CHOICES:
                message = f"`{function}` in `{model}` takes any of several rows: nothing puts them in an order"
                hint = "order by columns that are unique among these rows"
                return _Words(codes.CHANGING_RESULT, message, "may take other rows in each update", hint)
            message = f"`{function}` in `{model}` has other values in each update"
            hint = "compute it from columns, for example with `sha2` or `xxhash64` of the key"
            return _Words(codes.CHANGING_RESULT, message, "computed again in each update", hint)
        case "not_in_nullable":
            message = f"NOT IN in `{model}` is true for no row if the query in it returns a NULL"
            hint = "write NOT EXISTS or LEFT ANTI JOIN, or add IS NOT NULL to the query"
            return _Words(codes.NOT_IN_NULLABLE, message, "the column may be NULL", hint)
        case "union_drops_rows":
            message = f"`{model}` counts rows of a UNION, which drops those that are equal but for their keys"
            hint = "write UNION ALL, or select the keys as well"
            return _Words(codes.UNION_DROPS_ROWS, message, "equal rows count once", hint)
        case "history_without_time":
            message = f"`{model}` reads every version of each row of `{hazard.names[0]}`"
            hint = "read only the current rows (`__END_AT IS NULL`), or the versions of a time"
            return _Words(codes.HISTORY_WITHOUT_TIME, message, "SCD type 2, and no time is named", hint)
        case "coalesced_join_key":
            message = f"a join in `{model}` gives keys that are NULL a default, so that all of them match each other"
            hint = "compare the columns with `=`, or with `<=>` if rows without a key belong together"
            return _Words(codes.COALESCED_JOIN_KEY, message, "a NULL matches every NULL, and the default", hint)
        case "lossy_join":
            message = f"a join in `{model}` compares {hazard.names[0]} with {hazard.names[1]}"
            hint = "cast one side to the type of the other, or store both with one type"
            return _Words(codes.LOSSY_JOIN, message, "values that differ may be equal here", hint)
        case _:
            message = f"`{model}` compares a value with NULL, which is never true"
            hint = "ask with IS NULL or IS NOT NULL, in Python with `isNull()` or `isNotNull()`"
            return _Words(codes.COMPARISON_WITH_NULL, message, "NULL for each row", hint)
