"""The expressions that load files and other systems, one call per line."""

from __future__ import annotations

from collections.abc import Iterable

from cbx.emit.literals import string_literal, text_literal
from cbx.emit.notebooks.cells import WIDTH, wrapped_literal
from cbx.project.settings import Project
from cbx.stages.inputs import FileInput, ReaderInput


def load_expression(source: FileInput | ReaderInput, project: Project, indent: str) -> str:
    """The expression that loads an input, with all lines indented."""
    lines = _auto_loader(source, project, indent) if isinstance(source, FileInput) else _reader(source, project, indent)
    return "\n".join(indent + line for line in lines)


def _reader(source: ReaderInput, project: Project, indent: str) -> list[str]:
    reader = "spark.readStream" if source.is_streaming else "spark.read"
    options = ((name, text_literal(value, project.name)) for name, value in source.options)
    schema = [f".schema({wrapped_literal(source.schema, indent)})"] if source.schema else []
    return [f"{reader}.format({string_literal(source.format)})", *_option_calls(options, indent), *schema, ".load()"]


def _option_calls(options: Iterable[tuple[str, str]], indent: str) -> list[str]:
    calls = []
    for name, value in options:
        one_line = f".option({string_literal(name)}, {value})"
        is_long = len(indent + one_line) > WIDTH
        calls.append(
            f".option(\n{indent}    {string_literal(name)},\n{indent}    {value},\n{indent})" if is_long else one_line
        )
    return calls


def _auto_loader(files: FileInput, project: Project, indent: str) -> list[str]:
    """The calls that read files with Auto Loader."""
    names = {name.lower() for name, _ in files.options}
    options: list[tuple[str, str]] = [("cloudFiles.format", string_literal(files.format))]
    if not files.schema and "cloudfiles.infercolumntypes" not in names:
        options.append(("cloudFiles.inferColumnTypes", string_literal("true")))
    if files.schema_hints and "cloudfiles.schemahints" not in names:
        options.append(("cloudFiles.schemaHints", wrapped_literal(files.schema_hints, indent + "    ")))
    if files.format == "csv" and "header" not in names:
        options.append(("header", string_literal("true")))
    options += [(name, text_literal(value, project.name)) for name, value in files.options]
    lines = ['spark.readStream.format("cloudFiles")', *_option_calls(options, indent)]
    if files.schema:
        lines.append(f".schema({wrapped_literal(files.schema, indent)})")
    return [*lines, f".load({text_literal(files.path, project.name)})"]
