"""Renders Jinja templates in a sandbox, with the span of each piece of the result.

Besides the project's macros a template may call ``var`` and, in a query, the inputs. They return marks, which become
variables and slots after rendering, so the value of a variable never affects a compilation.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jinja2
from jinja2 import nodes

from cbx.declare.signatures import INPUTS
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.jinja.compile_template import compile_template, parse_template
from cbx.parse.jinja.macro_definitions import add_callers, outermost_macros
from cbx.parse.jinja.plain_templates import plain_pieces
from cbx.parse.jinja.rendered_marks import RenderedTemplate, refuse_damaged_marks, split_marks
from cbx.parse.jinja.sandbox import BoundedEnvironment
from cbx.parse.jinja.template_marks import (
    BrokenMacroError,
    InputHereError,
    NotANameError,
    UnknownNowError,
    secret,
    variable,
    write_mark,
)
from cbx.parse.jinja.template_names import (
    PARAMETERS,
    check_parameters,
    check_variable,
    refuse_secrets,
    report_input,
    report_unknown_macro,
    report_unknown_name,
    set_parameters,
)
from cbx.parse.jinja.template_problems import hint_of_call, lacks_macro_head, reason_of
from cbx.parse.jinja.template_spans import (
    Template,
    TemplateCalls,
    TemplateToken,
    insert_marks,
    is_attribute,
    read_calls,
    read_tokens,
    split_macros,
    template_lines,
)
from cbx.syntax.declarations import Argument, Call, Parameters
from cbx.syntax.text import Text, TextSpans

_OFFSET_MARK = re.compile("\0@([0-9]{1,9})\0")
_WORDS = frozenset({"var", "secret", *INPUTS})
_SPECIAL = re.compile(r"\{[{%#]")
_HEADLESS = Cause("macros/", "a macro without its first line")


class Templates:
    """Renders templates that use the project's macros."""

    def __init__(self, *, always_jinja: bool = False) -> None:
        """Start without macros.

        Args:
            always_jinja: Whether Jinja renders plain templates too; the result is the same, but slower.
        """
        self._always_jinja = always_jinja
        self._environment = BoundedEnvironment()
        self._builtins = frozenset(self._environment.globals)
        self._calls: list[Call] = []
        self._template_calls = TemplateCalls((), Span(""))
        self._inputs_allowed = False
        self._macros: dict[str, Any] = {}
        self._macro_sources: dict[str, SourceFile] = {}
        self._unparsed: list[str] = []
        self._lacks_a_head = False
        self._reached = 0
        self._modules: dict[jinja2.Template, Any] = {}
        self._have_state = False
        self._spender = ""
        self._known: dict[str, Text] = {}
        self._parameters: Parameters | None = None
        self._environment.globals.update(var=variable, secret=secret)
        for word in INPUTS:
            self._environment.globals[word] = self._make_input_word(word)

    def add_macros(self, source: SourceFile, report: Report) -> list[tuple[str, Span]]:
        """Add the macros of a file, and return their names with their spans; CBX101 if it does not parse."""
        template = Template(source.text, source)
        is_headless = lacks_macro_head(source.text)
        tree = parse_template(self._environment, template, report, [_HEADLESS] if is_headless else [])
        if tree is None:
            self._unparsed.append(source.text)
            self._lacks_a_head |= is_headless
            return []
        compiled = compile_template(self._environment, source.text, template, report)
        self._macro_sources[source.path] = source
        if compiled is None:
            self._mark_broken([node.name for node in tree.find_all(nodes.Macro)])
            return []
        self._have_state |= any(not isinstance(node, (nodes.Macro, nodes.Output)) for node in tree.body)
        named = []
        spans = self._macro_spans(template)
        for node in tree.find_all(nodes.Macro):
            span = spans[node.name].pop(0) if spans.get(node.name) else source.start()
            if node.name in _WORDS or node.name in self._builtins:
                message = f"a macro cannot be named `{node.name}`: templates have a word of that name"
                report.add(codes.INVALID_NAME, message, span, hint="choose another name")
                continue
            named.append((node.name, span))
            self._macros[node.name] = compiled
            self._environment.globals[node.name] = self._make_macro_word(node.name)
        return named

    def use_parameters(self, parameters: Parameters | None) -> None:
        """Let the next templates use the parameters of a model as ``each``; None if it has none."""
        if parameters != self._parameters:
            self._parameters, self._spender = parameters, ""
            self._known.clear()
            set_parameters(self._environment.globals, parameters)

    def check_macros(self, source: SourceFile, variables: frozenset[str], report: Report) -> None:
        """Report unknown names in a file of macros."""
        template = Template(source.text, source)
        tree = self._environment.parse(source.text)
        assignments = (*tree.find_all(nodes.Assign), *tree.find_all(nodes.AssignBlock))
        allowed = {name.name for assignment in assignments for name in assignment.find_all(nodes.Name)} | set(INPUTS)
        around, bodies = split_macros(read_tokens(self._environment, template))
        macros = list(outermost_macros(tree))
        reported = len(report)
        self._check_names(template, tree, around, frozenset(allowed), variables, report)
        broken = {macro.name for macro in macros} if len(report) > reported else set()
        for macro, body in zip(macros, bodies, strict=True):
            reported = len(report)
            alone = nodes.Template([macro], lineno=macro.lineno)
            alone.set_environment(self._environment)
            self._check_names(template, alone, body, frozenset(allowed), variables, report)
            if len(report) > reported:
                broken.add(macro.name)
        self._mark_broken(sorted(add_callers(broken, macros)))

    def _mark_broken(self, names: list[str]) -> None:
        """Remember macros that were reported, so that templates that use them are not reported."""

        def call(*_: Any, **__: Any) -> Any:
            raise BrokenMacroError

        for name in names:
            self._macros.setdefault(name, None)
            self._environment.globals[name] = call

    def render(
        self,
        template: Template,
        report: Report,
        variables: frozenset[str],
        *,
        inputs_allowed: bool = False,
        secrets_allowed: bool = False,
    ) -> RenderedTemplate | None:
        """Render a template.

        Args:
            template: The template.
            report: Where problems go: CBX101 for invalid or failing templates, CBX104 for a variable whose value
                is used, CBX205 for an unknown macro or variable.
            variables: The variables that have a value somewhere.
            inputs_allowed: Whether ``ref`` and similar functions may be called.
            secrets_allowed: Whether the text may have secrets in it; else they are a CBX241.

        Returns:
            The result, or None after a diagnostic.
        """
        if not _SPECIAL.search(template.text):
            return RenderedTemplate(
                Text.of(template.text), (), TextSpans(template.source.lines, ((0, template.offset),))
            )
        if "\r" in template.text:  # a string of a declaration; Jinja does the same, but then offsets differ
            template = replace(template, text=template.text.replace("\r\n", "\n").replace("\r", "\n"))
        if inputs_allowed:
            rendered = self._render(template, report, variables, inputs_allowed=True)
            calls = self._template_calls.calls
            is_wrong = rendered is not None and refuse_secrets(rendered.text, template, calls, report)
            return None if is_wrong else rendered
        if template.text not in self._known:
            rendered = self._render(template, report, variables, inputs_allowed=False)
            if rendered is None:
                return None
            self._known[template.text] = rendered.text
        text = self._known[template.text]
        if not secrets_allowed and refuse_secrets(text, template, (), report):
            return None
        return RenderedTemplate(text, (), TextSpans(template.source.lines, ((0, template.offset),)))

    def _render(
        self, template: Template, report: Report, variables: frozenset[str], *, inputs_allowed: bool
    ) -> RenderedTemplate | None:
        words = frozenset(INPUTS if inputs_allowed else ())
        try:
            plain = None if self._always_jinja else self._prepare_plain(template, words, variables)
            run = plain or self._prepare_jinja(template, words, variables, report)
        except BrokenMacroError:
            return None
        if run is None:
            return None
        self._calls = []
        self._inputs_allowed = inputs_allowed
        self._reached = 0
        self._begin_rendering(template.source)
        rendered = self._run(run, template, report)
        return self._split_marks(rendered, template, variables, report) if rendered is not None else None

    def _run(self, run: Callable[[], str], template: Template, report: Report) -> str | None:
        """The text of a template with marks; None if it fails, which is reported unless its macro was."""
        try:
            return run()
        except UnknownNowError as error:
            hint = "it can be a part of the text, but a template cannot change it or decide by it"
            span = self._template_calls.find(error.word, error.name).span
            report.add(codes.NOT_A_LITERAL, str(error), span, hint=hint)
        except InputHereError as error:
            report_input(str(error), template.first_tag_span(), report)
        except NotANameError as error:
            calls = self._template_calls
            span = calls.nameless_variable().span if error.word == "var" else calls.find(error.word).span
            report.add(codes.WRONG_ARGUMENT_TYPE, str(error), span, hint=error.hint)
        except BrokenMacroError:
            pass
        except Exception as error:  # noqa: BLE001 - user code may raise anything
            self._report_failure(error, template, report)
        return None

    def _report_failure(self, error: Exception, template: Template, report: Report) -> None:
        """Report an expression that failed, with the line of the macro in which it did."""
        lines = template_lines(error)
        own_lines = [line for path, line in lines if path == template.source.path]
        inner = [(path, line) for path, line in lines if path in self._macro_sources]
        related, causes = [], []
        if inner and not isinstance(error, RecursionError):
            path, line = inner[-1]
            related.append(Related("it fails in this macro", self._macro_sources[path].whole_line(line)))
            causes.append(Cause(path, f"line {line}"))
        span = template.expression_span(self._reached, own_lines[0] if own_lines else None)
        message = f"the template fails: {reason_of(error)}"
        hint = hint_of_call(str(error), self._find_macro)
        report.add(codes.SYNTAX_ERROR, message, span, hint=hint, related=related, causes=causes)

    def _find_macro(self, name: str) -> Any:
        compiled = self._macros.get(name)
        return getattr(self._modules.get(compiled), name, None) if compiled is not None else None

    def _begin_rendering(self, source: SourceFile) -> None:
        """Reset the state of macros before a rendering, and the budget before the first one of a file."""
        if source.path != self._spender:
            self._spender = source.path
            self._environment.budget.refill()
        if self._have_state:
            self._modules.clear()

    def _prepare_plain(
        self, template: Template, inputs: frozenset[str], variables: frozenset[str]
    ) -> Callable[[], str] | None:
        """A function that renders a template of plain calls with marks; None if Jinja is needed."""
        pieces = plain_pieces(template)
        if pieces is None:
            return None
        calls = [piece for _, piece in pieces if not isinstance(piece, str)]
        for plain in calls:
            is_variable = plain.template_call.word == "var" and len(plain.arguments) == 1 and not plain.keywords
            if plain.template_call.word not in {*inputs, *self._macros} and not (
                is_variable and plain.arguments[0] in variables
            ):
                return None
        own_calls = tuple(plain.template_call for plain in calls if plain.template_call.word in _WORDS)
        self._template_calls = TemplateCalls(own_calls, template.first_tag_span())
        words: dict[str, Any] = self._environment.globals

        def run() -> str:
            rendered = []
            for self._reached, piece in pieces:
                if not isinstance(piece, str):
                    piece = words[piece.template_call.word](*piece.arguments, **piece.keywords)  # noqa: PLW2901 - what it renders
                rendered.append(f"\0@{self._reached}\0{piece}")
            return "".join(rendered)

        return run

    def _prepare_jinja(
        self, template: Template, inputs: frozenset[str], variables: frozenset[str], report: Report
    ) -> Callable[[], str] | None:
        """A function that renders a template with marks; None after a diagnostic."""
        tree = parse_template(self._environment, template, report)
        if tree is None:
            return None
        reported = len(report)
        tokens = read_tokens(self._environment, template)
        self._check_names(template, tree, tokens, inputs, variables, report)
        if len(report) > reported:
            return None
        self._template_calls = TemplateCalls(read_calls(template, tokens), template.first_tag_span())
        compiled = compile_template(self._environment, insert_marks(template, tokens), template, report)
        if compiled is None:
            return None

        def run() -> str:
            rendered = []
            for piece in compiled.generate():
                rendered.append(piece)
                for mark in _OFFSET_MARK.finditer(piece):
                    self._reached = int(mark[1])
            return "".join(rendered)

        return run

    def _split_marks(
        self, rendered: str, template: Template, variables: frozenset[str], report: Report
    ) -> RenderedTemplate | None:
        text, spans = split_marks(rendered, template)
        unknown = [name for name in text.variables if name not in variables]
        for name in unknown:
            check_variable(name, self._template_calls.find("var", name).span, variables, report)
        if unknown:
            return None
        if refuse_damaged_marks(text, len(self._calls), self._template_calls, report):
            return None
        return RenderedTemplate(text, tuple(self._calls), spans)

    def _check_names(
        self,
        template: Template,
        tree: nodes.Template,
        tokens: Sequence[TemplateToken],
        allowed: frozenset[str],
        variables: frozenset[str],
        report: Report,
    ) -> None:
        local = {name for macro in tree.find_all(nodes.Macro) for name in (macro.name, "caller", "varargs", "kwargs")}
        own_words = ["var", "secret"] if self._parameters is None else ["var", "secret", PARAMETERS]
        known_names = {*self._macros, *self._builtins, *local, *own_words, *allowed}
        first: dict[str, int] = {}
        for index, token in enumerate(tokens):
            if token.kind == "name" and not is_attribute(tokens, index):
                first.setdefault(token.text, index)
        unknown = (self._environment.undeclared_names(tree) - known_names) & set(first)
        for name in sorted(unknown & {"secrets"} or unknown):  # `{{secrets/scope/key}}` of settings is one mistake
            token, after = tokens[first[name]], tokens[first[name] + 1 : first[name] + 2]
            called = bool(after) and after[0].text == "("
            if called and any(name in text for text in self._unparsed):
                raise BrokenMacroError
            self._report_unknown(name, called, template.span_at(token.start, token.end), report)
        check_parameters(template, tokens, self._parameters, report)
        for template_call in read_calls(template, tokens):
            if template_call.word == "var" and len(template_call.strings) == 1:
                name, span = next(iter(template_call.strings.items()))
                check_variable(name, span, variables, report)

    def _report_unknown(self, name: str, called: bool, span: Span, report: Report) -> None:  # noqa: FBT001 - private
        if name in INPUTS:
            report_input(name, span, report)
        elif called:
            report_unknown_macro(name, self._macros, [_HEADLESS] if self._lacks_a_head else [], span, report)
        else:
            report_unknown_name(name, self._macros, span, report)

    def _macro_spans(self, template: Template) -> dict[str, list[Span]]:
        """The spans of the names of macros, in the order of the file."""
        spans: dict[str, list[Span]] = {}
        for before, token in itertools.pairwise(read_tokens(self._environment, template)):
            if before.text == "macro":
                spans.setdefault(token.text, []).append(template.span_at(token.start, token.end))
        return spans

    def _make_macro_word(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            compiled = self._macros[name]
            if compiled not in self._modules:
                self._modules[compiled] = compiled.make_module()
            return getattr(self._modules[compiled], name)(*arguments, **keywords)

        return call

    def _make_input_word(self, word: str) -> Callable[..., str]:
        def call(*arguments: Any, **keywords: Any) -> str:
            if not self._inputs_allowed:
                raise InputHereError(word)
            template_call = self._template_calls.find(word, *arguments)
            call_arguments = [
                Argument(None, template_call.value(argument), template_call.span) for argument in arguments
            ]
            call_arguments += [
                Argument(
                    name,
                    template_call.value(argument, template_call.keywords.get(name)),
                    template_call.keywords.get(name, template_call.span),
                )
                for name, argument in keywords.items()
            ]
            self._calls.append(Call(word, tuple(call_arguments), template_call.span, template_call.span))
            return write_mark("input", str(len(self._calls) - 1))

        return call
