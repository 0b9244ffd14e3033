"""The spans of calls and errors in a template; Jinja itself has only lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jinja2
from jinja2.debug import rewrite_traceback_stack

from cbx.declare.signatures import INPUTS
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.jinja.template_marks import marks_as_templates
from cbx.syntax.declarations import DictLiteral, ListLiteral, Literal, Value


@dataclass(frozen=True)
class Template:
    """A template in a file: its text and the file's offset of its first character.

    ``span`` is set if the text is a string of a declaration, of which only the whole span is known.
    """

    text: str
    source: SourceFile
    offset: int = 0
    span: Span | None = None

    def span_at(self, start: int, end: int) -> Span:
        """The span of a range of the template's text."""
        return self.span or self.source.span(self.offset + start, self.offset + end)

    def first_tag_span(self) -> Span:
        """The span of the first line with a tag, for problems without a better span."""
        first = re.search(r"\{[{%#]", self.text)
        start = first.start() if first else 0
        end = self.text.find("\n", start)
        return self.span_at(start, end if end != -1 else len(self.text))

    def expression_span(self, reached: int, line: int | None) -> Span:
        """The span of the expression or tag that failed while the template was rendered.

        Args:
            reached: The offset of the last text or expression that was rendered.
            line: The line that failed, counted from 1 in the template's text; None if unknown.
        """
        start = self.text.find("{", reached)
        if line is not None:
            begins = sum(len(text) + 1 for text in self.text.split("\n")[: line - 1])
            tag = re.compile(r"\{[{%]").search(self.text, begins)
            if (start == -1 or self.text.count("\n", 0, start) + 1 < line) and not self._is_before(start, begins, tag):
                start = tag.start() if tag else start
        if start == -1:
            return self.first_tag_span()
        closing = re.compile(r"[}%]\}").search(self.text, start)
        return self.span_at(start, closing.end() if closing else len(self.text))

    def _is_before(self, start: int, begins: int, tag: re.Match[str] | None) -> bool:
        """Whether an expression reaches into a line whose first tag is an expression that was not rendered yet."""
        closing = re.compile(r"[}%]\}").search(self.text, start) if start != -1 else None
        has_mark = tag is not None and re.compile(r"\{\{(?![-+])").match(self.text, tag.start()) is not None
        return closing is not None and closing.end() > begins and has_mark


class TemplateToken(NamedTuple):
    """A token of a template with its offsets in the template's text."""

    kind: str
    text: str
    start: int
    end: int


class TemplateCall(NamedTuple):
    """A call of a word in a template, with the spans of the strings and the names among its arguments."""

    word: str
    span: Span
    strings: Mapping[str, Span]
    keywords: Mapping[str, Span]

    def value(self, argument: Any, argument_span: Span | None = None) -> Value:
        """The syntax of an argument that the call had while rendering; ``argument_span`` is its span if known."""
        span = argument_span or self.span
        if isinstance(argument, (list, tuple)):
            return ListLiteral(tuple(self.value(item, argument_span) for item in argument), span)
        if isinstance(argument, dict):
            entries = tuple((self._key(key, span), self.value(entry, argument_span)) for key, entry in argument.items())
            return DictLiteral(entries, span)
        if argument is None or isinstance(argument, (bool, int, float)):
            return Literal(argument, span)
        text = marks_as_templates(str(argument))
        return Literal(text, self.strings.get(text, span))

    def _key(self, key: Any, span: Span) -> Literal:
        return Literal(key, self.strings.get(key, span) if isinstance(key, str) else span)


class TemplateCalls(NamedTuple):
    """The calls of words in a template, and its first tag, which has the span of calls in macros."""

    calls: tuple[TemplateCall, ...]
    first_tag: Span

    def find(self, word: str, *arguments: Any) -> TemplateCall:
        """The call of a word, if possible the one with this text as its first argument."""
        calls = [call for call in self.calls if call.word == word]
        for call in calls:
            if arguments and isinstance(arguments[0], str) and arguments[0] in call.strings:
                return call
        return calls[0] if calls else TemplateCall(word, self.first_tag, {}, {})

    def nameless_variable(self) -> TemplateCall:
        """The first call of ``var`` without exactly one string; it may be in a macro."""
        calls = [call for call in self.calls if call.word == "var"]
        nameless = [call for call in calls if len(call.strings) != 1]
        return (nameless or calls or [TemplateCall("var", self.first_tag, {}, {})])[0]


