"""Checks that every environment gives a value to every variable that models use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report
from cbx.project.find_project import PROJECT_FILE
from cbx.project.toml_spans import setting_span
from cbx.stages.inputs import FileInput, ReaderInput, SnapshotInput, TableInput
from cbx.stages.resolved import Resolved
from cbx.stages.resolved_model import ResolvedModel, SqlCode
from cbx.syntax.text import Text


def check_variables(resolved: Resolved, report: Report) -> None:
    """Report CBX205 for a variable without a value in some environment.

    Before: ``var("landing")``, set in ``[environments.dev.vars]`` only. After: a diagnostic at
    ``[environments.prod]``.
    """
    project = resolved.project
    used: dict[str, str] = {}
    for model in sorted(resolved.models, key=lambda model: model.id):
        for name in variables_of(model):
            used.setdefault(name, model.id)
    for environment in sorted(project.settings.environments):
        values = project.variables(environment)
        for name, user in sorted(used.items()):
            if name in project.variable_names and name not in values:
                report.add(
                    codes.UNKNOWN_VARIABLE,
                    f"the environment `{environment}` has no value for `{name}`, which `{user}` uses",
                    setting_span(project.source, ("environments", environment)),
                    hint=f"set it under `[environments.{environment}.vars]`, or for all environments under `[vars]`",
                    causes=[Cause(PROJECT_FILE, f"variable {name}")],
                )


def variables_in(models: Iterable[ResolvedModel]) -> frozenset[str]:
    """The variables that models use."""
    return frozenset(name for model in models for name in variables_of(model))


def variables_of(model: ResolvedModel) -> Iterator[str]:
    """The variables that a model's code, inputs and expectations use."""
    for text in _texts(model):
        yield from text.variables
    code = model.code.functions if isinstance(model.code, SqlCode) else model.code
    if code is not None:
        yield from code.variables


def _texts(model: ResolvedModel) -> Iterator[Text]:
    for source in model.inputs:
        if isinstance(source, TableInput):
            yield source.table
        elif isinstance(source, FileInput):
            yield source.path
            yield from (value for _, value in source.options)
        elif isinstance(source, ReaderInput):
            yield from (value for _, value in source.options)
        elif isinstance(source, SnapshotInput):
            yield from () if source.path is None else (source.path,)
            yield from (value for _, value in source.options)
    yield from (expectation.condition for expectation in model.expectations)
    if isinstance(model.code, SqlCode):
        yield model.code.query
    if model.sink is not None:
        yield from (value for _, value in model.sink.options)
    if model.cdc is not None:
        yield from (text for text in (model.cdc.apply_as_deletes, model.cdc.apply_as_truncates) if text is not None)
