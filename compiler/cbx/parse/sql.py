"""Reads a SQL model: the declaration in its first ``{{ }}``, the leading comment and the query."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace

from cbx.declare.signatures import KINDS, SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.expression import DeclarationScope, read_value, refuse_too_many_braces
from cbx.parse.for_each import read_name, read_parameters
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates
from cbx.parse.landing import columns_added_by
from cbx.parse.positions import Positions
from cbx.parse.queries import parse_query
from cbx.parse.toml.parameter_file import ParameterFiles
from cbx.syntax.declarations import Call, ParsedInput, ParsedModel, SqlQuery

_WORDS = {word: word for word in SIGNATURES}
_TOKENS = re.compile(
    r"""(?P<string>[rRbBfFuU]{0,2}(?:'''(?:\\(?:.|\Z)|[^\\])*?(?:'''|\Z)|\"\"\"(?:\\(?:.|\Z)|[^\\])*?(?:\"\"\"|\Z)"""
    r"""|'(?:\\(?:.|\Z)|[^'\\\n])*(?:'|\Z|(?=\n))|"(?:\\(?:.|\Z)|[^"\\\n])*(?:"|\Z|(?=\n))))"""
    r"|(?P<comment>#[^\n]*)|(?P<open>[\[({])|(?P<end>}})|(?P<close>[\])}])",
    re.DOTALL,
)
_OPENING = re.compile(r"--[^\n]*|/\*.*?(?:\*/|\Z)|\{#.*?(?:#\}|\Z)|(?P<open>\{\{[-+]?)", re.DOTALL)
_COMMENTS = re.compile(r"\s*(?:--(?P<line>[^\n]*)(?:\n|$)|/\*(?P<block>.*?)\*/)", re.DOTALL)


def parse_sql_model(
    source: SourceFile,
    layer: str,
    name: str,
    templates: Templates,
    variables: frozenset[str],
    parameter_files: ParameterFiles,
    report: Report,
) -> tuple[ParsedModel, ...] | None:
    """Read the model of a SQL file, or its models; None after diagnostics (CBX101, CBX104, CBX105, CBX205, CBX240)."""
    declaration = _find_declaration(source)
    tree = _read_tree(source, name, declaration, report)
    if tree is None or declaration is None:
        return None
    scope = DeclarationScope(Positions(source), _WORDS, {}, report, parameter_files=parameter_files)
    parameters = read_parameters(tree, scope)
    if parameters is None:
        return None
    models: list[ParsedModel] = []
    for model_parameters in parameters or (None,):
        templates.use_parameters(model_parameters)
        call = read_value(tree, replace(scope, parameters=model_parameters))
        if not isinstance(call, Call):
            return None
        own_name = name if model_parameters is None else read_name(call, source, templates, variables, report)
        if own_name is None:
            return None
        model = _read_model(source, f"{layer}.{own_name}", declaration, call, templates, variables, report)
        models.append(model._replace(parameters=model_parameters))
    return tuple(models)


def _read_model(
    source: SourceFile,
    model_id: str,
    declaration: _Range,
    call: Call,
    templates: Templates,
    variables: frozenset[str],
    report: Report,
) -> ParsedModel:
    layer, _, name = model_id.partition(".")
    before, _ = _split_comment(source.text[: declaration.outer_start])
    after, body = _split_comment(source.text[declaration.outer_end :])
    template = Template(body.rstrip(), source, len(source.text) - len(body))
    reported = len(report)
    query = _read_query(template, templates, variables, report)
    return ParsedModel(
        id=model_id,
        layer=layer,
        name=name,
        path=source.path,
        declaration=call,
        description=after or before or None,
        inputs=tuple(ParsedInput(None, call) for call in query.calls) if query else (),
        inputs_complete=query is not None and len(report) == reported,
        code=query,
    )


@dataclass(frozen=True, slots=True)
class _Range:
    """The offsets of a declaration, with and without its braces, and its tree if it was parsed already."""

    outer_start: int
    start: int
    end: int
    outer_end: int
    tree: ast.expr | None = None


def _find_declaration(source: SourceFile) -> _Range | None:
    """The range of the first ``{{`` outside comments and the ``}}`` that closes it."""
    text = source.text
    opening = next((match for match in _OPENING.finditer(text) if match["open"]), None)
    if opening is None:
        return None
    start = opening.end()
    first = _make_range(text, opening, text.find("}}", start))
    tree = _tree_before_first_braces(source, first)
    return (
        replace(first, tree=tree)
        if tree is not None
        else _make_range(text, opening, _find_closing_braces(text, opening.start()))
    )


def _make_range(text: str, opening: re.Match[str], end: int) -> _Range:
    start = opening.end()
    inner_end = end - 1 if end > start and text[end - 1] in "-+" else end
    return _Range(opening.start(), start, inner_end, min(end + 2, len(text)))


def _tree_before_first_braces(source: SourceFile, declaration: _Range) -> ast.expr | None:
    """The tree of the text before the first ``}}``, if that is an expression without comments."""
    if declaration.end < declaration.start or source.text.find("#", declaration.start, declaration.end) != -1:
        return None
    try:
        return _parse_in_place(source, declaration.start, declaration.end)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        return None


