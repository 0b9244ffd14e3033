"""Parses the project's files."""

from __future__ import annotations

from cbx import codes
from cbx.diagnostics import Related, Report
from cbx.ir.declared import Discovered, Parsed
from cbx.ir.syntax import PythonModule
from cbx.parse.python import parse_python_model, parse_syntax
from cbx.parse.sql import parse_sql_model
from cbx.parse.statements import read_module
from cbx.parse.templates import Templates
from cbx.sources import SourceFile, Span


def parse(discovered: Discovered, report: Report) -> Parsed:
    """From text to syntax: declarations as calls with literals, inputs, queries rendered, functions cut out.

    Before: ``{{ view(key="id") }} SELECT ...``. After: a call of ``view`` with a literal at its place, and the
    query. Whatever cannot be read is reported (CBX101, CBX104, CBX105, CBX205) and left out.
    """
    templates = Templates()
    variables = discovered.project.variable_names
    _add_template_macros(discovered.macro_files, templates, variables, report)
    models = []
    for file in discovered.model_files:
        if file.source.path.endswith(".py"):
            model = parse_python_model(file.source, file.layer, file.name, report)
        else:
            model = parse_sql_model(file.source, file.layer, file.name, templates, variables, report)
        if model is not None:
            models.append(model)
    return Parsed(
        discovered.project,
        tuple(models),
        discovered.known_ids,
        templates,
        _python_macros(discovered.macro_files, report),
        {source.path: source for source in discovered.sources},
    )


def _add_template_macros(
    files: tuple[SourceFile, ...], templates: Templates, variables: frozenset[str], report: Report
) -> None:
    defined: dict[str, Span] = {}
    readable = []
    for file in files:
        if not file.path.endswith(".sql"):
            continue
        found = len(report)
        for name, span in templates.add_macros(file, report):
            if name in defined:
                related = [Related("the first", defined[name])]
                message = f"the macro `{name}` is defined a second time"
                report.add(codes.INVALID_NAME, message, span, hint="rename one of the two", related=related)
            defined.setdefault(name, span)
        if len(report) == found:
            readable.append(file)
    for file in readable:
        templates.check_macros(file, variables, report)


def _python_macros(files: tuple[SourceFile, ...], report: Report) -> dict[str, PythonModule | None]:
    modules: dict[str, PythonModule | None] = {}
    for file in files:
        if file.path.endswith(".py"):
            tree = parse_syntax(file, report)
            name = file.path.removesuffix(".py").replace("/", ".")
            modules[name] = None if tree is None else read_module(file, tree)
    return modules
