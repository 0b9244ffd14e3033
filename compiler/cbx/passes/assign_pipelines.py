"""Assigns each model to one of the pipelines of ``project.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Related, Report, listing
from cbx.diagnostics.source_files import Span
from cbx.graph.model_graph import find_cycles, model_graph, topological_order
from cbx.project.setting_types.sections import PipelineSection
from cbx.project.settings import Project
from cbx.project.toml_spans import setting_span
from cbx.stages.data_tests import NoRows
from cbx.stages.manifest_entries import identity_entry, settings_entry
from cbx.stages.resolved import PipelineModels, Proven
from cbx.stages.resolved_model import ResolvedModel

if TYPE_CHECKING:
    from cbx.graph.graph_document import GraphDocument

_MOST_SHOWN = 5
Owners = Mapping[str, str]
"""The pipeline of each model."""


class _Read(NamedTuple):
    """A model that reads a model of another pipeline, or is related to it."""

    reader: str
    read: str
    span: Span
    is_check: bool


def assign_pipelines(proven: Proven, report: Report) -> tuple[PipelineModels, ...]:
    """From selectors to the models of each pipeline, in an order in which the pipelines can be updated.

    Before: ``[pipelines.ingest]`` with ``select = "layer:bronze"``. After: the pipeline ``ingest`` with the models of
    that layer. CBX270 for a model in no pipeline or in several, CBX271 for pipelines that wait for each other, CBX272
    for a view that another pipeline reads, CBX430 for a flow into a table of another pipeline. After an error all
    models are in one pipeline.
    """
    named = proven.project.settings.pipelines
    owners = _find_owners(proven, report) if named and not report.has_errors else None
    if owners is None:
        return (PipelineModels(None, tuple(sorted(proven.models))),)
    reads = [read for read in _reads_of_models(proven) if owners[read.reader] != owners[read.read]]
    _check_views(proven, owners, reads, report)
    _check_flows(proven, owners, report)
    graph = model_graph(
        named,
        [(owners[read.reader], owners[read.read]) for read in reads if not read.is_check],
    )
    for cycle in find_cycles(graph):
        _report_cycle(cycle, owners, reads, report)
    return tuple(
        PipelineModels(
            name,
            tuple(sorted(model for model, owner in owners.items() if owner == name)),
            tuple(sorted(other for other, readers in graph.readers.items() if name in readers)),
        )
        for name in topological_order(graph)
    )


def _find_owners(proven: Proven, report: Report) -> Owners | None:
    """The pipeline of each model; None after an error."""
    before = len(report)
    document = _graph_document(proven)
    pipelines: dict[str, list[str]] = {name: [] for name in sorted(proven.models)}
    for name, section in proven.project.settings.pipelines.items():
        for model in _select_models(document, name, section, proven.project, report):
            pipelines[model].append(name)
    if len(report) == before:
        _report_models(proven, pipelines, report)
    return {model: names[0] for model, names in pipelines.items()} if len(report) == before else None


def _select_models(
    document: GraphDocument, name: str, section: PipelineSection, project: Project, report: Report
) -> list[str]:
    from cbx.graph.selector_methods import SelectorError
    from cbx.graph.selectors import select

    span = setting_span(project.source, ("pipelines", name, "select"))
    try:
        ids = select(document, section.select, section.exclude)
    except SelectorError as error:
        message = f"the selector of the pipeline `{name}`: {error.reason}"
        report.add(codes.INVALID_PROJECT_SETTING, message, span, hint=error.hint)
        return []
    models = [identity for identity in ids if document.by_id[identity].is_model]
    if not models:
        hint = "`cbx list --select` shows what a selector finds; remove the pipeline, or select models"
        report.add(codes.INVALID_PROJECT_SETTING, f"the pipeline `{name}` has no models", span, hint=hint)
    return models


def _report_models(proven: Proven, pipelines: Mapping[str, list[str]], report: Report) -> None:
    """Report the models that no pipeline has, and those that several have, once for each combination."""
    models: dict[tuple[str, ...], list[str]] = {}
    for model, found in pipelines.items():
        if len(found) != 1:
            models.setdefault(tuple(found), []).append(model)
    for names, ids in sorted(models.items()):
        subject = f"`{ids[0]}` is" if len(ids) == 1 else f"{len(ids)} models are"
        related = [Related(f"`{model}`", proven.models[model].spans.whole) for model in ids[:_MOST_SHOWN]]
        if names:
            message = f"{subject} in the pipelines {listing(names)}, and one pipeline has to own a table"
            hint = f'exclude it from one of them, such as `exclude = "{ids[0]}"`'
            span = setting_span(proven.project.source, ("pipelines", names[-1], "select"))
            report.add(codes.OWNED_BY_SEVERAL_PIPELINES, message, span, hint=hint, related=related)
        else:
            hint = f"select it in one of {listing(proven.project.settings.pipelines)}"
            span = setting_span(proven.project.source, ("pipelines",))
            report.add(codes.OWNED_BY_NO_PIPELINE, f"{subject} in no pipeline", span, hint=hint, related=related)


def _reads_of_models(proven: Proven) -> Iterator[_Read]:
    for model in proven.models.values():
        for source in model.model_inputs:
            yield _Read(model.id, source.model, source.span, is_check=False)
        for test in model.tests:
            for table, span in test.rule.reads if isinstance(test.rule, NoRows) else ():
                if isinstance(table, str) and table != model.id and table in proven.models:
                    yield _Read(model.id, table, span, is_check=True)
    for relationship in proven.relationships:
        if relationship.published is None:
            yield _Read(relationship.child, relationship.parent, relationship.span, is_check=True)


def _check_views(proven: Proven, owners: Owners, reads: Iterable[_Read], report: Report) -> None:
    for read in reads:
        views = [model for model in _sides(read, proven) if not model.is_published]
        if not views or (
            read.is_check and any(model.kind == "view" and model.is_streaming for model in views)
        ):  # no check reads a stream
            continue
        view = views[0]
        kind = "a view" if view.kind == "view" else "a private table"
        what = "is related to" if read.is_check else "reads"
        message = (
            f"`{read.reader}` in the pipeline `{owners[read.reader]}` {what} `{read.read}` in the pipeline "
            f"`{owners[read.read]}`, and {kind} exists only in its own pipeline"
        )
        way_out = f"make `{view.id}` a `materialized_view`" if view.kind == "view" else f"publish `{view.id}`"
        hint = f"{way_out}, or move one of them to the other's pipeline"
        related = [Related(f"`{view.id}` is declared here", view.spans.whole)]
        report.add(codes.VIEW_OF_OTHER_PIPELINE, message, read.span, hint=hint, related=related)


def _check_flows(proven: Proven, owners: Owners, report: Report) -> None:
    for model in proven.models.values():
        flow = model.flow
        if flow is not None and owners[model.id] != owners[flow.model]:
            message = (
                f"`{model.id}` in the pipeline `{owners[model.id]}` writes into `{flow.model}` in the pipeline "
                f"`{owners[flow.model]}`, and only its own pipeline writes a table"
            )
            hint = "select the flow in the pipeline of its target"
            related = [Related(f"`{flow.model}` is declared here", proven.models[flow.model].spans.whole)]
            report.add(codes.INVALID_FLOW_TARGET, message, flow.span, hint=hint, related=related)


def _sides(read: _Read, proven: Proven) -> Iterator[ResolvedModel]:
    """The models that have to be published: the one that is read, and both sides of a check."""
    yield proven.models[read.read]
    if read.is_check:
        yield proven.models[read.reader]


def _report_cycle(cycle: list[str], owners: Owners, reads: Iterable[_Read], report: Report) -> None:
    steps = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    first = {(owners[read.reader], owners[read.read]): read for read in reads if not read.is_check}
    chosen = [first[step] for step in steps]
    way = " -> ".join(f"`{name}`" for name in [*cycle, cycle[0]])
    related = [Related(f"`{read.reader}` reads `{read.read}`", read.span) for read in chosen[1:]]
    message = f"pipelines wait for each other: {way}; here `{chosen[0].reader}` reads `{chosen[0].read}`"
    hint = "move one of these models to the pipeline of the other"
    report.add(codes.PIPELINE_CYCLE, message, chosen[0].span, hint=hint, related=related)


def _graph_document(proven: Proven) -> GraphDocument:
    """What selectors need of the models: their names, settings and inputs."""
    from cbx.graph.read_manifest import read_manifest

    return read_manifest(
        {
            "project": {"name": proven.project.name, "layers": proven.project.layers},
            "models": {model.id: _entry(model) for model in proven.models.values()},
            "relationships": [],
        }
    )


def _entry(model: ResolvedModel) -> dict[str, Any]:
    unknown_yet: dict[str, Any] = {
        "key_verdict": None,
        "expectations": [],
        "columns": [],
        "artifact": "",
        "artifact_hash": "",
    }
    sink = {"sink": {"format": model.sink.format or "foreach_batch"}} if model.sink is not None else {}
    key = list(model.key) if model.key is not None else None
    declared = {"key": key, "source_hash": model.content_hash, **sink}
    return identity_entry(model) | settings_entry(model) | declared | unknown_yet