def _find_closing_braces(text: str, start: int) -> int:
    """The offset of the braces that close a declaration, outside strings and brackets; the end if there are none."""
    depth = 0
    for token in _TOKENS.finditer(text, start + 2):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "end" and depth < 2:
            return token.start()
        elif token.lastgroup == "end":
            depth -= 2
        elif token.lastgroup == "close":
            depth -= 1
    end = text.find("}}", start)
    return end if end != -1 else len(text)


def _read_tree(source: SourceFile, name: str, declaration: _Range | None, report: Report) -> ast.expr | None:
    """The tree of the call of a kind; None after a diagnostic."""
    if declaration is None:
        _report_no_model(source, name, report)
        return None
    start, end = declaration.start, declaration.end
    if end == len(source.text):
        span = source.span(declaration.outer_start, declaration.outer_start + 2)
        report.add(codes.SYNTAX_ERROR, "this `{{` is never closed", span, hint="close the declaration with `}}`")
        return None
    tree = declaration.tree or _parse_expression(source, start, end, report)
    if tree is None:
        return None
    is_kind = isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in KINDS
    if not is_kind:
        word = tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else ""
        hint = did_you_mean(word, KINDS) if word and word not in SIGNATURES else None
        if isinstance(tree, ast.Name) and tree.id in KINDS:
            hint = f"call it: `{{{{ {tree.id}() }}}}`"
        _report_no_model(source, name, report, Positions(source).span(tree), hint)
        return None
    return tree


def _parse_expression(source: SourceFile, start: int, end: int, report: Report) -> ast.expr | None:
    """The tree of a declaration; None after a CBX101."""
    try:
        return _parse_in_place(source, start, end)
    except SyntaxError as error:
        line, column = source.position(start)
        own_error = _error_without_bracket(source.text[start:end], error, line, column)
        span = Positions(source).error(own_error, line)
        if span.line > source.position(end)[0] or not source.text[start:end].strip():
            span = source.span(start - 2, end + 2)
        report.add(codes.SYNTAX_ERROR, f"this declaration is not a Python expression: {own_error.msg}", span)
    except (RecursionError, MemoryError, ValueError) as error:
        message = f"this declaration cannot be read: {str(error) or 'it is nested too deeply'}"
        report.add(codes.SYNTAX_ERROR, message, source.span(start - 2, start))
    return None


def _parse_in_place(source: SourceFile, start: int, end: int) -> ast.expr:
    """Parse a declaration with the text before it as white space, so that positions are those of the file."""
    line, column = source.position(start)
    text = "\n" * (line - 1) + "(" + " " * (column - 2) + source.text[start:end] + "\n)"
    refuse_too_many_braces(text)
    return ast.parse(text, mode="eval").body


def _error_without_bracket(text: str, error: SyntaxError, line: int, column: int) -> SyntaxError:
    """The error without the bracket around the declaration, which Python would report for any unclosed bracket."""
    stripped = text.lstrip()
    skipped = text[: len(text) - len(stripped)]
    try:
        ast.parse(stripped, mode="eval")
    except (RecursionError, MemoryError):
        return error
    except SyntaxError as alone:
        first = line + skipped.count("\n")
        indent = column - 1 + len(skipped) if "\n" not in skipped else len(skipped.rpartition("\n")[2])
        moved = indent if (alone.lineno or 1) == 1 else 0
        position = (None, first + (alone.lineno or 1) - 1, (alone.offset or 1) + moved, None)
        return SyntaxError(alone.msg, position)
    return error


def _report_no_model(
    source: SourceFile, name: str, report: Report, span: Span | None = None, hint: str | None = None
) -> None:
    kinds = ", ".join(f"`{kind}`" for kind in KINDS)
    hint = hint or f"begin `{name}.sql` with `{{{{ materialized_view(...) }}}}` or another of {kinds}"
    report.add(codes.NO_MODEL, "this file declares no model", span or source.start(), hint=hint)


def _split_comment(text: str) -> tuple[str, str]:
    """The text of the leading comments, without comment signs, and the text after them."""
    lines: list[str] = []
    position = 0
    while match := _COMMENTS.match(text, position):
        comment = match["line"] if match["line"] is not None else match["block"]
        lines.extend(line.strip().lstrip("*").strip() for line in comment.strip().split("\n"))
        position = match.end()
    rest = text[position:]
    return "\n".join(lines).strip(), rest.lstrip()


def _read_query(template: Template, templates: Templates, variables: frozenset[str], report: Report) -> SqlQuery | None:
    several = re.search(r"\{\{-?\s*(" + "|".join(KINDS) + r")\s*\(", template.text)
    if several:
        span = template.span_at(several.start(1), several.end(1))
        message = f"this file declares more than one model: a second `{several[1]}`"
        report.add(codes.SEVERAL_MODELS, message, span, hint="put each model in its own file")
        return None
    rendered = templates.render(template, report, variables, inputs_allowed=True)
    if rendered is None:
        return None
    tree = parse_query(rendered, report, template.text)
    reads_files = any(call.function == "auto_loader" for call in rendered.calls)
    added = columns_added_by(tree) if tree is not None and reads_files else frozenset()
    return SqlQuery(rendered.text, rendered.calls, rendered.spans, added)
