"""Options of the command line that give values to names: variables, settings of Spark, stand-ins for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbx.project.spark_settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cbx.diagnostics.source_files import SourceFile


def variable_values(texts: Sequence[str]) -> dict[str, str]:
    """The variables of the command line.

    Raises:
        CannotRunError: For a text without a value, and for a setting that Spark reads when it starts.
    """
    from cbx.runtime import CannotRunError

    variables = named_values("--var", "a variable as name=value", texts)
    for name in (name for name in variables if name.startswith(PREFIX)):
        from cbx.runtime.spark.launch.setting_names import is_read_at_start

        if is_read_at_start(name):
            hint = f"write --conf {name}={variables[name]}"
            raise CannotRunError(f"--var {name}: this is a setting of Spark, not a variable", hint=hint)
    return variables


def spark_settings(
    texts: Sequence[str], of_project: Mapping[str, str], project_file: SourceFile | None = None
) -> dict[str, str]:
    """The settings of Spark: those of the project, replaced by those of the command line.

    Args:
        texts: The values of ``--conf``.
        of_project: The settings in ``[run.spark]``.
        project_file: The file of ``[run.spark]``, for the places of its settings.

    Raises:
        CannotRunError: For a setting that does not exist, or that cannot be set.
    """
    of_options = named_values("--conf", "a setting of Spark as key=value", texts)
    given = {**of_project, **of_options}
    if given:
        from cbx.project.toml_spans import setting_span
        from cbx.runtime.spark.launch.given_settings import check_given_settings

        places = {}
        if project_file is not None:
            names = of_project.keys() - of_options
            places = {name: setting_span(project_file, ("run", "spark", name)) for name in names}
        check_given_settings(given, places)
    return given


def named_values(option: str, form: str, texts: Sequence[str]) -> dict[str, str]:
    """The values of an option by their names.

    Args:
        option: The option, for messages.
        form: How a value is written, for messages.
        texts: The values of the option.

    Raises:
        CannotRunError: For a text that has no name or no value.
    """
    from cbx.runtime import CannotRunError

    values = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or (not value and option != "--var"):
            raise CannotRunError(f"{option} {text}: write {form}")
        values[name] = value
    return values
