"""Checks settings that are valid one by one: names, references that the Databricks CLI would replace, and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.project.identifiers import DEVICE, IDENTIFIER
from cbx.project.sections import LOCAL, REFERENCE, ProjectSettings
from cbx.project.toml_spans import setting_span

_MOST_VALUES = 50_000
_RESERVED_LAYERS = frozenset({"checks"})


def check_settings(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report CBX002 and CBX106 for settings that are valid one by one."""
    _check_layers(settings, source, report)
    _check_naming(settings, source, report)
    _check_references(settings, source, report)
    _check_values(settings, source, report)


def _check_layers(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    span = setting_span(source, ("project", "layers"))
    for layer in settings.project.layers:
        if not IDENTIFIER.match(layer):
            message = f"the layer `{layer}` is not a name"
            report.add(codes.INVALID_NAME, message, span, hint="use letters, digits and underscores, no digit first")
        elif DEVICE.match(layer):
            message = f"the layer `{layer}` has the name of a device on Windows"
            report.add(codes.INVALID_NAME, message, span, hint="choose another name: no folder can have this one there")
        elif layer in _RESERVED_LAYERS:
            report.add(codes.INVALID_NAME, f"the layer name `{layer}` is reserved", span, hint="choose another name")
    if len({layer.lower() for layer in settings.project.layers}) != len(settings.project.layers):
        report.add(codes.INVALID_PROJECT_SETTING, "a layer is named twice", span, hint="name each layer once")


def _check_naming(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    naming = settings.naming
    names = {
        "schema": (naming.schema_, naming.schema_of("layer", "name")),
        "table": (naming.table, naming.table_of("layer", "name")),
    }
    for setting, (template, name) in names.items():
        if not IDENTIFIER.match(name):
            report.add(
                codes.INVALID_PROJECT_SETTING,
                f"`naming.{setting}`: `{template}` does not result in a valid name",
                setting_span(source, ("naming", setting)),
                hint="use letters, digits, underscores, `{layer}` and `{name}`",
            )


def _check_references(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report texts with references that the Databricks CLI would replace in the bundle."""
    deployed = {name: environment for name, environment in settings.environments.items() if name != LOCAL}
    shared = {
        name: value
        for name, value in settings.vars.items()
        if any(name not in environment.vars for environment in deployed.values())
    }
    documents = {name: environment.model_dump(by_alias=True) for name, environment in deployed.items()}
    for path, text in _settings_texts({"vars": shared, "environments": documents}):
        reference = REFERENCE.search(text)
        if reference:
            setting = ".".join(str(key) for key in path)
            message = f"`{setting}`: in the bundle, the Databricks CLI would replace `{reference[0]}`"
            hint = "write the value itself; in a catalog or schema, `{user}` is the name of the user who deploys"
            span = setting_span(source, path)
            report.add(codes.INVALID_PROJECT_SETTING, message, span, label="a reference in the bundle", hint=hint)


def _check_values(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report too many values: the bundle has the value of every variable in every environment."""
    environments = settings.environments.values()
    values = len(environments) * (1 + len(settings.vars)) + sum(len(environment.vars) for environment in environments)
    if values > _MOST_VALUES:
        message = f"the variables of all environments have {values:,} values; the limit is {_MOST_VALUES:,}"
        span = setting_span(source, ("environments",))
        report.add(codes.INVALID_PROJECT_SETTING, message, span, hint="remove some environments or variables")


def _settings_texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """All texts in settings, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _settings_texts(item, (*path, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _settings_texts(item, (*path, number))
