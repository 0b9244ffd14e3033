"""Determines the columns and keys of each model's table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cbx.analysis.facts import UNKNOWN_HOME
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import ALL_MODELS, Cause, Report, did_you_mean, listing
from cbx.diagnostics.did_you_mean import nearest
from cbx.graph.model_graph import find_cycles, topological_order
from cbx.passes.facts.flow_facts import flows_by_target, rows_of_target
from cbx.passes.facts.schema_conversions import converted_columns
from cbx.passes.facts.table_facts import (
    END_AT,
    START_AT,
    has_emitted_schema,
    holds_key,
    reader_facts,
    snapshot_facts,
    table_columns,
    table_facts,
)
from cbx.passes.model_code.compare_columns import CODE_WORDS, are_named, compare_columns, undeclared_columns
from cbx.passes.model_code.report_mistakes import report_mistakes
from cbx.processes.garbage_collection import collect_trees
from cbx.project.find_project import PROJECT_FILE
from cbx.project.settings import Project
from cbx.stages.inputs import FileInput, Input, ModelInput, ReaderInput, SnapshotInput, TableInput
from cbx.stages.resolved import KnownTable, Linked, Typed
from cbx.stages.resolved_model import Column, PythonCode, ResolvedModel
from cbx.syntax.text import text_in_words

if TYPE_CHECKING:
    from cbx.analysis.facts import Table
    from cbx.analysis.relation.hazards import Suspicion
    from cbx.analysis.relation.relations import Relation
    from cbx.analysis.relation.uniqueness import Grain
    from cbx.analysis.tracing.requests import MissingExtra, Unknown
    from cbx.passes.model_code.model_analysis import ModelAnalyser, ModelAnalysis, UnknownReference

_TOGETHER = 50
"""Models after which the trees of queries are freed."""


def type_columns(linked: Linked, report: Report, known: Mapping[str, KnownTable]) -> Typed:
    """From declarations and queries to the columns of tables.

    Before: an ``auto_cdc`` model of type 2 that declares ``id`` and ``city``. After: these, and the two columns
    for the start and the end of a version. The columns of a query are known if those of its inputs are. CBX405 for
    a column that no input has, CBX310 to CBX312 where a declaration and a query disagree. The tables of ``known``
    models are taken as they are.
    """
    with ExitStack() as stack:
        typer = _ColumnTyper(linked, report, known, _start_analysis(linked.project, stack))
        for number, name in enumerate(
            topological_order(linked.graph) if not find_cycles(linked.graph) else sorted(linked.models)
        ):
            typer.add_model(linked.models[name])
            if typer.analysis is not None and number % _TOGETHER == 0:
                collect_trees()
    typer.report_untraced_models()
    return Typed(
        linked.project,
        linked.models,
        linked.graph,
        typer.columns,
        typer.relations,
        frozenset(typer.partly_declared),
        frozenset(typer.traced),
        typer.keys,
        typer.grains,
        typer.suspicions,
    )


_Origins = dict[str, tuple[tuple[str, str], ...] | None]
"""The columns that each column comes from, by names in lower case."""


def _start_analysis(project: Project, stack: ExitStack) -> ModelAnalyser | None:
    """The analyser of models; None if the project does not analyse them, so that no library is loaded."""
    if not project.settings.compile.analysis:
        return None
    from cbx.passes.model_code.model_analysis import ModelAnalyser

    return stack.enter_context(ModelAnalyser(project))


def _with_unknown_home(column: Column) -> Column:
    """A column of a model that was not analysed: it may pass on a column of a model that it reads."""
    return column._replace(home=UNKNOWN_HOME._replace(measure=column.home.measure if column.home is not None else ""))


@dataclass
class _ColumnTyper:
    linked: Linked
    report: Report
    known: Mapping[str, KnownTable]
    analysis: ModelAnalyser | None
    columns: dict[str, tuple[Column, ...] | None] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    partly_declared: set[str] = field(default_factory=set)
    traced: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    untraced: dict[str, Unknown | MissingExtra] = field(default_factory=dict)
    keys: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    grains: dict[str, Grain] = field(default_factory=dict)
    suspicions: dict[str, tuple[Suspicion, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.flows = flows_by_target(self.linked.models)

    def add_model(self, model: ResolvedModel) -> None:
        """Determine the columns and keys of a model, whose inputs were added before."""
        if model.id in self.known:
            table = self.known[model.id]
            self.columns[model.id], self.keys[model.id] = table.columns, table.keys
            self.partly_declared |= {model.id} if table.is_partly_declared else set()
            return
        analysed = self._analyse(model)
        inferred = _result_columns(analysed) if analysed is not None else None
        undeclared: tuple[Column, ...] = ()
        if analysed is not None and inferred is not None and model.columns is not None:
            declared = tuple(
                column for column in model.columns if model.cdc is None or column.name not in {START_AT, END_AT}
            )
            paths = [model.path, *(other.path for other in self._models_read(model))]
            undeclared = compare_columns(model, declared, inferred, analysed.expressions, paths, self.report)
            if undeclared_columns(model, model.columns, inferred):
                self.partly_declared.add(model.id)
            if undeclared:
                self.doubtful.add(model.id)
        named = inferred if are_named(inferred) else None
        columns = (*model.columns, *undeclared) if model.columns is not None else named
        origins = {column.name.lower(): column.lineage for column in inferred or ()}
        if not origins and model.columns is not None and self.analysis is not None:
            origins = self._origins_of_declared(model, model.columns, analysed)
        origins = self._add_origins_of_flows(model, origins)
        computed = {column.name.lower() for column in inferred or () if column.is_computed}
        derived = {column.name.lower() for column in inferred or () if column.is_derived}
        if columns is not None and origins:
            columns = tuple(
                column._replace(
                    lineage=origins.get(column.name.lower()),
                    is_computed=not column.type and column.name.lower() in computed,
                    is_derived=column.name.lower() in derived,
                )
                for column in columns
            )
        if model.kind == "seed" and columns is not None:
            columns = tuple(column._replace(lineage=()) for column in columns)
        if columns is not None and self._reads_models(model) and self.analysis and model.id not in self.relations:
            columns = tuple(_with_unknown_home(column) for column in columns)
        self.columns[model.id] = table_columns(model, columns, inferred or ())
        self.keys[model.id] = self._infer_keys(model)

    def _reads_models(self, model: ResolvedModel) -> bool:
        """Whether the rows of a table come from models, also through its flows."""
        flows = (self.linked.models[name] for name in self.flows.get(model.id, ()))
        return any(filling.model_inputs for filling in (model, *flows))

    def _origins_of_declared(
        self, model: ResolvedModel, declared: tuple[Column, ...], analysed: ModelAnalysis | None
    ) -> _Origins:
        """The origins of declared columns that code passes on from an input whose columns are not known."""
        if analysed is not None:
            from cbx.analysis.lineage import column_lineage, table_passed_on

            table = None if analysed.unknown_columns else table_passed_on(analysed.relation)
            known = {name.lower(): origins for name, origins in column_lineage(analysed.relation)} if table else {}
            passed = [column.name for column in declared] if table else []
        else:
            known = {}
            table, passed = self._passed_columns(model, declared)
        if table is None:
            return {}
        return {**{name.lower(): ((table, name),) for name in passed}, **known}

    def _passed_columns(self, model: ResolvedModel, declared: tuple[Column, ...]) -> tuple[str | None, list[str]]:
        """The input whose columns a Python function passes on, and the declared columns among them."""
        if not isinstance(model.code, PythonCode):
            return None, []
        from cbx.passes.model_code.passed_columns import find_passed_columns

        passed = find_passed_columns(model.code.source)
        if passed is None:
            return None, []
        sources = [source for source in model.inputs if source.parameter == passed.parameter]
        if len(sources) != 1:
            return None, []
        return self._input_table(sources[0]).name, [column.name for column in declared if passed.has(column.name)]

    def _add_origins_of_flows(self, model: ResolvedModel, origins: _Origins) -> _Origins:
        """The origins of a target's columns, with the columns of its flows."""
        for flow in self.flows.get(model.id, ()):
            names = {column.name.lower(): column.name for column in self.columns.get(flow) or ()}
            origins = {
                name: (*lineage, (flow, names[name])) if lineage is not None and name in names else None
                for name, lineage in origins.items()
            }
        return origins

    def _analyse(self, model: ResolvedModel) -> ModelAnalysis | None:
        """The analysis of a model's code; None if there is none."""
        if model.kind == "seed":
            return None
        if self.analysis is None:
            if isinstance(model.code, PythonCode):
                self._has_wrong_code(model, model.code, None)
            return None
        from cbx.analysis.relation.relations import Opaque
        from cbx.analysis.tracing.requests import MissingExtra, Unknown

        analysed = self.analysis.read(model, partial(self._input_tables, model.inputs))
        if isinstance(model.code, PythonCode) and self._has_wrong_code(model, model.code, analysed):
            return None
        if isinstance(analysed, (Unknown, MissingExtra)):
            self.untraced[model.id] = analysed
            is_about_inputs = isinstance(analysed, Unknown) and analysed.is_for_inputs
            reason = analysed.reason if is_about_inputs else "its function could not be analysed"
            self.relations[model.id] = Opaque((), (), reason=reason)
            return None
        if analysed is None:
            return None
        self.relations[model.id] = analysed.relation
        self.suspicions[model.id] = analysed.suspicions
        if isinstance(model.code, PythonCode):
            self.traced.add(model.id)
        self._report_mistakes(model, analysed)
        return analysed

    def _report_mistakes(self, model: ResolvedModel, analysed: ModelAnalysis) -> None:
        """Report mistakes in analysed code; after some of them nothing is known of its result."""
        for unknown in analysed.unknown_columns:
            self._report_unknown(model, unknown)
        if analysed.undeclared_tables:
            from cbx.passes.model_code.check_code import check_query

            check_query(model, analysed, self.linked.models, self.report)
        if analysed.mistakes:
            from cbx.analysis.relation.relations import Opaque

            report_mistakes(model, analysed.mistakes, self.linked, self.report)
            if any(mistake.kind == "ungrouped_column" for mistake in analysed.mistakes):
                self.relations[model.id] = Opaque((), (), reason="its code is wrong")

    def _report_unknown(self, model: ResolvedModel, unknown: UnknownReference) -> None:
        """Report a name that no input has."""
        code, missing = CODE_WORDS[type(model.code)], unknown.missing.lower()
        known_names = listing(sorted(set(unknown.candidates)))
        nothing = "nothing is read here: is the FROM missing?" if code == "query" else "no columns are known here"
        hint = did_you_mean(missing, unknown.candidates, f"known here: {known_names}" if known_names else nothing)
        span = unknown.span or model.spans.whole
        if unknown.is_table:
            message = f"the {code} of `{model.id}` reads `{unknown.name}`, but has no table `{unknown.missing}`"
            label, causes = "not a table here", [Cause(model.path, f"table {missing}")]
            if not unknown.candidates:
                causes.append(Cause(model.path, "nothing to read columns of"))
        else:
            message = f"the {code} of `{model.id}` reads `{unknown.name}`, which no input has"
            read = self._models_read(model)
            label, causes = "not a column", [Cause(other.path, f"column {missing}") for other in read]
            without = [other for other in read if other.cdc is not None and other.cdc.scd_type == 1]
            if missing.upper() in {START_AT, END_AT} and without:
                hint = f"`{without[0].id}` keeps no history: `scd_type=2` does"
                causes += [Cause(other.path, "history") for other in without]
            causes.append(Cause(model.path, f"column {missing} that it reads"))
            meant = nearest(missing, unknown.candidates)
            causes.append(Cause(model.path, f"grouped by {meant.lower() if meant else 'something unknown'}"))
            if not unknown.candidates:
                causes.append(Cause(model.path, "nothing to read columns of"))
        self.report.add(codes.UNKNOWN_COLUMN, message, span, label=label, hint=hint, causes=causes)

    def _models_read(self, model: ResolvedModel) -> list[ResolvedModel]:
        models = self.linked.models
        return [models[source.model] for source in model.model_inputs if source.model in models]

    def _has_wrong_code(
        self, model: ResolvedModel, code: PythonCode, outcome: ModelAnalysis | Unknown | MissingExtra | None
    ) -> bool:
        """Report mistakes in a function; afterwards nothing is known of its result."""
        from cbx.analysis.relation.relations import Opaque
        from cbx.passes.model_code.check_code import check_code

        is_wrong = check_code(model, code, outcome, self.linked.models, self.report)
        if is_wrong:
            self.relations[model.id] = Opaque((), (), reason="its function could not be analysed")
        return is_wrong

    def _input_tables(self, inputs: Sequence[Input]) -> tuple[Table, ...]:
        """What is known of the inputs of a model; computed once for an input that is read several times."""
        tables: dict[tuple[str, bool], Table] = {}
        for source in inputs:
            if isinstance(source, ModelInput) and (source.model, source.is_streaming) not in tables:
                tables[source.model, source.is_streaming] = self._input_table(source)
        return tuple(
            tables[source.model, source.is_streaming] if isinstance(source, ModelInput) else self._input_table(source)
            for source in inputs
        )

    def _input_table(self, source: Input) -> Table:
        """What is known of an input."""
        if isinstance(source, ModelInput) and source.model in self.columns:
            read = self.linked.models[source.model]
            has_schema = has_emitted_schema(
                read, self.linked.project, is_partly_declared=read.id in self.partly_declared
            )
            return table_facts(
                read,
                self.columns[read.id] if read.id not in self.doubtful else None,
                self.keys[read.id],
                is_streaming=source.is_streaming,
                has_schema=has_schema,
            )
        match source:
            case ModelInput(model=name):
                pass
            case TableInput(dependency=str(name)):
                from cbx.passes.facts.published_facts import published_facts

                published = published_facts(self.linked.project, name, is_streaming=source.is_streaming)
                if published is not None:
                    return published
            case TableInput(table=text) | FileInput(path=text):
                name = text_in_words(text)
            case ReaderInput():
                return reader_facts(source)
            case SnapshotInput():
                return snapshot_facts(source)
        from cbx.analysis.facts import Table

        return Table(name, is_streaming=source.is_streaming)

    def _infer_keys(self, model: ResolvedModel) -> tuple[tuple[str, ...], ...]:
        """The keys of a model's result, whose grain is kept if they do not prove all that is declared.

        AUTO CDC makes a table of other rows. Flows add rows to the table; `grains` are those of queries alone. The rows
        of a seed have proven its keys.
        """
        if model.kind == "seed":
            return model.declared_keys
        relation = None if model.cdc is not None else self.relations.get(model.id)
        flows = self.flows.get(model.id, ())
        if relation is not None and flows:
            relation = rows_of_target(model.id, flows, self.linked.models, self.relations)
        if relation is None:
            return ()
        from cbx.analysis.grain.infer_grain import infer_grain
        from cbx.analysis.verdicts import result_keys

        grain = infer_grain(relation)
        keys = result_keys(relation, grain)
        converted = converted_columns(
            model, relation, self.linked.project, is_partly_declared=model.id in self.partly_declared
        )
        if converted:
            keys = tuple(key for key in keys if not any(name.lower() in converted for name in key))
        if not flows and not all(holds_key(key, keys) for key in model.declared_keys):
            self.grains[model.id] = grain
        return keys

    def report_untraced_models(self) -> None:
        """Report why models could not be traced, except for those whose inputs are not known well enough."""
        if not self.untraced:
            return
        from cbx.analysis.tracing.requests import MissingExtra, Unknown

        start = self.linked.project.source.start()
        missing = [outcome for outcome in self.untraced.values() if isinstance(outcome, MissingExtra)]
        if missing:
            message = f"{len(missing)} Python {'models were' if len(missing) > 1 else 'model was'} not traced"
            self.report.add(codes.UNTRACED_MODEL, message, start, hint=missing[0].reason)
            self.report.untraced_here[ALL_MODELS] = missing[0].reason
        failed: dict[str, list[str]] = {}
        for name, outcome in self.untraced.items():
            if not isinstance(outcome, Unknown) or outcome.is_for_inputs:
                continue
            if outcome.is_no_answer:
                failed.setdefault(outcome.reason, []).append(name)
                continue
            if not outcome.is_lasting:
                self.report.is_lasting = False
                self.report.untraced_here[name] = outcome.reason
            message = f"the function of `{name}` could not be analysed: {outcome.reason}"
            span = self.linked.models[name].spans.whole
            causes = [] if outcome.is_lasting else [Cause(PROJECT_FILE, f"here: {outcome.reason}")]
            self.report.add(codes.UNTRACED_MODEL, message, span, hint=_UNTRACED, causes=causes)
        for reason, names in failed.items():
            span = self.linked.models[names[0]].spans.whole
            message = f"{listing(names)} cannot be traced on this machine now: {reason}"
            self.report.add(codes.TRACING_UNAVAILABLE, message, span, hint=_NO_ANSWER)


_NO_ANSWER = "compile again, or skip tracing with `--no-trace`"
_UNTRACED = "its columns and keys are as declared; a key is checked on the data"


def _result_columns(analysed: ModelAnalysis) -> tuple[Column, ...] | None:
    """The columns of a model's result; None if unknown."""
    if analysed.relation.is_open or analysed.unknown_columns:
        return None
    from cbx.analysis.columns import known_type
    from cbx.analysis.lineage import column_lineage, columns_passed_on

    passed = columns_passed_on(analysed.relation)
    origins = dict(column_lineage(analysed.relation))
    return tuple(
        Column(
            field.name,
            kind := known_type(field) or "",
            lineage=origins.get(field.name),
            is_computed=not kind and field.type is not None,
            is_derived=field.name not in passed,
        )
        for field in analysed.relation.fields
    )
