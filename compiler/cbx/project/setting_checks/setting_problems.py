"""Reports settings that are unknown, missing or of a wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import ValidationError

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import SourceFile
from cbx.project.find_project import PROJECT_FILE
from cbx.project.setting_templates import CALLS_ENV_VAR
from cbx.project.setting_types.sections import (
    CompileSection,
    EngineSection,
    Environment,
    NamingSection,
    PipelineSection,
    ProjectSection,
    ProjectSettings,
    RunSection,
    SeedsSection,
    VariableValue,
)
from cbx.project.setting_types.settings_table import SettingsTable
from cbx.project.toml_spans import setting_span


def validate_settings(data: dict[str, Any], source: SourceFile, report: Report) -> ProjectSettings | None:
    """The settings of a file; None after CBX002.

    Args:
        data: The content of ``project.toml``.
        source: The file.
        report: Gets one problem per setting.
    """
    try:
        return ProjectSettings.model_validate(data)
    except ValidationError as error:
        problems = _problems_by_path(error)
        unknown = [path for path, problem in problems.items() if problem["type"] == "extra_forbidden"]
        meant = {(*path[:-1], nearest(str(path[-1]), _names_at(list(path[:-1])))) for path in unknown}
        for path, problem in problems.items():
            if problem["type"] != "missing" or path not in meant:
                _report_setting(list(path), problem, data, source, report)
        return None


def _problems_by_path(error: ValidationError) -> dict[tuple[str | int, ...], Any]:
    """One problem per setting: a value that fits no member of a union is one problem, not one per member.

    A list without its wrong items may be too short; that is no problem of its own.
    """
    problems: dict[tuple[str | int, ...], Any] = {}
    for problem in error.errors():
        path = tuple(key for key in problem["loc"] if key not in {"str", "bool", "int", "float", "[key]"})
        is_value = len(problem["loc"]) > len(path) and problem["loc"][-1] != "[key]"
        problems.setdefault(path, {**problem, "is_value": is_value})
    around = {path[:depth] for path in problems for depth in range(len(path))}
    return {path: problem for path, problem in problems.items() if problem["type"] != "too_short" or path not in around}


_ONLY_TEXTS = "`env_var` is for settings that are any text: write the value, which each environment can have of its own"
_TITLE = re.compile(r"`\[[^`]*\]`")


def _report_setting(
    path: list[str | int], problem: Any, data: Mapping[str, Any], source: SourceFile, report: Report
) -> None:
    setting = ".".join(str(key) for key in path)
    span = setting_span(source, path)
    if problem["type"] == "extra_forbidden":
        names = _names_at(path[:-1])
        hint, causes = _right_section(path), []
        if hint is not None:
            causes += [Cause(PROJECT_FILE, f"{path[:-1]}: {title}") for title in _TITLE.findall(hint)]
        elif (hint := did_you_mean(str(path[-1]), names)) is None:
            hint = f"the settings are {', '.join(names)}"
            if "vars" not in data and path[0] != "environments" and isinstance(problem["input"], VariableValue):
                hint = f"is it a variable of the project? write it under `[vars]`; {hint}"
                causes.append(Cause(PROJECT_FILE, "section vars"))
        report.add(
            codes.INVALID_PROJECT_SETTING,
            f"there is no setting `{setting}`",
            span,
            label="unknown",
            hint=hint,
            causes=causes,
        )
    elif problem["type"] == "missing":
        hint = f"add `{path[-1]} = ...`" if len(path) > 1 else f"add `[{setting}]` with a `name`"
        causes = [Cause(PROJECT_FILE, f"[]: `[{setting}]`")]
        report.add(codes.INVALID_PROJECT_SETTING, f"`{setting}` is missing", span, hint=hint, causes=causes)
    else:
        message = f"`{setting}`: {_problem_text(problem)}"
        reads_env_var = isinstance(problem["input"], str) and re.search(CALLS_ENV_VAR, problem["input"]) is not None
        hint = _ONLY_TEXTS if reads_env_var else _choice_meant(problem)
        report.add(codes.INVALID_PROJECT_SETTING, message, span, label="not valid", hint=hint)


def _choice_meant(problem: Any) -> str | None:
    """A hint with the choice that is nearest to a value that is none of them."""
    is_choice = problem["type"] in {"literal_error", "enum"} and isinstance(problem["input"], str)
    return did_you_mean(problem["input"], _CHOICE.findall(problem["ctx"]["expected"])) if is_choice else None


_CHOICE = re.compile(r"'([^']*)'")
_SECTIONS: Mapping[str, type[SettingsTable]] = {
    "[project]": ProjectSection,
    "[naming]": NamingSection,
    "[compile]": CompileSection,
    "[run]": RunSection,
    "[test]": EngineSection,
    "[seeds]": SeedsSection,
    "[pipelines.<name>]": PipelineSection,
    "[environments.<name>]": Environment,
}


def _right_section(path: list[str | int]) -> str | None:
    """A hint that names the section of a setting that is in a wrong section."""
    from cbx.project.setting_types.pipeline_settings import NOT_SETTINGS, PipelineSettings

    name, table = str(path[-1]), _table_at(path[:-1])
    if name in NOT_SETTINGS.get(table, {}):
        return NOT_SETTINGS[table][name]
    sections: dict[str, type[SettingsTable]] = {**_SECTIONS, "[environments.<name>.pipeline]": PipelineSettings}
    if table not in {ProjectSettings, *sections.values()}:
        return None
    right = [title for title, model in sections.items() if model is not table and name in _names_in(model)]
    if name in _names_in(ProjectSettings) and path[0] == "environments":
        return f"`[{name}]` is for the whole project: write it at the top level"
    return f"`{name}` belongs to `{right[0]}`" + "".join(f" or `{other}`" for other in right[1:]) if right else None


def _problem_text(problem: Any) -> str:
    reason = str(problem["msg"])
    if problem["type"] == "string_pattern_mismatch":
        marks = "digits, underscores and dashes" if "-]" in reason else "digits and underscores"
        return f"`{problem['input']}` is not a name: a name has ASCII letters, {marks}, and no digit first"
    if problem["type"] in {"too_short", "string_too_short"}:
        return "it should not be empty"
    if problem["type"] == "value_error":
        return reason.removeprefix("Value error, ")
    if problem["is_value"]:
        return f"it should be text, a number, true or false, not `{_shown_value(problem['input'])}`"
    reason = reason.removeprefix("Input should be ").replace("'", "`")
    reason = reason.replace("a valid string", "text").replace("a valid boolean", "true or false")
    reason = reason.replace("a valid tuple", "a list").replace("a valid dictionary", "a table")
    reason = reason.split(" or instance of")[0]
    return f"it should be {reason}, not `{_shown_value(problem['input'])}`"


def _shown_value(value: Any) -> str:
    try:
        return str(value)[:60]
    except RecursionError:
        return "a deeply nested table"


def _names_at(path: Sequence[str | int]) -> list[str]:
    """The names of the settings in a table of ``project.toml``."""
    return sorted(_names_in(_table_at(path)))


def _names_in(table: type[SettingsTable]) -> list[str]:
    return [field.alias or name for name, field in table.model_fields.items()]


def _table_at(path: Sequence[str | int]) -> type[SettingsTable]:
    """The type of a table of ``project.toml``."""
    from cbx.project.setting_types.pipeline_settings import PipelineSettings

    is_pipeline = path[:1] == ["environments"] and path[2:3] == ["pipeline"]
    is_one_of_several = path[:1] == ["environments"] and path[2:3] == ["pipelines"] and len(path) > 3
    kind: Any = PipelineSettings if is_pipeline or is_one_of_several else ProjectSettings
    for key in path[3 if is_pipeline else 4 if is_one_of_several else 0 :]:
        kind = _inner_type(kind, key)
    return kind if isinstance(kind, type) and issubclass(kind, SettingsTable) else ProjectSettings


def _inner_type(kind: Any, key: str | int) -> Any:
    """The type of a value in a table, a list or a dictionary, without ``None``."""
    if isinstance(kind, type) and issubclass(kind, SettingsTable):
        types = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
        inner = types.get(str(key))
    else:
        inner = next((argument for argument in reversed(get_args(kind)) if argument is not Ellipsis), None)
    choices = [choice for choice in get_args(inner) if choice is not type(None)]
    return choices[0] if type(None) in get_args(inner) else inner
