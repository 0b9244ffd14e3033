"""Builds the graph of the models."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import ALL_MODELS, Cause, Related, Report, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.graph.model_graph import find_cycles, model_graph
from cbx.project.dataset_names import (
    changes_view,
    dataset_name,
    files_view,
    input_view,
    quarantine_table,
    snapshot_view,
)
from cbx.project.find_project import PROJECT_FILE
from cbx.project.identifiers import BETWEEN
from cbx.stages.data_tests import DataTest, NoRows
from cbx.stages.inputs import FileInput, ModelInput, ReaderInput, TableInput
from cbx.stages.resolved import Linked, Resolved
from cbx.stages.resolved_model import FlowTarget, RelationshipClaim, ResolvedModel, SqlCode
from cbx.syntax.text import Text


def link(resolved: Resolved, report: Report) -> Linked:
    """From models that name others to a graph.

    Before: ``silver.orders`` reads ``"bronze.orders"``. After: an edge from ``bronze.orders`` to
    ``silver.orders``. CBX201 for unknown ids, CBX202 for cycles, CBX203 for two datasets of one name,
    CBX204 for a layer that reads a higher one,
    CBX206 for the table of a model that is read as a source.
    """
    models = {model.id: model for model in sorted(resolved.models, key=lambda model: model.id)}
    unused = _unused_by_name(models)
    flows = {(model.layer, source.model.split(".")[0]) for model in models.values() for source in model.model_inputs}
    reads = []
    for model in models.values():
        for source in model.model_inputs:
            if _check_model_exists(model, source, resolved.known_ids, unused, report):
                _check_layers(model, source, resolved.project.layers, unused, flows, report)
                reads.append((model.id, source.model))
        if model.flow is not None and _check_target(model, model.flow, resolved, report):
            reads.append((model.flow.model, model.id))
        for test in model.tests:
            _check_tables_of_test(model, test, resolved.known_ids, unused, report)
    for model in models.values():
        _check_related_models(model, resolved.known_ids, unused, report)
    graph = model_graph(models, [read for read in reads if set(read) <= models.keys()])
    for cycle in find_cycles(graph):
        _report_cycle(cycle, models, report)
    _check_datasets(models, report)
    _check_tables(resolved, models, report)
    return Linked(resolved.project, models, graph)


def _unused_by_name(models: Mapping[str, ResolvedModel]) -> dict[str, ResolvedModel]:
    """The models that no other model names, by name without layer: one may have been moved to another layer."""
    used = {source.model for model in models.values() for source in model.model_inputs}
    used |= {_other_side(model, claim) for model in models.values() for claim in model.claims}
    return {model.name: model for model in models.values() if model.id not in used}


def _other_side(model: ResolvedModel, claim: RelationshipClaim) -> str:
    return claim.child if claim.parent == model.id else claim.parent


def _causes_of_move(model: ResolvedModel | None) -> list[Cause]:
    """The layer of a moved model as a cause of problems in it and in its readers."""
    return [Cause(model.path, "layer")] if model is not None else []


def _check_model_exists(
    model: ResolvedModel,
    source: ModelInput,
    known_ids: frozenset[str],
    unused: Mapping[str, ResolvedModel],
    report: Report,
) -> bool:
    if source.model in known_ids or ALL_MODELS in known_ids:
        return True
    message = f"`{model.id}` reads `{source.model}`, which no model defines"
    hint, causes = _suggest_id(source.model, known_ids - {model.id}), _causes_of_unknown_model(source.model, unused)
    report.add(codes.UNKNOWN_MODEL, message, source.span, label="not found", hint=hint, causes=causes)
    return False


def _check_tables_of_test(
    model: ResolvedModel,
    test: DataTest,
    known_ids: frozenset[str],
    unused: Mapping[str, ResolvedModel],
    report: Report,
) -> None:
    for table, span in test.rule.reads if isinstance(test.rule, NoRows) else ():
        if isinstance(table, str):
            _check_model_exists(model, ModelInput(None, False, table, False, span), known_ids, unused, report)


def _check_target(model: ResolvedModel, flow: FlowTarget, resolved: Resolved, report: Report) -> bool:
    """Check that the target of a flow exists, in its own layer or a later one."""
    if "into" in model.unread:
        return False
    if flow.model not in resolved.known_ids and ALL_MODELS not in resolved.known_ids:
        message = f"`{model.id}` writes into `{flow.model}`, which no model defines"
        causes = [Cause("models/", f"model {flow.model}")]
        hint = _suggest_id(flow.model, resolved.known_ids - {model.id})
        report.add(codes.UNKNOWN_MODEL, message, flow.span, label="not found", hint=hint, causes=causes)
        return False
    layers, layer = resolved.project.layers, flow.model.split(".")[0]
    if layer in layers and layers.index(layer) < layers.index(model.layer):
        message = f"`{model.id}` writes into `{flow.model}`: `{layer}` comes before `{model.layer}`"
        hint = f"data flows {' -> '.join(layers)}; move the flow to the layer of its target"
        report.add(codes.LAYER_ORDER, message, flow.span, label="a lower layer", hint=hint)
    return True


def _causes_of_unknown_model(wanted: str, unused: Mapping[str, ResolvedModel]) -> list[Cause]:
    return [Cause("models/", f"model {wanted}"), *_causes_of_move(unused.get(wanted.rpartition(".")[2]))]


def _suggest_id(wanted: str, known_ids: frozenset[str]) -> str | None:
    same_name = sorted(name for name in known_ids if name.split(".")[1] == wanted.rsplit(".", maxsplit=1)[-1])
    otherwise = (
        f"did you mean `{same_name[0]}`?" if same_name else "a model is named by its layer and its file: `layer.name`"
    )
    return did_you_mean(wanted, known_ids, otherwise)


def _check_related_models(
    model: ResolvedModel, known_ids: frozenset[str], unused: Mapping[str, ResolvedModel], report: Report
) -> None:
    for claim in model.claims:
        other = _other_side(model, claim)
        if claim.parent_table is None and other not in known_ids and ALL_MODELS not in known_ids:
            message = f"`{model.id}` is related to `{other}`, which no model defines"
            report.add(
                codes.UNKNOWN_MODEL,
                message,
                claim.model_span,
                label="not found",
                hint=_suggest_id(other, known_ids - {model.id}),
                causes=_causes_of_unknown_model(other, unused),
            )


def _check_layers(
    model: ResolvedModel,
    source: ModelInput,
    layers: tuple[str, ...],
    unused: Mapping[str, ResolvedModel],
    flows: Collection[tuple[str, str]],
    report: Report,
) -> None:
    other = source.model.split(".")[0]
    if other in layers and layers.index(other) > layers.index(model.layer):
        message = f"`{model.id}` reads `{source.model}`: `{model.layer}` comes before `{other}`"
        hint = f"data flows {' -> '.join(layers)}; move one of the two models, or the order in project.toml"
        causes = _causes_of_move(model) if unused.get(model.name) is model else []
        if (other, model.layer) not in flows:
            causes.append(Cause(PROJECT_FILE, f"`{model.layer}` before `{other}`"))
        report.add(codes.LAYER_ORDER, message, source.span, label="a higher layer", hint=hint, causes=causes)


def _report_cycle(cycle: list[str], models: dict[str, ResolvedModel], report: Report) -> None:
    steps = list(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    places = [_place_of_step(models[reader], models[read]) for reader, read in steps]
    way = " -> ".join(f"`{name}`" for name in [*cycle, cycle[0]])
    related = [Related(text, span) for text, span in places]
    itself = len(cycle) == 1
    message = f"`{cycle[0]}` reads itself" if itself else f"models depend on each other in a cycle: {way}"
    report.add(codes.CYCLE, message, places[0][1], hint="remove one of these inputs", related=related[1:])


def _place_of_step(reader: ResolvedModel, read: ResolvedModel) -> tuple[str, Span]:
    """What leads from one model to the next in a cycle: an input, or the target of a flow."""
    for source in reader.model_inputs:
        if source.model == read.id:
            return f"`{reader.id}` reads `{read.id}`", source.span
    span = read.flow.span if read.flow is not None else read.spans.whole
    return f"`{read.id}` writes into `{reader.id}`", span


def _check_datasets(models: dict[str, ResolvedModel], report: Report) -> None:
    owners: dict[str, str] = {}
    for model in models.values():
        table = models.get(model.flow.model, model) if model.flow is not None else model
        for name in _dataset_names(model, table):
            owner = owners.setdefault(name.lower(), model.id)
            if owner != model.id:
                message = f"`{model.id}` and `{owner}` would both be the dataset `{name}`"
                hint = "rename one of them, or change `[naming]` in project.toml"
                report.add(codes.DUPLICATE_MODEL, message, model.spans.whole, hint=hint)


def _check_tables(resolved: Resolved, models: Mapping[str, ResolvedModel], report: Report) -> None:
    """Report tables of other projects and sources that have the name of an own table, which would be read instead."""
    owners = _own_tables(resolved, models)
    for model in models.values():
        for name, text, span in _tables_of_dependencies(model):
            owner = owners.get(_plain_name(text))
            if owner is not None:
                message = f"`{name}` and `{owner}` would both be the table `{text.placeholder()}`"
                hint = f"set `catalog` in `[dependencies.{name.split(BETWEEN)[0]}]`"
                report.add(codes.DUPLICATE_MODEL, message, span, hint=hint)
        for source in model.inputs:
            owner = owners.get(_plain_name(source.table)) if isinstance(source, TableInput) else None
            if isinstance(source, TableInput) and source.dependency is None and owner is not None:
                _report_own_table(model, source, owner, report)


def _own_tables(resolved: Resolved, models: Mapping[str, ResolvedModel]) -> dict[str, str]:
    """The ids of models by the names of their tables, in lower case; a model that is not read again may be a view."""
    names = [identity.split(".", 1) for identity in resolved.known_ids if "." in identity]
    return {
        dataset_name(resolved.project, layer, name, is_published=True).lower(): f"{layer}.{name}"
        for layer, name in names
        if f"{layer}.{name}" not in models or models[f"{layer}.{name}"].is_published
    }


def _plain_name(table: Text) -> str:
    return table.placeholder().lower().replace("`", "")


def _report_own_table(model: ResolvedModel, source: TableInput, owner: str, report: Report) -> None:
    message = f"`{model.id}` reads the table of `{owner}` as if it were outside the project"
    hint = f'read it with `{"stream" if source.is_streaming else "ref"}("{owner}")`'
    if owner == model.id:
        hint = "add the catalog to the name of the other table, or rename the model"
    report.add(codes.HIDDEN_INPUT, message, source.span, label="hidden input", hint=hint)


def _tables_of_dependencies(model: ResolvedModel) -> Iterator[tuple[str, Text, Span]]:
    """The tables of other projects that a model names: what they are called there, and here, each once."""
    read = [
        (source.dependency, source.table, source.span)
        for source in model.inputs
        if isinstance(source, TableInput) and source.dependency is not None
    ]
    yield from read
    for claim in model.claims:
        if claim.parent_table is not None and claim.parent not in {name for name, _, _ in read}:
            yield claim.parent, claim.parent_table, claim.model_span


def _dataset_names(model: ResolvedModel, table: ResolvedModel) -> Iterator[str]:
    """The names of the datasets and flows in a model's notebook; numbered views over inputs are listed once.

    ``table`` is the model whose table is filled: the target of a flow, else the model itself.
    """
    yield model.dataset
    if table.quarantine:
        yield quarantine_table(model.dataset)
    if table.cdc is not None and model.snapshots is None:
        yield snapshot_view(model.dataset) if model.kind == "auto_cdc_from_snapshot" else changes_view(model.dataset)
    if isinstance(model.code, SqlCode) and any(isinstance(source, FileInput) for source in model.inputs):
        yield files_view(model.dataset)
    if isinstance(model.code, SqlCode) and any(isinstance(source, ReaderInput) for source in model.inputs):
        yield input_view(model.dataset)
