"""Settles which columns each model's table has, and what its code does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import ALL_MODELS, Cause, Related, Report, did_you_mean, listing
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import Span
from cbx.graph.model_graph import find_cycles, topological_order
from cbx.parse.queries import begins_with_from
from cbx.parse.types import is_same_type
from cbx.passes.report_mistakes import report_mistakes
from cbx.passes.table_facts import END_AT, START_AT, has_emitted_schema, table_columns, table_facts
from cbx.processes.garbage_collection import let_go_of_trees
from cbx.project.find_project import PROJECT_FILE
from cbx.project.settings import Project
from cbx.stages.resolved import (
    Column,
    FileInput,
    Input,
    KnownTable,
    Linked,
    ModelInput,
    PythonCode,
    ResolvedModel,
    SqlCode,
    TableInput,
    Typed,
)
from cbx.syntax.text import text_in_words

if TYPE_CHECKING:
    from cbx.analysis.facts import Table
    from cbx.analysis.relation.relations import Relation
    from cbx.analysis.tracing.requests import MissingExtra, Unknown
    from cbx.passes.model_analysis import Analysed, Analysis, UnknownReference

_TOGETHER = 50
"""Models whose trees are let go of together."""


def type_columns(linked: Linked, report: Report, known: Mapping[str, KnownTable] | None = None) -> Typed:
    """From declarations and queries to the columns of tables.

    Before: an ``auto_cdc`` model of type 2 that declares ``id`` and ``city``. After: these, and the two columns
    that tell since when and until when a version held. A query tells its columns where its inputs do. CBX405 for
    a column that no input has, CBX310 to CBX312 where a declaration and a query disagree. Of models that are ``known``
    from before nothing is asked again.
    """
    with ExitStack() as stack:
        typing = _Typing(linked, report, known or {}, _analysis(linked.project, stack))
        for number, name in enumerate(
            topological_order(linked.graph) if not find_cycles(linked.graph) else sorted(linked.models)
        ):
            typing.add(linked.models[name])
            if typing.analysis is not None and number % _TOGETHER == 0:
                let_go_of_trees()
    typing.report_untraced()
    proven = {name: typing.proven_keys(model) for name, model in linked.models.items()}
    return Typed(
        linked.project,
        linked.models,
        linked.graph,
        typing.columns,
        typing.relations,
        frozenset(typing.partly_declared),
        frozenset(typing.traced),
        proven,
    )


def _analysis(project: Project, stack: ExitStack) -> Analysis | None:
    """What reads the code of models; None where the project leaves that out, which then costs no time to load."""
    if not project.settings.compile.analysis:
        return None
    from cbx.passes.model_analysis import Analysis

    return stack.enter_context(Analysis(project))


@dataclass
class _Typing:
    linked: Linked
    report: Report
    known: Mapping[str, KnownTable]
    analysis: Analysis | None
    columns: dict[str, tuple[Column, ...] | None] = field(default_factory=dict)
    relations: dict[str, Relation] = field(default_factory=dict)
    partly_declared: set[str] = field(default_factory=set)
    traced: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    untraced: dict[str, Unknown | MissingExtra] = field(default_factory=dict)
    keys: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def add(self, model: ResolvedModel) -> None:
        """Settle the columns of a model; what it reads is settled already."""
        if model.id in self.known:
            known = self.known[model.id]
            self.columns[model.id], self.keys[model.id] = known.columns, known.keys
            self.partly_declared |= {model.id} if known.is_partly_declared else set()
            return
        analysed = self._analysed(model)
        inferred = _result_columns(analysed) if analysed is not None else None
        undeclared: tuple[Column, ...] = ()
        if analysed is not None and inferred is not None and model.columns is not None:
            declared = tuple(one for one in model.columns if model.cdc is None or one.name not in {START_AT, END_AT})
            paths = [model.path, *(other.path for other in self._models_read(model))]
            undeclared = _compare(model, declared, inferred, analysed.expressions, paths, self.report)
            extra = {one.name.lower() for one in inferred} - {one.name.lower() for one in model.columns}
            if extra and model.cdc is None:
                self.partly_declared.add(model.id)
            if undeclared:
                self.doubtful.add(model.id)
        named = inferred if _are_named(inferred) else None
        columns = (*model.columns, *undeclared) if model.columns is not None else named
        origins = {one.name.lower(): one.lineage for one in inferred or ()}
        computed = {one.name.lower() for one in inferred or () if one.is_computed}
        if columns is not None and origins:
            columns = tuple(
                one._replace(
                    lineage=origins.get(one.name.lower()), is_computed=not one.type and one.name.lower() in computed
                )
                for one in columns
            )
        self.columns[model.id] = table_columns(model, columns)

    def _analysed(self, model: ResolvedModel) -> Analysed | None:
        """What a model's code does; None where that is not known."""
        if self.analysis is None:
            if isinstance(model.code, PythonCode):
                self._has_wrong_code(model, model.code, None)
            return None
        from cbx.analysis.relation.relations import Opaque
        from cbx.analysis.tracing.requests import MissingExtra, Unknown

        analysed = self.analysis.read(model, partial(self._tables, model.inputs))
        if isinstance(model.code, PythonCode) and self._has_wrong_code(model, model.code, analysed):
            return None
        if isinstance(analysed, (Unknown, MissingExtra)):
            self.untraced[model.id] = analysed
            is_about_inputs = isinstance(analysed, Unknown) and analysed.is_for_inputs
            reason = analysed.reason if is_about_inputs else "what its function does is not known"
            self.relations[model.id] = Opaque((), (), reason=reason)
            return None
        if analysed is None:
            return None
        self.relations[model.id] = analysed.relation
        if isinstance(model.code, PythonCode):
            self.traced.add(model.id)
        self._report_analysed(model, analysed)
        return analysed

    def _report_analysed(self, model: ResolvedModel, analysed: Analysed) -> None:
        """Report what is wrong in code that was read; what it would be proven to do without that is not known."""
        for unknown in analysed.unknown_columns:
            self._report_unknown(model, unknown)
        if analysed.undeclared_tables:
            from cbx.passes.check_code import check_query

            check_query(model, analysed, self.linked.models, self.report)
        if analysed.mistakes:
            from cbx.analysis.relation.relations import Opaque

            report_mistakes(model, analysed.mistakes, self.linked, self.report)
            if any(mistake.kind == "ungrouped_column" for mistake in analysed.mistakes):
                self.relations[model.id] = Opaque((), (), reason="its code is wrong")

    def _report_unknown(self, model: ResolvedModel, unknown: UnknownReference) -> None:
        """Report a name that no input has, once for each name, whichever models ask for it."""
        code, missing = _CODE[type(model.code)], unknown.missing.lower()
        known = listing(sorted(set(unknown.candidates)))
        nothing = "nothing is read here: is the FROM missing?" if code == "query" else "none is known here"
        hint = did_you_mean(missing, unknown.candidates, f"known here: {known}" if known else nothing)
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
        return [models[given.model] for given in model.model_inputs if given.model in models]

    def _has_wrong_code(
        self, model: ResolvedModel, code: PythonCode, outcome: Analysed | Unknown | MissingExtra | None
    ) -> bool:
        """Report what is wrong in a function, of which nothing more is known then."""
        from cbx.analysis.relation.relations import Opaque
        from cbx.passes.check_code import check_code

        is_wrong = check_code(model, code, outcome, self.linked.models, self.report)
        if is_wrong:
            self.relations[model.id] = Opaque((), (), reason="what its function does is not known")
        return is_wrong

    def _tables(self, inputs: Sequence[Input]) -> tuple[Table, ...]:
        """What is known of the inputs of a model, told once of one that it reads a thousand times."""
        made: dict[tuple[str, bool], Table] = {}
        for one in inputs:
            if isinstance(one, ModelInput) and (one.model, one.is_streaming) not in made:
                made[one.model, one.is_streaming] = self._table(one)
        return tuple(
            made[one.model, one.is_streaming] if isinstance(one, ModelInput) else self._table(one) for one in inputs
        )

    def _table(self, one: Input) -> Table:
        """What is known of an input. An unproven key of a model counts as true: it is checked on the data."""
        if isinstance(one, ModelInput) and one.model in self.columns:
            read = self.linked.models[one.model]
            has_schema = has_emitted_schema(
                read, self.linked.project, is_partly_declared=read.id in self.partly_declared
            )
            return table_facts(
                read,
                self.columns[read.id] if read.id not in self.doubtful else None,
                self.proven_keys(read),
                is_streaming=one.is_streaming,
                has_schema=has_schema,
            )
        match one:
            case ModelInput(model=name):
                pass
            case TableInput(table=text) | FileInput(path=text):
                name = text_in_words(text)
        from cbx.analysis.facts import Table

        return Table(name, is_streaming=one.is_streaming)

    def proven_keys(self, model: ResolvedModel) -> tuple[tuple[str, ...], ...]:
        """The keys that a model's result is known to have; AUTO CDC makes a table of other rows."""
        if model.id not in self.keys:
            relation = None if model.cdc is not None else self.relations.get(model.id)
            self.keys[model.id] = _result_keys(relation) if relation is not None else ()
        return self.keys[model.id]

    def report_untraced(self) -> None:
        """Say of the models that could not be traced why; not of those whose inputs are not known well enough."""
        if not self.untraced:
            return
        from cbx.analysis.tracing.requests import MissingExtra, Unknown

        start = self.linked.project.source.start()
        missing = [one for one in self.untraced.values() if isinstance(one, MissingExtra)]
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
            message = f"what the function of `{name}` does is not known: {outcome.reason}"
            span = self.linked.models[name].spans.whole
            causes = [] if outcome.is_lasting else [Cause(PROJECT_FILE, f"here: {outcome.reason}")]
            self.report.add(codes.UNTRACED_MODEL, message, span, hint=_UNTRACED, causes=causes)
        for reason, names in failed.items():
            span = self.linked.models[names[0]].spans.whole
            message = f"{listing(names)} cannot be traced on this machine now: {reason}"
            self.report.add(codes.TRACING_UNAVAILABLE, message, span, hint=_NO_ANSWER)


