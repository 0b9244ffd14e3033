"""Checks that aggregates count each row of the tables that their values come from once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cbx.analysis.facts import OTHER_COLUMNS, UNKNOWN_HOME, ColumnHome
from cbx.diagnostics import codes
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Related, Report, listing
from cbx.graph.model_graph import find_cycles, topological_order
from cbx.passes.relationship_facts import declarations_of, facts_by_child, facts_of_inputs
from cbx.passes.table_facts import END_AT, START_AT
from cbx.stages.resolved import Column, Connected, MeasureResult, ResolvedModel

if TYPE_CHECKING:
    from cbx.analysis.measures import JudgedMeasure
    from cbx.analysis.relation.relations import Relation

Homes = dict[str, ColumnHome]


def check_measures(connected: Connected, report: Report) -> Connected:
    """From aggregates to verdicts, and from columns to their home tables.

    Before: ``gold.revenue`` sums ``amount`` of ``silver.orders``, joined with ``silver.payments``, of which an order
    has many. After: the verdict on this sum is ``repeated``, and CBX314 names the join and the relationship. A model
    that passes ``amount`` on at the grain of payments passes on that it is at home in ``silver.orders``.
    """
    if connected.project.settings.compile.measures == "off" or not connected.relations or find_cycles(connected.graph):
        return connected
    check = _Check(connected, report)
    for name in topological_order(connected.graph):
        check.add(connected.models[name])
    columns = {name: _with_homes(columns, check.homes[name]) for name, columns in connected.columns.items()}
    return connected._replace(columns=columns, measures=check.measures)


def _with_homes(columns: tuple[Column, ...] | None, homes: Homes) -> tuple[Column, ...] | None:
    if columns is None or not homes:
        return columns
    return tuple(
        column._replace(home=homes[column.name.lower()]) if column.name.lower() in homes else column
        for column in columns
    )


def _homes_of_target(homes: Homes, relation: Relation) -> Homes:
    """The homes of the columns of an AUTO CDC target, whose rows are made of the changes that its query reads.

    What else the query reads is at home where it was; how often its rows are in the target is not known.
    """
    from cbx.analysis.relation.relation_walks import stream_scans

    changes = {scan.table.name for scan in stream_scans(relation)}
    return {
        name: ColumnHome(measure=home.measure)
        if home.table in changes or (not home.table and home.is_repeated is False)
        else home._replace(is_repeated=None)
        for name, home in homes.items()
    }


class _Check:
    """Checks one model after the other, each after those that it reads."""

    def __init__(self, connected: Connected, report: Report) -> None:
        self.connected = connected
        self.report = report
        self.homes: dict[str, Homes] = {}
        self.measures: dict[str, tuple[MeasureResult, ...]] = {}
        self._facts = facts_by_child(connected.relationships)

    def add(self, model: ResolvedModel) -> None:
        """Judge the aggregates of a model, and find the homes of its columns."""
        columns = self.connected.columns.get(model.id) or ()
        homes = {column.name.lower(): column.home for column in columns if column.home is not None}
        relation = self.connected.relations.get(model.id)
        if relation is not None:
            listed = {field.name.lower() for field in relation.fields} | {START_AT.lower(), END_AT.lower()}
            unlisted = {column.name.lower() for column in columns} - listed if model.model_inputs else set()
            inferred = {**dict.fromkeys(unlisted, UNKNOWN_HOME), **self._judge(model, relation)}
            declared = {name: home.measure for name, home in homes.items() if home.measure}
            homes = inferred | {
                name: inferred.get(name, ColumnHome())._replace(measure=kind) for name, kind in declared.items()
            }
        self.homes[model.id] = homes

    def _judge(self, model: ResolvedModel, relation: Relation) -> Homes:
        from cbx.analysis.homes import find_homes
        from cbx.analysis.measures import judge_measures, result_homes

        inputs = sorted({given.model for given in model.model_inputs})
        facts = facts_of_inputs(model, self._facts)
        homes = find_homes(relation, {name: self._homes_of(name) for name in inputs})
        judged = judge_measures(relation, homes, facts)
        if judged:
            names = {column.id: column.name for column in relation.fields if column.name}
            self.measures[model.id] = tuple(_result(measure, names) for measure in judged)
        for measure in judged:
            if measure.repetition is not None:
                self._report(model, measure)
        of_result = result_homes(relation, homes, facts, self.connected.grains.get(model.id))
        return of_result if model.cdc is None else _homes_of_target(of_result, relation)

    def _homes_of(self, name: str) -> Homes:
        """The homes of the columns of a table that is read; not known where the columns of a model are not known."""
        has_columns = name not in self.connected.models or self.connected.columns.get(name) is not None
        return self.homes.get(name, {}) if has_columns else {OTHER_COLUMNS: UNKNOWN_HOME}

    def _report(self, model: ResolvedModel, judged: JudgedMeasure) -> None:
        from cbx.passes.model_analysis import span_of

        repetition, (home, *_) = judged.repetition, judged.homes
        if repetition is None or home.measure == "rate":
            return
        rows = f"rows of `{home.table}`" if home.table else "rows of a subquery"
        reason, hint = _explain(judged)
        message = f"`{judged.measure.function}` in `{model.id}` counts {rows} several times: {reason}"
        span = span_of(model, judged.measure.place) or model.spans.whole
        at = span_of(model, repetition.place)
        related = [Related("this repeats them", at)] if at is not None and at != span else []
        related += declarations_of(repetition.cause, self.connected.relationships)
        is_error = home.measure == "total" or self.connected.project.settings.compile.measures == "error"
        code = codes.REPEATED_MEASURE._replace(severity=Severity.ERROR) if is_error else codes.REPEATED_MEASURE
        self.report.add(code, message, span, label="counted several times", hint=hint, related=related)


def _explain(judged: JudgedMeasure) -> tuple[str, str]:
    """Why rows repeat, and how to fix it."""
    from cbx.analysis.facts import CurrentKey
    from cbx.analysis.repetition import OtherKey

    repetition = judged.repetition
    assert repetition is not None  # noqa: S101 - asked only of repeated measures
    if isinstance(repetition.cause, CurrentKey):
        reason = f"`{repetition.table}` holds every version of a row"
        return (
            reason,
            f"join only the current rows of `{repetition.table}` (`__END_AT IS NULL`), or the versions of a time",
        )
    if isinstance(repetition.cause, OtherKey):
        many, cause = repetition.table, repetition.cause
        hint = f"aggregate `{many}` before the join, or sum a column of `{many}` instead"
        return f"`{many}` has a row for each {listing(cause.key)}, and is joined by {listing(cause.compared)}", hint
    if repetition.cause is not None:
        many = repetition.table
        hint = f"aggregate `{many}` before the join, sum a column of `{many}` instead, or count distinct values"
        return f"one row has many of `{many}`", hint
    if repetition.table:
        hint = f"sum it over `{repetition.table}`, or group by the key of the table that is read here"
        return "the table that is read here repeats them", hint
    return "one row has many elements", "sum before the collection is exploded"


def _result(judged: JudgedMeasure, names: Mapping[int, str]) -> MeasureResult:
    tables = tuple(sorted({home.table for home in judged.homes if home.table}))
    return MeasureResult(names.get(judged.measure.column), judged.measure.function, judged.verdict, tables)