def read_tokens(environment: jinja2.Environment, template: Template) -> tuple[TemplateToken, ...]:
    """The template's tokens without white space; offsets are computed, since Jinja gives none."""
    tokens: list[TemplateToken] = []
    position = 0
    for _, kind, text in environment.lex(template.text):
        start = template.text.find(text, position)
        position = start + len(text)
        if kind != "whitespace":
            tokens.append(TemplateToken(kind, text, start, position))
    return tuple(tokens)


def split_macros(tokens: Sequence[TemplateToken]) -> tuple[tuple[TemplateToken, ...], list[tuple[TemplateToken, ...]]]:
    """The tokens around the macros of a file, and those of each macro, from its name on."""
    around: list[TemplateToken] = []
    bodies: list[list[TemplateToken]] = []
    depth = 0
    for before, token in zip((None, *tokens), tokens, strict=False):
        word = token.text if before is not None and before.kind == "block_begin" else ""
        if word == "macro":
            depth += 1
            if depth == 1:
                bodies.append([])
        (bodies[-1] if depth else around).append(token)
        if word == "endmacro":
            depth -= 1
    return tuple(around), [tuple(body) for body in bodies]


def is_attribute(tokens: Sequence[TemplateToken], index: int) -> bool:
    """Whether a name is an attribute or the name of a keyword argument rather than a variable."""
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    return before in {".", "|"} or (after == "=" and before in {"(", ","})


def read_calls(template: Template, tokens: Sequence[TemplateToken]) -> tuple[TemplateCall, ...]:
    """The calls of ``var``, ``secret`` and inputs in a template."""
    calls: list[TemplateCall] = []
    for index, token in enumerate(tokens[:-1]):
        is_word = token.kind == "name" and token.text in {"var", "secret", *INPUTS}
        if is_word and tokens[index + 1].text == "(" and not is_attribute(tokens, index):
            calls.append(_read_call(template, tokens, index))
    return tuple(calls)


def _read_call(template: Template, tokens: Sequence[TemplateToken], index: int) -> TemplateCall:
    depth = 0
    strings: dict[str, Span] = {}
    keywords: dict[str, Span] = {}
    end = tokens[index].end
    for number, token in enumerate(tokens[index + 1 :], start=index + 1):
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        end = token.end
        if depth == 1 and token.kind == "name" and number + 1 < len(tokens) and tokens[number + 1].text == "=":
            keywords[token.text] = template.span_at(token.start, token.end)
        if token.kind == "string":
            strings.setdefault(_unquote(token.text), template.span_at(token.start, token.end))
        if depth <= 0 or token.kind.endswith("_end"):
            break
    return TemplateCall(tokens[index].text, template.span_at(tokens[index].start, end), strings, keywords)


def _unquote(literal: str) -> str:
    try:
        return str(ast.literal_eval(literal))
    except (SyntaxError, ValueError):
        return literal[1:-1]


def insert_marks(template: Template, tokens: Sequence[TemplateToken]) -> str:
    """The template's text with a mark, the offset, before each piece of plain text and each expression.

    There is no mark before ``{{-``, which would then not remove the white space before it.
    """
    pieces: list[str] = []
    position = 0
    for token in tokens:
        if token.kind == "data" or (token.kind == "variable_begin" and not token.text.endswith(("-", "+"))):
            pieces.append(template.text[position : token.start])
            pieces.append(f"\0@{token.start}\0")
            position = token.start
    pieces.append(template.text[position:])
    return "".join(pieces)


def template_lines(error: Exception) -> list[tuple[str, int]]:
    """The file and line of each template in the traceback of an exception, outermost first."""
    rewritten = rewrite_traceback_stack()
    lines = []
    step = rewritten.__traceback__ if rewritten is error else None
    while step is not None:
        lines.append((step.tb_frame.f_code.co_filename, step.tb_lineno))
        step = step.tb_next
    return lines


def error_span(error: jinja2.TemplateSyntaxError, template: Template) -> Span:
    """The span of a syntax error: the token that the message names, else the line's first tag."""
    if template.span is not None:
        return template.span
    lines = template.text.split("\n")
    number = min(max(error.lineno, 1), len(lines))
    start = sum(len(line) + 1 for line in lines[: number - 1])
    line = lines[number - 1]
    named = re.findall(r"'([^']+)'", (error.message or "").rpartition("got")[2] or error.message or "")
    column = next((line.find(word) for word in named if word in line), -1)
    if column != -1:
        width = len(next(word for word in named if word in line))
        return template.span_at(start + column, start + column + width)
    tag = re.search(r"\{[{%#]", line)
    column = tag.start() if tag else len(line) - len(line.lstrip())
    return template.span_at(start + column, start + max(len(line.rstrip()), column + 1))