_CODE: dict[type, str] = {SqlCode: "query", PythonCode: "function"}
_NO_ANSWER = "compile again, or leave tracing out with `--no-trace`"
_UNTRACED = "its columns and keys are as declared; a key is checked on the data"


def _result_columns(analysed: Analysed) -> tuple[Column, ...] | None:
    """The columns of a model's result; None where they are not known."""
    if analysed.relation.is_open or analysed.unknown_columns:
        return None
    from cbx.analysis.facts import UNKNOWN_TYPE
    from cbx.analysis.lineage import column_lineage

    origins = dict(column_lineage(analysed.relation))
    return tuple(
        Column(one.name, one.type or "", lineage=origins.get(one.name))
        if one.type != UNKNOWN_TYPE
        else Column(one.name, "", lineage=origins.get(one.name), is_computed=True)
        for one in analysed.relation.fields
    )


def _are_named(columns: tuple[Column, ...] | None) -> bool:
    """Whether the name of each column is known, also of those that the engine names."""
    return columns is not None and all(column.name for column in columns)


def _result_keys(relation: Relation) -> tuple[tuple[str, ...], ...]:
    from cbx.analysis.verdicts import result_keys

    return result_keys(relation)


def _compare(
    model: ResolvedModel,
    declared: tuple[Column, ...],
    inferred: tuple[Column, ...],
    expressions: Mapping[str, Span | None],
    paths: Sequence[str],
    report: Report,
) -> tuple[Column, ...]:
    """Report where the declared columns and those of the query or function differ.

    Returns:
        The produced columns that are not declared, where a declared one is not produced: it may be one of these, so
        that neither the model nor its readers are judged by what it declares.
    """
    code = _CODE[type(model.code)]
    produced = {column.name.lower(): column for column in inferred}
    named = {column.name.lower() for column in declared}
    meant: set[str] = set()
    is_named = _are_named(inferred)
    extra = produced.keys() - named
    is_all = bool(extra) and isinstance(model.code, SqlCode) and begins_with_from(model.code.query.placeholder())
    is_renamed = is_named and len(extra) == len(named - produced.keys()) == 1
    shared = [Cause(model.path, "no SELECT" if is_all else "column renamed")] if is_all or is_renamed else []

    def made_at(name: str) -> list[Related]:
        span = expressions.get(name.lower())
        return [Related("made here", span)] if span is not None else []

    missing = named - produced.keys() if is_named else set()
    for column in declared:
        found = produced.get(column.name.lower())
        if found is None and not is_named:
            continue
        if found is None:
            message = f"`{model.id}` declares the column `{column.name}`, which its {code} does not produce"
            near = [one.name for one in inferred if one.name.lower() not in named]
            hint = did_you_mean(column.name, near)
            meant.update(name.lower() for name in near if hint is not None and f"`{name}`" in hint)
            span = model.spans.at("columns", column.name, "key")
            hint = hint or ("write a SELECT: without one all is selected" if is_all else "select it, or take it out")
            causes = [*(Cause(path, f"column {column.name.lower()}") for path in paths), *shared]
            report.add(codes.MISSING_COLUMN, message, span, label="not produced", hint=hint, causes=causes)
        elif _types_differ(found, column) and not missing & {origin.lower() for _, origin in found.lineage or ()}:
            message = (
                f"`{column.name}` of `{model.id}` is declared as {column.type}, but its {code} produces {found.type}"
            )
            span = model.spans.at("columns", column.name, "type")
            hint = f"cast it in the {code}, or declare {found.type}"
            made = made_at(column.name)
            typed = [(model.id, column.name), *(found.lineage or ())]
            causes = [Cause("models/", f"type of {table}.{name.lower()}") for table, name in typed]
            report.add(
                codes.COLUMN_TYPE_MISMATCH, message, span, label="types differ", hint=hint, related=made, causes=causes
            )
    for column in inferred if model.cdc is None else ():
        if column.name and column.name.lower() not in named | meant:
            message = f"the {code} of `{model.id}` produces the column `{column.name}`, which is not declared"
            hint = f"declare it, or leave it out of the {code}: declared columns are all of a table's columns"
            span = model.spans.at("columns")
            made = made_at(column.name)
            causes = [
                Cause(model.path, f"column {column.name.lower()}"),
                Cause(model.path, "undeclared columns"),
                *shared,
            ]
            report.add(
                codes.UNDECLARED_COLUMN, message, span, label="incomplete", hint=hint, related=made, causes=causes
            )
    return tuple(column for column in inferred if column.name.lower() not in named) if missing else ()


def _types_differ(produced: Column, declared: Column) -> bool:
    """Whether a column is declared as another type than it has, both being known."""
    return bool(produced.type and declared.type) and not is_same_type(produced.type, declared.type)
