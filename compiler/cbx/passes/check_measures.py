"""Checks that aggregates count each row of the tables that their values come from once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.analysis.facts import OTHER_COLUMNS, UNKNOWN_HOME, ColumnHome, CurrentKey
from cbx.diagnostics import codes
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import Diagnostic, Related, Report
from cbx.graph.model_graph import find_cycles, topological_order
from cbx.passes.facts.flow_facts import flows_by_target, rows_of_target
from cbx.passes.facts.relationship_facts import declarations_of, facts_by_child, facts_of_inputs, version_cause
from cbx.passes.facts.table_facts import END_AT, START_AT
from cbx.passes.measures.explain_measures import describe_measure, explain_repetition, explain_unknown
from cbx.passes.measures.target_homes import Homes, homes_of_changes, homes_of_rows, is_at_home_here
from cbx.passes.model_code.model_analysis import span_of
from cbx.stages.measures import MeasureResult
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Column, ResolvedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.analysis.homes import Home
    from cbx.analysis.measures import JudgedMeasure
    from cbx.analysis.relation.relations import Relation
    from cbx.analysis.repetition import Repetition

_TO_DECLARE = "declare the keys and the relationships of the tables that are read"


def check_measures(connected: Connected, report: Report) -> Connected:
    """From aggregates to verdicts, and from columns to their home tables.

    Before: ``gold.revenue`` sums ``amount`` of ``silver.orders``, joined with ``silver.payments``, of which an order
    has many. After: the verdict on this sum is ``repeated``, and CBX314 names the join and the relationship. A model
    that passes ``amount`` on at the grain of payments passes on that it is at home in ``silver.orders``. CBX315 for a
    verdict ``unknown``.
    """
    if connected.project.settings.compile.measures == "off" or not connected.relations or find_cycles(connected.graph):
        return connected
    check = _Check(connected, report)
    for name in topological_order(connected.graph):
        check.add(connected.models[name])
    if not report.has_errors:  # an error may be the reason for an unknown verdict
        report.extend(check.unknown)
    columns = {name: _with_homes(columns, check.homes[name]) for name, columns in connected.columns.items()}
    return connected._replace(columns=columns, measures=check.measures)


def _with_homes(columns: tuple[Column, ...] | None, homes: Homes) -> tuple[Column, ...] | None:
    if columns is None or not homes:
        return columns
    return tuple(
        column._replace(home=homes[column.name.lower()]) if column.name.lower() in homes else column
        for column in columns
    )


class _Check:
    """Checks one model after the other, each after those that it reads."""

    def __init__(self, connected: Connected, report: Report) -> None:
        self.connected = connected
        self.report = report
        self.homes: dict[str, Homes] = {}
        self.measures: dict[str, tuple[MeasureResult, ...]] = {}
        self.unknown: list[Diagnostic] = []
        self._facts = facts_by_child(connected)
        self._flows = flows_by_target(connected.models)

    def add(self, model: ResolvedModel) -> None:
        """Judge the aggregates of a model, and find the homes of its columns."""
        columns = self.connected.columns.get(model.id) or ()
        homes = {column.name.lower(): column.home for column in columns if column.home is not None}
        relation = self.connected.relations.get(model.id)
        if relation is not None:
            listed = {field.name.lower() for field in relation.fields} | {START_AT.lower(), END_AT.lower()}
            unlisted = {column.name.lower() for column in columns} - listed if model.model_inputs else set()
            inferred = {**dict.fromkeys(unlisted, UNKNOWN_HOME), **self._judge(model, relation)}
            if model.id in self._flows:
                inferred = self._add_flows(model, inferred, columns)
            if model.options.replace_using:  # the rows that repeat one may be replaced
                inferred = {
                    name: home._replace(is_repeated=home.is_repeated and None) for name, home in inferred.items()
                }
            declared = {name: home.measure for name, home in homes.items() if home.measure}
            homes = inferred | {
                name: inferred.get(name, ColumnHome())._replace(measure=kind) for name, kind in declared.items()
            }
        self.homes[model.id] = homes

    def _add_flows(self, target: ResolvedModel, homes: Homes, columns: tuple[Column, ...]) -> Homes:
        """The homes of the columns of a table that flows fill beside its own query."""
        relations, flows = self.connected.relations, self._flows[target.id]
        names = [column.name.lower() for column in columns]
        if target.cdc is not None:
            changes = [homes_of_changes(self.homes[flow], relations[flow]) for flow in flows if flow in relations]
            is_known = len(changes) == len(flows)
            here = {name for name in names if all(is_at_home_here(part.get(name)) for part in (homes, *changes))}
            return {**homes, **{name: UNKNOWN_HOME for name in names if not is_known or name not in here}}
        rows = rows_of_target(target.id, flows, self.connected.models, relations)
        if rows is None:
            return dict.fromkeys(names, UNKNOWN_HOME)
        models = [target, *(self.connected.models[flow] for flow in flows)]
        read = sorted({given.model for model in models for given in model.model_inputs})
        facts = dict.fromkeys(fact for model in models for fact in facts_of_inputs(model, self._facts))
        return homes_of_rows(rows, {name: self._homes_of(name) for name in read}, tuple(facts))

    def _judge(self, model: ResolvedModel, relation: Relation) -> Homes:
        from cbx.analysis.homes import find_homes
        from cbx.analysis.measures import judge_measures, result_homes

        inputs = sorted({given.model for given in model.model_inputs})
        facts = facts_of_inputs(model, self._facts)
        homes = find_homes(relation, {name: self._homes_of(name) for name in inputs})
        judged = judge_measures(relation, homes, facts)
        if judged:
            names = {column.id: column.name for column in relation.fields if column.name}
            # A query that is read twice, or the columns of a pivot, have an aggregate of one place several times.
            described = {self._describe(model, each, names): each for each in judged}
            self.measures[model.id] = tuple(described)
            for measure in {(measure.span, measure.text): measure for measure in described}.values():
                self._report(model, described[measure], measure)
        of_result = result_homes(relation, homes, facts, self.connected.grains.get(model.id))
        return of_result if model.cdc is None else homes_of_changes(of_result, relation)

    def _describe(self, model: ResolvedModel, judged: JudgedMeasure, names: Mapping[int, str]) -> MeasureResult:
        measure = describe_measure(model, judged, names)
        if not self.connected.project.settings.compile.check_measures:
            return measure
        from cbx.passes.measures.measure_queries import write_measure_query

        return measure._replace(query=write_measure_query(model, judged))

    def _homes_of(self, name: str) -> Homes:
        """The homes of the columns of a table that is read; not known where the columns of a model are not known."""
        has_columns = name not in self.connected.models or self.connected.columns.get(name) is not None
        return self.homes.get(name, {}) if has_columns else {OTHER_COLUMNS: UNKNOWN_HOME}

    def _report(self, model: ResolvedModel, judged: JudgedMeasure, measure: MeasureResult) -> None:
        if judged.verdict == "unknown":
            message = f"`{measure.text}` in `{model.id}` may count rows several times: {explain_unknown(judged)}"
            hint = _TO_DECLARE if measure.query is None else "it is checked on the data"
            unknown = Diagnostic(codes.UNKNOWN_MEASURE, message, measure.span or model.spans.whole, hint=hint)
            self.unknown.append(unknown)
        elif judged.repetition is not None and judged.homes[0].measure != "rate":
            self._report_repeated(model, judged.homes[0], judged.repetition, measure)

    def _report_repeated(
        self, model: ResolvedModel, home: Home, repetition: Repetition, measure: MeasureResult
    ) -> None:
        rows = f"rows of `{home.table}`" if home.table else "rows of a subquery"
        reason, hint = explain_repetition(repetition)
        counts, counted, repeats = (
            ("counts", "counted", "repeats")
            if repetition.is_declared
            else ("can count", "can be counted", "can repeat")
        )
        message = f"`{measure.function}` in `{model.id}` {counts} {rows} several times: {reason}"
        span = measure.span or model.spans.whole
        at = span_of(model, repetition.place)
        related = [Related(f"this {repeats} them", at)] if at is not None and at != span else []
        related += declarations_of(repetition.cause, self.connected.relationships)
        is_error = home.measure == "total" or self.connected.project.settings.compile.measures == "error"
        code = codes.REPEATED_MEASURE._replace(severity=Severity.ERROR) if is_error else codes.REPEATED_MEASURE
        causes = [version_cause(model, repetition.table)] if isinstance(repetition.cause, CurrentKey) else []
        label = f"{counted} several times"
        self.report.add(code, message, span, label=label, hint=hint, related=related, causes=causes)
