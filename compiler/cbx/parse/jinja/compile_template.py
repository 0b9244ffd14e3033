"""Parses and compiles templates with Jinja, and reports what it refuses."""

from __future__ import annotations

from collections.abc import Sequence

import jinja2
from jinja2 import nodes

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report
from cbx.parse.jinja.sandbox import BoundedEnvironment
from cbx.parse.jinja.template_problems import hint_of_tag
from cbx.parse.jinja.template_spans import Template, error_span

_OF_FILES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


def parse_template(
    environment: BoundedEnvironment, template: Template, report: Report, causes: Sequence[Cause] = ()
) -> nodes.Template | None:
    """Parse a template and, since Jinja looks up filters only then, generate its code once; None after a CBX101."""
    try:
        tree = environment.parse(template.text)
        environment.undeclared_names(tree)
    except jinja2.TemplateSyntaxError as error:
        span = error_span(error, template)
        message = f"invalid Jinja template: {error.message}"
        report.add(codes.SYNTAX_ERROR, message, span, hint=hint_of_tag(error.message or ""), causes=causes)
    except RecursionError:
        report.add(codes.SYNTAX_ERROR, "this template is nested too deeply", template.first_tag_span())
    else:
        including = next(tree.find_all(_OF_FILES), None)
        if including is None:
            return tree
        _refuse_files(including, template, report)
    return None


def _refuse_files(including: nodes.Node, template: Template, report: Report) -> None:
    """Report a tag that reads other files."""
    word = type(including).__name__.lower().removeprefix("from")
    first_line = template.source.position(template.offset)[0]
    span = template.span or template.source.whole_line(first_line + including.lineno - 1)
    hint = "macros of macros/ are available everywhere"
    report.add(codes.SYNTAX_ERROR, f"a template cannot `{word}` files", span, hint=hint)


def compile_template(
    environment: BoundedEnvironment, text: str, template: Template, report: Report
) -> jinja2.Template | None:
    """Compile a template; None after a CBX101 for errors that only Python finds, such as a repeated argument."""
    try:
        compiled = environment.from_string(text)
    except SyntaxError as error:
        report.add(codes.SYNTAX_ERROR, f"invalid Jinja template: {error.msg}", template.first_tag_span())
    except (RecursionError, MemoryError):
        report.add(codes.SYNTAX_ERROR, "this template is nested too deeply", template.first_tag_span())
    else:
        compiled.filename = template.source.path
        return compiled
    return None
