"""Reads the macros of a project."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import NamedTuple

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Related, Report
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.jinja.templates import Templates
from cbx.parse.python import parse_syntax
from cbx.parse.statements import read_module
from cbx.stages.declared import Discovered
from cbx.syntax.declarations import PythonModule


class Macros(NamedTuple):
    """The macros of a project.

    Attributes:
        templates: Renders templates with the Jinja macros.
        modules: The Python macros, by module name: ``macros.contact``; None for one that does not parse.
    """

    templates: Templates
    modules: Mapping[str, PythonModule | None]


def read_macros(discovered: Discovered, report: Report) -> Macros:
    """From the files of ``macros/`` to templates and modules.

    Before: the text of ``macros/contact.py``. After: the definitions and imports of the module ``macros.contact``.
    CBX101 and CBX205 for macros that cannot be read, CBX106 for a name that is taken.
    """
    templates = Templates()
    _add_templates(discovered.macro_files, templates, discovered.project.variable_names, report)
    return Macros(templates, _read_modules(discovered.macro_files, report))


def _add_templates(
    files: tuple[SourceFile, ...], templates: Templates, variables: frozenset[str], report: Report
) -> None:
    defined: dict[str, Span] = {}
    readable = []
    for file in files:
        if not file.path.endswith(".sql"):
            continue
        reported = len(report)
        for name, span in templates.add_macros(file, report):
            if name in defined:
                related = [Related("the first", defined[name])]
                message = f"the macro `{name}` is defined twice"
                report.add(codes.INVALID_NAME, message, span, hint="rename one of the two", related=related)
            defined.setdefault(name, span)
        if len(report) == reported:
            readable.append(file)
    for file in readable:
        templates.check_macros(file, variables, report)


def _read_modules(files: tuple[SourceFile, ...], report: Report) -> dict[str, PythonModule | None]:
    modules: dict[str, PythonModule | None] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about the code of macros
        for file in files:
            if file.path.endswith(".py"):
                tree = parse_syntax(file, report)
                name = file.path.removesuffix(".py").replace("/", ".")
                modules[name] = None if tree is None else read_module(file, tree)
    return modules
