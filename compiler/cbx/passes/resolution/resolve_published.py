"""Resolves inputs that are tables of other projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.project.identifiers import BETWEEN
from cbx.stages.declared import DeclaredInput
from cbx.stages.inputs import TableInput
from cbx.syntax.text import Text

if TYPE_CHECKING:
    from cbx.project.dependencies import Dependency, PublishedModel


def resolve_published(texts: DeclarationTexts, declared_input: DeclaredInput, name: str, span: Span) -> TableInput:
    """The table of another project as an input.

    Before: ``ref("crm", "silver.customers")``. After: the table ``crm_prod.silver.customers``. CBX201 for a project or
    a model that does not exist, CBX274 for a model without a table that others can read.

    Args:
        texts: Renders the texts of the model's declaration.
        declared_input: The input.
        name: The project and the model: ``crm:silver.customers``.
        span: The span of the name.
    """
    is_streaming = declared_input.call.word == "stream"
    table = published_table(texts, name, span)
    return TableInput(declared_input.parameter, declared_input.keyword_only, table, is_streaming, span, name)


def published_table(texts: DeclarationTexts, name: str, span: Span, verb: str = "reads") -> Text:
    """The name of the table of a model of another project; the model's own name after a diagnostic.

    Args:
        texts: Renders the texts of the declaration that names it.
        name: The project and the model: ``crm:silver.customers``.
        span: The span of the name.
        verb: What the declaration does with the table, for diagnostics.
    """
    project, _, identity = name.partition(BETWEEN)
    dependency = texts.declared.project.dependencies.get(project)
    if dependency is None:
        _report_unknown_project(texts, project, identity, span, verb)
        return Text.of(name)
    if dependency.models is None:
        return Text.of(name)
    model = dependency.models.get(identity)
    if model is None:
        _report_unknown_model(texts, dependency, identity, span, verb)
        return Text.of(name)
    if not model.is_published:
        _report_unpublished(texts, name, model, span, verb)
    return texts.render_or_keep(dependency.table_of(model), span)


def _report_unknown_project(texts: DeclarationTexts, project: str, identity: str, span: Span, verb: str) -> None:
    known, own = texts.declared.project.dependencies, f"{project}.{identity}"
    otherwise = f"add `[dependencies.{project}]` with its `manifest` to project.toml"
    hint = did_you_mean(project, known, otherwise)
    if own in texts.declared.known_ids or project in texts.declared.project.layers:
        hint = f'write one name: `"{own}"`'
    name = f"{project}{BETWEEN}{identity}"
    message = f"`{texts.declaration.id}` {verb} `{name}`, but `[dependencies]` has no such project"
    texts.report.add(codes.UNKNOWN_MODEL, message, span, label="not found", hint=hint)


def _report_unknown_model(
    texts: DeclarationTexts, dependency: Dependency, identity: str, span: Span, verb: str
) -> None:
    ids = [name for name, model in (dependency.models or {}).items() if model.is_published]
    otherwise = f"compile `{dependency.name}` again if the model is new"
    message = f"`{texts.declaration.id}` {verb} `{identity}`, which the project `{dependency.name}` does not have"
    hint = did_you_mean(identity, ids, otherwise)
    texts.report.add(codes.UNKNOWN_MODEL, message, span, label="not found", hint=hint)


def _report_unpublished(texts: DeclarationTexts, name: str, model: PublishedModel, span: Span, verb: str) -> None:
    what = "a private table" if model.private else f"a {model.kind}"
    message = f"`{texts.declaration.id}` {verb} `{name}`, {what}, which only the pipeline of its own project can read"
    project, _, identity = name.partition(BETWEEN)
    way_out = "read a table of" if verb == "reads" else "name a table of"
    hint = f"{way_out} `{project}`, or make `{identity}` one there"
    texts.report.add(codes.UNPUBLISHED_MODEL, message, span, label="not published", hint=hint)
