"""Checks how tables are stored and shown: layouts that exclude each other, masks, and copies of masked columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, listing
from cbx.graph.model_graph import find_cycles, topological_order
from cbx.passes.checks.check_tags import check_tags
from cbx.passes.facts.flow_facts import flows_by_target
from cbx.passes.facts.quarantine_facts import has_quarantine, undeclared_changes
from cbx.project.dataset_names import quarantine_table
from cbx.project.identifiers import BETWEEN
from cbx.project.settings import Project
from cbx.stages.resolved import Connected
from cbx.stages.resolved_model import Column, ResolvedModel

ColumnId = tuple[str, str]
"""The id of a model, and a column in lower case."""


def check_options(connected: Connected, report: Report) -> None:
    """Report CBX403 and CBX450 for options that a table cannot have, and CBX350 for unmasked copies of masked columns.

    Before: ``email`` of ``silver.customers`` has a mask, and ``gold.contacts`` selects it. After: a warning at
    ``gold.contacts``, whose readers see every address.
    """
    published = _published_masks(connected.project)
    has_masks = any(column.mask for model in connected.models.values() for column in model.columns or ())
    for model in connected.models.values():
        _check_options_of_table(model, connected.project.settings.compile.api, report)
        _check_masks(model, connected, report)
        _check_quarantine(model, report)
        check_tags(model, report)
    if (has_masks or published) and not find_cycles(connected.graph):
        _check_copies(connected, published, report)


def _check_options_of_table(model: ResolvedModel, api: str, report: Report) -> None:
    options = model.options
    if options.partition_cols and (model.cluster_by or options.cluster_by_auto):
        message = f"`{model.id}` has both `partition_cols` and `cluster_by`, and a table can have only one of them"
        hint = "keep `cluster_by`, which Databricks recommends for new tables"
        report.add(codes.CONFLICTING_LAYOUT, message, model.spans.at("partition_cols"), hint=hint)
    if bool(options.replace_using) != (options.sequence_by is not None):
        given, missing = ("replace_using", "sequence_by") if options.replace_using else ("sequence_by", "replace_using")
        if missing not in model.unread:
            message = f"`{model.id}` has `{given}`, which needs `{missing}`"
            hint = "`replace_using` says which rows are replaced, and `sequence_by` which are the newest"
            report.add(codes.MISSING_ARGUMENT, message, model.spans.at(given), label="incomplete", hint=hint)
    if options.refresh_policy is not None and api == "dlt":
        message = f"`{model.id}` has a refresh policy, which the module `dlt` does not have"
        hint = 'set `api = "pipelines"` under `[compile]` in project.toml'
        report.add(codes.NEEDS_PIPELINES_API, message, model.spans.at("refresh_policy"), hint=hint)


def _check_masks(model: ResolvedModel, connected: Connected, report: Report) -> None:
    masked = [column for column in model.columns or () if column.mask is not None]
    if not masked:
        return
    span = model.spans.at("columns", masked[0].name, "mask")
    if not model.is_table:
        message = f"`{model.id}` is a {model.kind}, and only a table can have a mask"
        report.add(codes.UNUSABLE_MASK, message, span, hint="mask the column in a table")
    elif model.id in connected.partly_declared:
        message = f"a mask needs a schema, and `columns` of `{model.id}` does not list all columns of its query"
        causes = [Cause(model.path, "undeclared columns")]
        hint = "declare all columns, or select only these"
        report.add(codes.UNUSABLE_MASK, message, span, hint=hint, causes=causes)
    elif all(column.type for column in model.columns or ()):
        untyped = [column.name for column in connected.columns[model.id] or () if not column.type]
        if untyped:  # the columns of a history, which has the type of a column that is not declared
            message = f"a mask needs a schema, and the type of {listing(untyped)} of `{model.id}` is not known"
            hint = f"declare {listing(untyped)} in `columns`, with the type of `sequence_by`"
            report.add(codes.UNUSABLE_MASK, message, span, hint=hint)


def _check_quarantine(model: ResolvedModel, report: Report) -> None:
    """Report a quarantine table without the masks of its table: a schema needs the types of all columns of its rows."""
    masked = [column.name for column in model.columns or () if column.mask is not None]
    unknown = undeclared_changes(model)
    if masked and unknown and has_quarantine(model) and model.is_published:
        copy = f"`{quarantine_table(model.dataset)}` has the values of `{model.id}.{masked[0]}` without its mask"
        message = f"{copy}, because {listing(unknown)} {'are' if len(unknown) > 1 else 'is'} not declared"
        hint = "declare all columns of the changes, also those that `except_columns` leaves out of the table"
        report.add(codes.UNMASKED_COPY, message, model.spans.at("quarantine"), label="not masked", hint=hint)


def _published_masks(project: Project) -> dict[ColumnId, str]:
    """The masked columns of the tables of other projects, as they are spelled."""
    return {
        (f"{name}{BETWEEN}{identity}", column.name.lower()): column.name
        for name, dependency in project.dependencies.items()
        for identity, model in (dependency.models or {}).items()
        for column in model.columns
        if column.mask is not None
    }


def _check_copies(connected: Connected, published: Mapping[ColumnId, str], report: Report) -> None:
    """Follow masked columns through views to the tables that have their values without a mask."""
    origins: dict[ColumnId, ColumnId] = {place: place for place in published}
    flows = flows_by_target(connected.models)
    for name in topological_order(connected.graph):
        model = connected.models[name]
        for column in _columns_with_values(name, connected):
            place = (name, column.name.lower())
            if column.mask is not None:
                origins[place] = place
                continue
            origin = next(_masked_origins(column, flows.get(name, ()), origins), None)
            if origin is not None and model.kind in {"view", "flow"}:
                origins[place] = origin
            elif origin is not None:
                spelled = published.get(origin, origin[1])
                _report_copy(model, column, (origin[0], spelled), connected.models, report)


def _columns_with_values(model: str, connected: Connected) -> tuple[Column, ...]:
    """The columns of a model, each with the columns whose values it has; those of its query, if no others are known."""
    from cbx.analysis.lineage import value_lineage

    relation = connected.relations.get(model)
    values = dict(value_lineage(relation)) if relation is not None else {}
    by_name = {name.lower(): lineage for name, lineage in values.items()}
    columns = connected.columns.get(model) or tuple(Column(name, "") for name in values if name)
    return tuple(column._replace(lineage=by_name.get(column.name.lower(), column.lineage)) for column in columns)


def _masked_origins(column: Column, flows: Iterable[str], origins: Mapping[ColumnId, ColumnId]) -> Iterator[ColumnId]:
    """The masked columns whose values a column has, also where only those of the flows into its table are known."""
    for table, name in (*(column.lineage or ()), *((flow, column.name) for flow in flows)):
        origin = origins.get((table, name.lower()))
        if origin is not None:
            yield origin


def _report_copy(
    model: ResolvedModel, column: Column, origin: ColumnId, models: Mapping[str, ResolvedModel], report: Report
) -> None:
    table, name = origin
    masked = models.get(table)
    columns = (masked.columns or ()) if masked is not None else ()
    spelled = next((known.name for known in columns if known.name.lower() == name), name)
    related = (
        [Related("the mask is declared here", masked.spans.at("columns", spelled, "mask"))]
        if masked is not None
        else []
    )
    is_declared = any(known.name == column.name for known in model.columns or ())
    span = model.spans.at("columns", column.name, "key") if is_declared else model.spans.whole
    message = f"`{column.name}` of `{model.id}` has the values of `{table}.{spelled}` without its mask"
    if masked is None:  # whoever runs this pipeline may not see what the other project masks
        message = (
            f"`{column.name}` of `{model.id}` has no mask, and its values are those of `{table}.{spelled}`, which has"
        )
    way_out = "declare it with `column(..., mask=...)`" if model.is_table else "do not send it"
    hint = f"{way_out}, or say why not: `cbx: allow {codes.UNMASKED_COPY.id}, ...`"
    report.add(codes.UNMASKED_COPY, message, span, label="not masked", hint=hint, related=related)
