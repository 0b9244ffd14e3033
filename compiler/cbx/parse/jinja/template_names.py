"""Checks the names of macros, variables and parameters in templates, and where secrets are."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from types import SimpleNamespace
from typing import Any

from cbx.declare.foreign_words import FOREIGN_TEMPLATE_WORDS
from cbx.declare.signatures import INPUTS
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean, listing
from cbx.diagnostics.source_files import Span
from cbx.parse.jinja.template_spans import Template, TemplateCall, TemplateToken, is_attribute
from cbx.project.find_project import PROJECT_FILE
from cbx.syntax.declarations import Parameters
from cbx.syntax.text import Text

PARAMETERS = "each"
"""The word of templates that has the parameters of ``for_each`` as attributes."""


def check_variable(name: str, span: Span, variables: frozenset[str], report: Report) -> None:
    """Report CBX205 for a variable that has no value in any environment."""
    if name not in variables:
        hint = did_you_mean(name, variables, f"give it a value in project.toml: `[vars]` `{name} = ...`")
        message, causes = f"no variable is named `{name}`", [Cause(PROJECT_FILE, f"variable {name}")]
        report.add(codes.UNKNOWN_VARIABLE, message, span, label="not found", hint=hint, causes=causes)


def report_input(name: str, span: Span, report: Report) -> None:
    """Report CBX205 for a call such as ``ref`` where none is allowed."""
    message = f"`{name}` names an input, which only a query can read"
    hint = "in a declaration only macros and `var` can be called"
    report.add(codes.UNKNOWN_MACRO, message, span, hint=hint)


def report_unknown_macro(
    name: str, macros: Collection[str], broken: Sequence[Cause], span: Span, report: Report
) -> None:
    """Report CBX205 for a call of no macro.

    Args:
        name: What is called.
        macros: The macros that there are.
        broken: Further causes where the name resembles no macro, such as files without the first line of a macro.
        span: The span of the name.
        report: Where the problem goes.
    """
    near = did_you_mean(name, (*macros, "var", *INPUTS))
    hint = FOREIGN_TEMPLATE_WORDS.get(name, near or "define it in a file of macros/")
    causes = [Cause("macros/", f"macro {name}")]
    if near is None and name not in FOREIGN_TEMPLATE_WORDS:
        causes += broken
    report.add(codes.UNKNOWN_MACRO, f"no macro is named `{name}`", span, label="not found", hint=hint, causes=causes)


def report_unknown_name(name: str, macros: Collection[str], span: Span, report: Report) -> None:
    """Report CBX205 for a name that nothing defines."""
    near = did_you_mean(name, macros, 'a variable of the project is written `var("name")`')
    hint = FOREIGN_TEMPLATE_WORDS.get(name, near)
    report.add(codes.UNKNOWN_VARIABLE, f"undefined name `{name}`", span, label="not found", hint=hint)


def set_parameters(words: MutableMapping[str, Any], parameters: Parameters | None) -> None:
    """Add ``each`` to the words of templates; remove it where a model has no parameters."""
    words.pop(PARAMETERS, None)
    if parameters is not None:
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in parameters.values}
        words[PARAMETERS] = SimpleNamespace(**values)


def check_parameters(
    template: Template, tokens: Sequence[TemplateToken], parameters: Parameters | None, report: Report
) -> None:
    """Report CBX240 for each ``each.name`` that is not a parameter."""
    if parameters is None:
        return
    names = [name for name, _ in parameters.values]
    for index, token in enumerate(tokens[:-2]):
        is_word = token.kind == "name" and token.text == PARAMETERS and not is_attribute(tokens, index)
        if is_word and tokens[index + 1].text == "." and tokens[index + 2].text not in names:
            name = tokens[index + 2]
            report_unknown_parameter(name.text, names, template.span_at(name.start, name.end), report)


def report_unknown_parameter(name: str, names: Sequence[str], span: Span, report: Report) -> None:
    """Report CBX240 for a name that is not a parameter of ``for_each``."""
    hint = did_you_mean(name, names, f"the parameters are {listing(names)}")
    report.add(codes.UNKNOWN_PARAMETER, f"`for_each` has no parameter `{name}`", span, label="not found", hint=hint)


def refuse_secrets(text: Text, template: Template, calls: Sequence[TemplateCall], report: Report) -> bool:
    """Report CBX241 if a rendered text has a secret in it, and return whether it does."""
    if not text.has_secret:
        return False
    span = next((call.span for call in calls if call.word == "secret"), template.first_tag_span())
    message = "a secret is allowed only as the value of an option, or in it"
    hint = "here it would be written to a table, a log or the manifest"
    report.add(codes.MISPLACED_SECRET, message, span, label="not an option", hint=hint)
    return True
