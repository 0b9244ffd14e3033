"""Checks where settings read environment variables and secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.project.setting_templates import CALLS_ENV_VAR, env_vars_in, template_problem, texts_in
from cbx.project.setting_types.sections import Environment, ProjectSettings
from cbx.project.toml_spans import setting_span

_TEMPLATES = "write `{{ env_var('NAME') }}`, `{{ env_var('NAME', 'default') }}` or `{{ secret('scope', 'key') }}`"
_CREDENTIAL = re.compile(
    r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|(?:PRIVATE|ACCESS|API)_?KEY)\Z", re.IGNORECASE
)
_SETTINGS_OF_PIPELINES = ("pipeline", "pipelines")


def check_places_of_env_vars(data: Mapping[str, Any], source: SourceFile, report: Report) -> frozenset[Span]:
    """Report CBX150 for each environment variable outside of the settings of pipelines.

    The same project compiles to the same files on every machine, so nothing that decides the code may read one.

    Returns:
        The spans of these settings, which have no other problem worth a word.
    """
    spans = []
    for path, text in texts_in(data):
        if re.search(CALLS_ENV_VAR, text) and not _is_setting_of_pipelines(path):
            setting = ".".join(map(str, path))
            message = f"`{setting}` reads an environment variable, but this setting is compiled"
            hint = "write the value; `env_var` is for settings below `[environments.<name>.pipeline]`"
            spans.append(setting_span(source, path))
            report.add(codes.ENV_VAR_NOT_ALLOWED, message, spans[-1], hint=hint)
    return frozenset(spans)


def _is_setting_of_pipelines(path: tuple[str | int, ...]) -> bool:
    return len(path) > 3 and path[0] == "environments" and path[2] in _SETTINGS_OF_PIPELINES


def _settings_of_pipelines(environment: Environment) -> dict[str, Any]:
    return {name: getattr(environment, name) for name in _SETTINGS_OF_PIPELINES}


def check_templates(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report CBX002 for templates in the settings of pipelines that are not `env_var` or `secret`, and CBX152."""
    for name, environment in settings.environments.items():
        written = _settings_of_pipelines(environment)
        problems = [(path, template_problem(text)) for path, text in texts_in(written)]
        for path, problem in [*problems, *_templates_in_names(written)]:
            if problem is not None:
                where = ("environments", name, *path)
                message = f"`{'.'.join(map(str, where))}`: {problem}"
                report.add(codes.INVALID_PROJECT_SETTING, message, setting_span(source, where), hint=_TEMPLATES)
        for path, text in texts_in(written):
            _check_credentials(text, setting_span(source, ("environments", name, *path)), report)
        _check_names(name, settings, source, report)


def _check_credentials(text: str, span: Span, report: Report) -> None:
    """Report CBX152 for an environment variable with the name of a credential, which would be readable."""
    for env_var in env_vars_in(text):
        if _CREDENTIAL.search(env_var.name):
            message = f"`{env_var.name}` has the name of a credential, and settings can be read in the workspace"
            hint = "store it in a secret scope, and write `{{ secret('scope', 'key') }}`"
            report.add(codes.CREDENTIAL_IN_SETTINGS, message, span, hint=hint)


def _templates_in_names(
    settings: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str | None]]:
    for name, value in settings.items() if isinstance(settings, Mapping) else ():
        if "{{" in name:
            yield (*path, name), "a name is not a template"
        yield from _templates_in_names(value, (*path, name))


def _check_names(name: str, settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report an environment variable with several defaults, and one whose name in the bundle a variable has."""
    environment = settings.environments[name]
    defaults: dict[str, set[str | None]] = {}
    for env_var in env_vars_in(_settings_of_pipelines(environment)):
        defaults.setdefault(env_var.name, set()).add(env_var.default)
    span = setting_span(source, ("environments", name, "pipeline"))
    for variable in sorted(defaults):
        if len(defaults[variable]) > 1:
            message = f"in `environments.{name}`, `env_var('{variable}')` has several defaults"
            report.add(codes.INVALID_PROJECT_SETTING, message, span, hint="give the same default everywhere")
        if f"env_{variable}" in {*settings.vars, *environment.vars}:
            message = f"`env_var('{variable}')` has the name of the variable `env_{variable}` in the bundle"
            report.add(codes.INVALID_PROJECT_SETTING, message, span, hint="rename the variable")
