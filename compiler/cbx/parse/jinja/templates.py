"""Renders Jinja templates in a sandbox, with the span of each piece of the result.

Besides the project's macros a template may call ``var`` and, in a query, the inputs. They return marks, which become
variables and slots after rendering, so the value of a variable never affects a compilation.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2
from jinja2 import nodes

from cbx.declare.foreign_words import FOREIGN_TEMPLATE_WORDS
from cbx.declare.signatures import INPUTS
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.jinja.macro_definitions import add_callers, outermost_macros
from cbx.parse.jinja.plain_templates import plain_pieces
from cbx.parse.jinja.rendered_marks import split_marks
from cbx.parse.jinja.sandbox import BoundedEnvironment
from cbx.parse.jinja.template_marks import (
    BrokenMacroError,
    InputHereError,
    NotANameError,
    SecretMark,
    UnknownNowError,
    VariableMark,
    secret,
    variable,
)
from cbx.parse.jinja.template_names import (
    PARAMETERS,
    check_parameters,
    check_variable,
    refuse_secrets,
    set_parameters,
)
from cbx.parse.jinja.template_problems import hint_of_call, hint_of_tag, lacks_macro_head, reason_of
from cbx.parse.jinja.template_spans import (
    Template,
    TemplateCall,
    TemplateToken,
    error_span,
    insert_marks,
    is_attribute,
    read_calls,
    read_tokens,
    split_macros,
    template_lines,
)
from cbx.syntax.declarations import Argument, Call, Parameters
from cbx.syntax.text import InputSlot, Text, TextSpans

_OFFSET_MARK = re.compile("\0@([0-9]{1,9})\0")
_WORDS = frozenset({"var", "secret", *INPUTS})
_HALF = re.compile("[\ud800-\udfff]")
_SPECIAL = re.compile(r"\{[{%#]")
_HEADLESS = Cause("macros/", "a macro without its first line")


@dataclass(frozen=True)
class RenderedTemplate:
    """A rendered template.

    Attributes:
        text: The result.
        calls: The calls of inputs, by the number of their `InputSlot`.
        spans: The spans of its pieces.
    """

    text: Text
    calls: tuple[Call, ...]
    spans: TextSpans


class Templates:
    """Renders templates that use the project's macros."""

    def __init__(self, *, always_jinja: bool = False) -> None:
        """Start without macros.

        Args:
            always_jinja: Whether Jinja renders plain templates too; the result is the same, but slower.
        """
        self._always_jinja = always_jinja
        self._environment = BoundedEnvironment(printable=(VariableMark, SecretMark))
        self._builtins = frozenset(self._environment.globals)
        self._calls: list[Call] = []
        self._template_calls: tuple[TemplateCall, ...] = ()
        self._span = Span("")
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
        tree = self._parse(template, report, [_HEADLESS] if is_headless else [])
        if tree is None:
            self._unparsed.append(source.text)
            self._lacks_a_head |= is_headless
            return []
        compiled = self._compile(source.text, template, report)
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
            is_wrong = rendered is not None and refuse_secrets(rendered.text, template, self._template_calls, report)
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
        self._span = template.first_tag_span()
        self._reached = 0
        self._begin_rendering(template.source)
        try:
            rendered = run()
        except UnknownNowError as error:
            hint = "it can be a part of the text, but cannot decide what is compiled"
            report.add(codes.NOT_A_LITERAL, str(error), self._template_call(error.word, (error.name,)).span, hint=hint)
            return None
        except InputHereError as error:
            self._report_unknown(str(error), True, True, template.first_tag_span(), report)
            return None
        except NotANameError as error:
            span = self._nameless_call().span if error.word == "var" else self._template_call(error.word, ()).span
            report.add(codes.WRONG_ARGUMENT_TYPE, str(error), span, hint=error.hint)
            return None
        except BrokenMacroError:
            return None
        except Exception as error:  # noqa: BLE001 - user code may raise anything
            self._report_failure(error, template, report)
            return None
        return self._split_marks(rendered, template, variables, report)

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
        self._template_calls = tuple(plain.template_call for plain in calls if plain.template_call.word in _WORDS)
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
        tree = self._parse(template, report)
        if tree is None:
            return None
        reported = len(report)
        tokens = read_tokens(self._environment, template)
        self._check_names(template, tree, tokens, inputs, variables, report)
        if len(report) > reported:
            return None
        self._template_calls = read_calls(template, tokens)
        compiled = self._compile(insert_marks(template, tokens), template, report)
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

    def _compile(self, text: str, template: Template, report: Report) -> jinja2.Template | None:
        """Compile a template; None after a CBX101 for errors that only Python finds, such as a repeated argument."""
        try:
            compiled = self._environment.from_string(text)
        except SyntaxError as error:
            report.add(codes.SYNTAX_ERROR, f"invalid Jinja template: {error.msg}", template.first_tag_span())
        except (RecursionError, MemoryError):
            report.add(codes.SYNTAX_ERROR, "this template is nested too deeply", template.first_tag_span())
        else:
            compiled.filename = template.source.path
            return compiled
        return None

    def _split_marks(
        self, rendered: str, template: Template, variables: frozenset[str], report: Report
    ) -> RenderedTemplate | None:
        text, spans = split_marks(rendered, template)
        unknown = [name for name in text.variables if name not in variables]
        for name in unknown:
            check_variable(name, self._template_call("var", (name,)).span, variables, report)
        if unknown:
            return None
        if any(isinstance(part, InputSlot) and part.index >= len(self._calls) for part in text.parts):
            report.add(codes.SYNTAX_ERROR, "the template produces a NUL character", template.first_tag_span())
            return None
        if any(_HALF.search(part) for part in text.parts if isinstance(part, str)):
            report.add(codes.SYNTAX_ERROR, "the template produces half of a surrogate pair", template.first_tag_span())
            return None
        if any("\0" in part for part in text.parts if isinstance(part, str)):
            message = "a filter or an operation changes the placeholder of `var`, `secret` or an input"
            span = self._template_calls[0].span if self._template_calls else template.first_tag_span()
            report.add(codes.NOT_A_LITERAL, message, span, hint="remove the filter: the value is not known yet")
            return None
        return RenderedTemplate(text, tuple(self._calls), spans)

    def _parse(self, template: Template, report: Report, causes: Sequence[Cause] = ()) -> nodes.Template | None:
        """Parse a template and, since Jinja looks up filters only then, generate its code once."""
        try:
            tree = self._environment.parse(template.text)
            self._environment.undeclared_names(tree)
        except jinja2.TemplateSyntaxError as error:
            span = error_span(error, template)
            message = f"invalid Jinja template: {error.message}"
            report.add(codes.SYNTAX_ERROR, message, span, hint=hint_of_tag(error.message or ""), causes=causes)
        except RecursionError:
            report.add(codes.SYNTAX_ERROR, "this template is nested too deeply", template.first_tag_span())
        else:
            including = next(tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)), None)
            if including is None:
                return tree
            word = type(including).__name__.lower().removeprefix("from")
            message, hint = f"a template cannot `{word}` files", "macros of macros/ are available everywhere"
            span = template.span or template.source.whole_line(
                template.source.position(template.offset)[0] + including.lineno - 1
            )
            report.add(codes.SYNTAX_ERROR, message, span, hint=hint)
        return None

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
            self._report_unknown(name, called, name in INPUTS, template.span_at(token.start, token.end), report)
        check_parameters(template, tokens, self._parameters, report)
        for template_call in read_calls(template, tokens):
            if template_call.word == "var" and len(template_call.strings) == 1:
                name, span = next(iter(template_call.strings.items()))
                check_variable(name, span, variables, report)

    def _report_unknown(self, name: str, called: bool, is_input: bool, span: Span, report: Report) -> None:  # noqa: FBT001 - private
        if is_input:
            message = f"`{name}` names an input, which only a query can read"
            report.add(
                codes.UNKNOWN_MACRO,
                message,
                span,
                hint="in a declaration only macros and `var` can be called",
            )
        elif called:
            near = did_you_mean(name, (*self._macros, "var"))
            hint = FOREIGN_TEMPLATE_WORDS.get(name, near or "define it in a file of macros/")
            message, causes = f"no macro is named `{name}`", [Cause("macros/", f"macro {name}")]
            if near is None and name not in FOREIGN_TEMPLATE_WORDS and self._lacks_a_head:
                causes.append(_HEADLESS)
            report.add(codes.UNKNOWN_MACRO, message, span, label="not found", hint=hint, causes=causes)
        else:
            near = did_you_mean(name, self._macros, 'a variable of the project is written `var("name")`')
            hint = FOREIGN_TEMPLATE_WORDS.get(name, near)
            report.add(
                codes.UNKNOWN_VARIABLE,
                f"undefined name `{name}`",
                span,
                label="not found",
                hint=hint,
            )

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
            template_call = self._template_call(word, arguments)
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
            return f"\0input:{len(self._calls) - 1}\0"

        return call

    def _nameless_call(self) -> TemplateCall:
        """The first call of ``var`` without exactly one string; it may be in a macro."""
        calls = [template_call for template_call in self._template_calls if template_call.word == "var"]
        nameless = [template_call for template_call in calls if len(template_call.strings) != 1]
        return (nameless or calls or [TemplateCall("var", self._span, {}, {})])[0]

    def _template_call(self, word: str, arguments: tuple[Any, ...]) -> TemplateCall:
        calls = [template_call for template_call in self._template_calls if template_call.word == word]
        for template_call in calls:
            if arguments and isinstance(arguments[0], str) and arguments[0] in template_call.strings:
                return template_call
        return calls[0] if calls else TemplateCall(word, self._span, {}, {})
