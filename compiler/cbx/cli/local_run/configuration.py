"""The configuration of a run: the project's variables, and the settings of pipelines in the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cbx.compiler import Compilation
    from cbx.project.setting_templates import EnvVar, SecretReference
    from cbx.project.settings import Project
    from cbx.stages.plan import Plan


def run_configuration(
    compilation: Compilation, env: str, variables: Mapping[str, str], select: Collection[str] | None
) -> dict[str, str]:
    """The configuration of a run.

    Args:
        compilation: The compiled project.
        env: The name of the environment.
        variables: The values of the command line, which override the others.
        select: The datasets that are refreshed, in lower case; None for all.

    Raises:
        CannotRunError: If a variable is unknown or has no value, or if two pipelines have different settings.
    """
    project, plan = compilation.project, compilation.plan
    if project is None or plan is None:
        return {}
    _require_known(project, variables)
    values = {project.configuration_key(name): value for name, value in project.variables(env).items()}
    settings = _environment_configuration(project, env, _selected_pipelines(plan, select))
    overrides = {name if "." in name else project.configuration_key(name): value for name, value in variables.items()}
    configuration = {**values, **settings, **overrides}
    _require_values(plan, env, configuration)
    return configuration


def _require_known(project: Project, variables: Mapping[str, str]) -> None:
    from cbx.diagnostics.diagnostic import did_you_mean
    from cbx.runtime import CannotRunError

    unknown = sorted(name for name in variables if name not in project.variable_names and "." not in name)
    if unknown:
        names = ", ".join(sorted(project.variable_names)) or "none"
        hint = did_you_mean(unknown[0], project.variable_names, f"it has {names}")
        raise CannotRunError(f"--var {unknown[0]}: the project has no such variable", hint=hint)


def _require_values(plan: Plan, env: str, configuration: Mapping[str, str]) -> None:
    """Require a value for each variable that models use, from the environment or from the command line."""
    from cbx.passes.checks.check_variables import variables_in
    from cbx.runtime import CannotRunError

    for name in sorted(variables_in(planned.model for planned in plan.models)):
        if plan.project.configuration_key(name) not in configuration:
            hint = f"set it under `[environments.{env}.vars]` in project.toml, or pass --var {name}=..."
            raise CannotRunError(f"the variable `{name}` has no value in the environment `{env}`", hint=hint)


def _selected_pipelines(plan: Plan, select: Collection[str] | None) -> list[str]:
    """The names of the pipelines that have a selected dataset."""
    names = {planned.pipeline for planned in plan.models if select is None or planned.model.dataset.lower() in select}
    return sorted(name for name in names if name is not None)


def _environment_configuration(project: Project, env: str, pipelines: list[str]) -> dict[str, str]:
    """The ``configuration`` of the settings of the pipelines, which run in one session."""
    from cbx.runtime import CannotRunError

    environment = project.settings.environments.get(env)
    if environment is None:
        return {}
    shared = environment.pipeline.get("configuration", {})
    merged = {} if pipelines else dict(shared)
    owners: dict[str, str] = {}
    for pipeline in pipelines:
        own = environment.pipelines.get(pipeline, {}).get("configuration", {})
        for key, value in {**shared, **own}.items():
            if merged.setdefault(key, value) != value:
                message = f"`{key}` has different values in the pipelines `{owners[key]}` and `{pipeline}`"
                raise CannotRunError(message, hint=f"run one of them: --select pipeline:{pipeline}")
            owners.setdefault(key, pipeline)
    return _fill_env_vars(merged)


def depends_on_machine(compilation: Compilation, env: str) -> bool:
    """Whether settings of pipelines in an environment have variables of the machine, or secrets."""
    from cbx.project.setting_templates import texts_in

    environment = compilation.project.settings.environments.get(env) if compilation.project is not None else None
    settings = [environment.pipeline, environment.pipelines] if environment is not None else []
    return any("{{" in text for _, text in texts_in(settings))


def _fill_env_vars(configuration: dict[str, str]) -> dict[str, str]:
    from cbx.project.setting_templates import env_vars_in, fill_templates
    from cbx.runtime import CannotRunError

    missing = sorted({env_var.name for env_var in env_vars_in(configuration) if _value(env_var) is None})
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        noun = "variable" if len(missing) == 1 else "variables"
        raise CannotRunError(f"the environment {noun} {names} {'is' if len(missing) == 1 else 'are'} not set")
    filled: dict[str, str] = fill_templates(configuration, lambda env_var: _value(env_var) or "", _secret_value)
    return filled


def _secret_value(secret: SecretReference) -> str:
    """The secret of this machine, under the name that ``dbutils.secrets`` reads; else the reference to it."""
    from cbx.project.setting_templates import refer_to_secret
    from cbx.runtime.notebooks.dbutils import environment_name

    return os.environ.get(environment_name("secret", *secret), refer_to_secret(secret))


def _value(env_var: EnvVar) -> str | None:
    return os.environ.get(env_var.name, env_var.default)
