"""Checks settings that are valid one by one: names, references that the Databricks CLI would replace, and numbers."""

from __future__ import annotations

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean, listing
from cbx.diagnostics.source_files import SourceFile
from cbx.project.identifiers import DEVICE, IDENTIFIER
from cbx.project.setting_checks.check_templates import check_templates
from cbx.project.setting_templates import texts_in
from cbx.project.setting_types.sections import LOCAL, REFERENCE, Environment, ProjectSettings
from cbx.project.spark_settings import refuse_setting
from cbx.project.toml_spans import setting_span

_MOST_VALUES = 50_000
_RESERVED_LAYERS = frozenset({"checks"})


def check_settings(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report CBX002, CBX106 and CBX151 for settings that are valid one by one."""
    _check_layers(settings, source, report)
    _check_layer_of_seeds(settings, source, report)
    _check_naming(settings, source, report)
    _check_references(settings, source, report)
    _check_values(settings, source, report)
    _check_pipelines(settings, source, report)
    _check_compute(settings, source, report)
    _check_configuration(settings, source, report)
    _check_spark(settings, source, report)
    check_templates(settings, source, report)


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


def _check_layer_of_seeds(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    layer, layers = settings.seeds.layer, settings.project.layers
    if layer is not None and layer not in layers:
        message = f"`seeds.layer`: `{layer}` is not a layer of the project"
        hint = did_you_mean(layer, layers, f"the layers are {listing(layers)}")
        report.add(codes.INVALID_PROJECT_SETTING, message, setting_span(source, ("seeds", "layer")), hint=hint)


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
    documents = settings.model_dump(by_alias=True, include={"environments": set(deployed)})
    for path, text in texts_in({"vars": shared, **documents}):
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


def _check_pipelines(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report settings of pipelines that the project does not have."""
    for name, environment in settings.environments.items():
        for pipeline in environment.pipelines:
            if pipeline not in settings.pipelines:
                path = ("environments", name, "pipelines", pipeline)
                names = ", ".join(f"`{known}`" for known in settings.pipelines)
                otherwise = f"the pipelines are {names}" if names else f"write `[environments.{name}.pipeline]`"
                hint = did_you_mean(pipeline, settings.pipelines, otherwise)
                message = f"the project has no pipeline `{pipeline}`"
                report.add(codes.INVALID_PROJECT_SETTING, message, setting_span(source, path), hint=hint)


def _check_compute(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report CBX151 for clusters of serverless pipelines, which the workspace refuses."""
    for name, environment in settings.environments.items():
        places = dict.fromkeys(
            _clusters_of_serverless(environment, pipeline) for pipeline in settings.pipelines or ("",)
        )
        for place in filter(None, places):
            path = ("environments", name, *place, "clusters")
            message = f"`{'.'.join(path)}`: a serverless pipeline has no clusters"
            hint = "set `serverless = false`, or `clusters = []`"
            report.add(codes.COMPUTE_OF_SERVERLESS, message, setting_span(source, path), hint=hint)


def _clusters_of_serverless(environment: Environment, pipeline: str) -> tuple[str, ...] | None:
    """The table whose clusters a serverless pipeline would have; None if it is not serverless or has none."""
    own = environment.pipelines.get(pipeline, {})
    settings = {"serverless": environment.serverless, **environment.pipeline, **own}
    if not settings.get("clusters") or not settings["serverless"]:
        return None
    return ("pipelines", pipeline) if own.get("clusters") or own.get("serverless") else ("pipeline",)


def _check_configuration(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report keys of a configuration that are those of variables."""
    prefix = f"{settings.project.name}."
    for name, environment in settings.environments.items():
        own = ((("pipelines", pipeline), table) for pipeline, table in environment.pipelines.items())
        for place, table in ((("pipeline",), environment.pipeline), *own):
            for key in table.get("configuration", ()):
                variable = key.removeprefix(prefix)
                if variable != key and (variable in settings.vars or variable in environment.vars):
                    path = ("environments", name, *place, "configuration", key)
                    message = f"`{key}` is the key of a variable of the project"
                    hint = f"set the variable in `[environments.{name}.vars]`"
                    report.add(codes.INVALID_PROJECT_SETTING, message, setting_span(source, path), hint=hint)


def _check_spark(settings: ProjectSettings, source: SourceFile, report: Report) -> None:
    """Report settings of local Spark on which cbx relies, and names that are none of Spark's."""
    for name in settings.run.spark:
        refused = refuse_setting(name)
        if refused is not None:
            message = f"`run.spark`: `{name}` cannot be set: {refused.reason}"
            span = setting_span(source, ("run", "spark", name))
            report.add(codes.INVALID_PROJECT_SETTING, message, span, label="not valid", hint=refused.hint)
