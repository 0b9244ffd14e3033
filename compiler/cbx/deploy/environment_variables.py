"""The values of environment variables in the settings of pipelines."""

from __future__ import annotations

import os
from typing import Any

from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Diagnostic
from cbx.project.setting_templates import EnvVar, env_vars_in, fill_templates, texts_in
from cbx.project.settings import Project
from cbx.project.toml_spans import setting_span


def fill_env_vars(project: Project, environment: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Settings with the values of this machine's environment variables.

    Args:
        project: The project.
        environment: The environment that is deployed.
        settings: Settings of all its pipelines.

    Raises:
        DeployError: CBX650 for each variable that is not set and has no default.
    """
    missing = {env_var.name for env_var in env_vars_in(settings) if _value(env_var) is None}
    if missing:
        raise DeployError(*(_missing_variable(name, project, environment) for name in sorted(missing)))
    filled: dict[str, Any] = fill_templates(settings, lambda env_var: _value(env_var) or "")
    return filled


def _value(env_var: EnvVar) -> str | None:
    return os.environ.get(env_var.name, env_var.default)


def _missing_variable(name: str, project: Project, environment: str) -> Diagnostic:
    document = project.settings.environments[environment].model_dump(by_alias=True, exclude_unset=True)
    paths = [path for path, text in texts_in(document) if name in {env_var.name for env_var in env_vars_in(text)}]
    span = setting_span(project.source, ("environments", environment, *paths[0])) if paths else None
    hint = f"set it, or give a default: `env_var('{name}', '...')`"
    return Diagnostic(
        codes.MISSING_ENVIRONMENT_VARIABLE, f"the environment variable `{name}` is not set", span, hint=hint
    )
