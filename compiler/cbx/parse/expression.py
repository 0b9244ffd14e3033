"""Reads the expressions of a declaration without running them, for Python and SQL models."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cbx.declare.signatures import INPUTS, KINDS, SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.jinja.template_marks import secret_template
from cbx.parse.jinja.template_names import report_unknown_parameter
from cbx.parse.positions import Positions
from cbx.syntax.declarations import Argument, Call, DictLiteral, ListLiteral, Literal, Parameters, Value

HALF = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: it can be in a Python literal, but not in a file."""
_MOST_BRACES = 50_000
"""Before version 3.12, Python takes minutes for an f-string with more."""
MOST_BITS = 4096
"""The size of a number that Python writes in decimal digits, whatever its limit."""
_SPELLED_IN_PYTHON = {"true": "True", "false": "False", "null": "None", "none": "None"}
_LITERALS = "literals, cbx's own words, f-strings and constants of this file"


@dataclass
class _Allowance:
    """The size that the declarations of a file may still have: constants of constants can grow exponentially.

    Attributes:
        left: Characters; each value counts 20 in addition to its text, each constant 500.
    """

    left: int = 3_000_000


@dataclass(frozen=True)
class DeclarationScope:
    """The names that a declaration may use.

    Attributes:
        positions: The spans of nodes in the file.
        words: The words of the vocabulary by their names in this file.
        constants: The expressions of module constants.
        report: Where problems go.
        cbx_names: The names of the package ``cbx`` in this file, as in ``cbx.expect(...)``.
        open_constants: The constants whose expressions are being read.
        room: The size that may still be read.
        function: The function whose decorators and parameters are the declaration; None before it is known.
        parameters: What ``each`` reads, in a file with ``for_each``.
        parameter_files: The TOML files beside models, by path, which ``for_each`` may name; None for unreadable ones.
    """

    positions: Positions
    words: Mapping[str, str]
    constants: Mapping[str, ast.expr]
    report: Report
    cbx_names: frozenset[str] = frozenset()
    open_constants: tuple[str, ...] = ()
    room: _Allowance = field(default_factory=_Allowance)
    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    parameters: Parameters | None = None
    parameter_files: Mapping[str, SourceFile | None] = field(default_factory=dict)

    def word(self, node: ast.expr) -> str | None:
        """The word of the vocabulary that an expression names, if it names one."""
        if isinstance(node, ast.Name):
            return self.words.get(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            is_word = node.value.id in self.cbx_names and node.attr in SIGNATURES
            return node.attr if is_word else None
        return None

    def missing_words(self) -> frozenset[str]:
        """The words of the vocabulary that the declaration calls, or code as it may call ``var``, without an import."""
        if self.function is None:
            return frozenset()
        arguments = self.function.args
        declaration = (*self.function.decorator_list, *arguments.defaults, *filter(None, arguments.kw_defaults))
        called = _called_names(declaration) | (_called_names(self.function.body) & {"var"})
        return frozenset(called & SIGNATURES.keys() - self.words.keys())

    def inside(self, constant: str) -> DeclarationScope:
        """The scope while the expression of a constant is being read."""
        return replace(self, open_constants=(*self.open_constants, constant))


def _called_names(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        node.func.id
        for part in nodes
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def refuse_too_many_braces(text: str) -> None:
    """Refuse a text that Python would take minutes to parse.

    Raises:
        ValueError: If the text has too many opening braces.
    """
    if text.count("{") > _MOST_BRACES:
        raise ValueError(f"it has more than {_MOST_BRACES:,} opening braces")


def read_value(node: ast.expr, scope: DeclarationScope) -> Value | None:
    """Read one expression of a declaration.

    Returns:
        The value with its span, or None after a diagnostic: CBX104 for what is not a literal, CBX102 for an
        unknown word.
    """
    span = scope.positions.span(node)
    if isinstance(node, ast.Constant):
        return _read_literal(node, scope, span)
    if not _has_room(480 if isinstance(node, ast.Name) else 0, scope, span):
        return None
    match node:
        case ast.JoinedStr():
            return _read_f_string(node, scope, span)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as number)):
            return Literal(-number if isinstance(sign, ast.USub) else number, span)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return _read_list(items, scope, span)
        case ast.Dict():
            return _read_dict(node, scope, span)
        case ast.Name(id=name) if name in scope.constants:
            return _read_constant(name, scope, span)
        case ast.Call():
            return read_call(node, scope)
        case ast.Name(id=name) if scope.word(node) is None:
            _report_unknown(name, scope, span)
            return None
        case _:
            _refuse(node, scope, span)
            return None


def _report_unknown(name: str, scope: DeclarationScope, span: Span) -> None:
    otherwise = f"a declaration is read, not run: it may hold {_LITERALS}"
    python = _SPELLED_IN_PYTHON.get(name.lower())
    hint = f"write `{python}`, as Python does" if python else None
    hint = hint or did_you_mean(name, [*scope.constants, *scope.words], otherwise)
    message = f"`{name}` is not a constant of this file"
    scope.report.add(codes.NOT_A_LITERAL, message, span, label="not known", hint=hint)


def _has_room(letters: int, scope: DeclarationScope, span: Span) -> bool:
    room = scope.room
    room.left -= letters + 20
    if room.left >= 0:
        return True
    if room.left + letters + 20 >= 0:
        message = "with its constants expanded, this declaration is too large"
        scope.report.add(codes.NOT_A_LITERAL, message, span, hint="use fewer constants that are made of constants")
    return False


def _read_literal(node: ast.Constant, scope: DeclarationScope, span: Span) -> Literal | None:
    """A literal whose text can be written to a file."""
    value = node.value
    if not _has_room(len(value) if isinstance(value, str) else 0, scope, span):
        return None
    if isinstance(value, str) and value.isascii():
        return Literal(value, span)
    match value:
        case str() if HALF.search(value):
            message = "this text contains half of a surrogate pair"
            scope.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint="write the character itself")
        case int() if value.bit_length() > MOST_BITS:
            message = "this number has more digits than can be written"
            scope.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint="write a smaller one")
        case str() | int() | float() | None:
            return Literal(value, span)
        case _:
            _refuse(node, scope, span)
    return None


def read_call(node: ast.Call, scope: DeclarationScope) -> Value | None:
    """Read a call of the vocabulary; ``var("x")`` becomes a template, as ``secret`` does, ``each("x")`` a value."""
    span = scope.positions.span(node)
    word = scope.word(node.func)
    if word is None:
        _refuse(node, scope, span)
        return None
    arguments: list[Argument] = []
    unread: list[str] = []
    nodes = [_ArgumentNode(None, argument, scope.positions.span(argument)) for argument in node.args]
    nodes += [
        _ArgumentNode(keyword.arg, keyword.value, scope.positions.keyword(keyword))
        for keyword in node.keywords
        if keyword.arg
    ]
    for keyword in node.keywords:
        if keyword.arg is None:
            message, hint = "arguments cannot be unpacked here", "write each argument by its name"
            scope.report.add(codes.NOT_A_LITERAL, message, scope.positions.span(keyword.value), hint=hint)
    for name, expression, argument_span in nodes:
        reported = len(scope.report)
        value = read_value(expression, scope)
        if len(scope.report) > reported:
            unread.append(name or next(iter(SIGNATURES[word]), ""))
        if value is not None:
            arguments.append(Argument(name, value, argument_span))
    if unread and word not in (*KINDS, *INPUTS):
        return None
    if word in _VALUE_WORDS:
        return _VALUE_WORDS[word](arguments, scope, span)
    return Call(word, tuple(arguments), span, scope.positions.span(node.func), frozenset(unread))


class _ArgumentNode(NamedTuple):
    """An argument before it is read."""

    name: str | None
    expression: ast.expr
    span: Span


def _variable_template(arguments: list[Argument], scope: DeclarationScope, span: Span) -> Literal | None:
    if len(arguments) == 1 and isinstance(arguments[0].value, Literal) and isinstance(arguments[0].value.value, str):
        return Literal("{{ var(" + repr(arguments[0].value.value) + ") }}", span)
    scope.report.add(
        codes.WRONG_ARGUMENT_TYPE, "`var` takes the name of one variable", span, hint='write `var("landing")`'
    )
    return None


def _read_secret(arguments: list[Argument], scope: DeclarationScope, span: Span) -> Literal | None:
    """The template of a secret; None after CBX103."""
    names = dict(zip(SIGNATURES["secret"], (argument for argument in arguments if argument.name is None), strict=False))
    names |= {argument.name: argument for argument in arguments if argument.name is not None}
    values = [names[name].value for name in SIGNATURES["secret"] if name in names]
    texts = [value.value for value in values if isinstance(value, Literal) and isinstance(value.value, str)]
    if len(texts) == len(arguments) == len(SIGNATURES["secret"]):
        return Literal(secret_template(*texts), span)
    message, hint = "`secret` takes the names of a scope and of a key", 'write `secret("scope", "key")`'
    scope.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=hint)
    return None


def _read_parameter(arguments: list[Argument], scope: DeclarationScope, span: Span) -> Literal | ListLiteral | None:
    """The value of a parameter of ``for_each``; None after CBX240 or CBX103."""
    name = arguments[0].value.value if len(arguments) == 1 and isinstance(arguments[0].value, Literal) else None
    if not isinstance(name, str):
        message = "`each` takes the name of one parameter"
        scope.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint='write `each("region")`')
        return None
    if scope.parameters is None:
        hint = "declare the parameters of the models of this file with `for_each`"
        scope.report.add(codes.FOR_EACH, "`each` reads a parameter of `for_each`, which is missing", span, hint=hint)
        return None
    values = dict(scope.parameters.values)
    if name not in values:
        report_unknown_parameter(name, tuple(values), span, scope.report)
        return None
    value = values[name]
    if isinstance(value, tuple):
        return ListLiteral(tuple(Literal(item, span) for item in value), span)
    return Literal(value, span)


_VALUE_WORDS: Mapping[str, Callable[[list[Argument], DeclarationScope, Span], Value | None]] = {
    "var": _variable_template,
    "secret": _read_secret,
    "each": _read_parameter,
}
"""The words that are not calls but values."""


def _read_list(items: list[ast.expr], scope: DeclarationScope, span: Span) -> ListLiteral:
    values: list[Value] = []
    for item in items:
        starred = item.value if isinstance(item, ast.Starred) else None
        value = read_value(starred or item, scope)
        if value is None:
            continue
        if starred is None:
            values.append(value)
        elif isinstance(value, ListLiteral):
            values.extend(value.items)
        else:
            _refuse(item, scope, scope.positions.span(item))
    return ListLiteral(tuple(values), span)


def _read_dict(node: ast.Dict, scope: DeclarationScope, span: Span) -> DictLiteral:
    entries: dict[object, tuple[Literal, Value]] = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = read_value(value_node, scope)
        if key_node is None:
            if isinstance(value, DictLiteral):
                entries.update({key.value: (key, entry) for key, entry in value.entries})
            elif value is not None:
                _refuse(value_node, scope, scope.positions.span(value_node))
            continue
        key = read_value(key_node, scope)
        if isinstance(key, Literal) and key.value in entries:
            message = f"`{key.value}` occurs twice in this dictionary"
            first = entries[key.value][0].span
            related, causes = (
                [Related("the first", first)],
                [Cause(key.span.path, f"lines {first.line} and {key.span.line}")],
            )
            scope.report.add(
                codes.WRONG_ARGUMENT_TYPE, message, key.span, hint="keep one of the two", related=related, causes=causes
            )
        elif isinstance(key, Literal) and value is not None:
            entries[key.value] = (key, value)
        elif key is not None and not isinstance(key, Literal):
            _refuse(key_node, scope, key.span)
    return DictLiteral(tuple(entries.values()), span)


def _read_constant(name: str, scope: DeclarationScope, span: Span) -> Value | None:
    if name in scope.open_constants:
        scope.report.add(codes.NOT_A_LITERAL, f"the constant `{name}` is defined by itself", span)
        return None
    try:
        return read_value(scope.constants[name], scope.inside(name))
    except RecursionError:
        if scope.open_constants:
            raise
    message = f"the constant `{name}` is made of too many others"
    scope.report.add(codes.NOT_A_LITERAL, message, span, hint="write its value")
    return None


def _read_f_string(node: ast.JoinedStr, scope: DeclarationScope, span: Span) -> Literal | None:
    parts: list[str] = []
    for part in node.values:
        if isinstance(part, ast.Constant) and not HALF.search(str(part.value)):
            parts.append(str(part.value))
            continue
        if isinstance(part, ast.Constant):
            read_value(part, scope)
            return None
        plain = isinstance(part, ast.FormattedValue) and part.conversion == -1 and part.format_spec is None
        value = read_value(part.value, scope) if isinstance(part, ast.FormattedValue) and plain else None
        if not plain:
            scope.report.add(
                codes.NOT_A_LITERAL,
                "an f-string of a declaration may hold plain names only",
                span,
                hint="write `{NAME}`, without a conversion or a format",
            )
            return None
        if value is None:
            return None
        if not isinstance(value, Literal):
            message, hint = (
                "an f-string of a declaration may hold texts and numbers only",
                "use a constant that is a text or a number",
            )
            scope.report.add(codes.NOT_A_LITERAL, message, span, hint=hint)
            return None
        parts.append(str(value.value))
    return Literal("".join(parts), span)


def _refuse(node: ast.expr, scope: DeclarationScope, span: Span) -> None:
    kind = _KINDS_OF_EXPRESSION.get(type(node), "an expression")
    hint: str | None = None
    causes: list[Cause] = []
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else "..."
        kind = f"a call of `{name[:60]}`"
        is_misspelt = isinstance(node.func, ast.Name) and name not in scope.words
        hint = did_you_mean(name, scope.words) if is_misspelt else None
        if is_misspelt and name in SIGNATURES:
            missing = sorted({name, *scope.missing_words()})
            hint = f"import {'it' if len(missing) == 1 else 'them'}: `from cbx import {', '.join(missing)}`"
            causes = [Cause(span.path, "import from cbx"), Cause(span.path, f"import {name}")]
    scope.report.add(
        codes.NOT_A_LITERAL,
        f"{kind} is not allowed in a declaration",
        span,
        label="not a literal",
        hint=hint or f"a declaration is read, not run: it may hold {_LITERALS}",
        causes=causes,
    )


_KINDS_OF_EXPRESSION: Mapping[type[ast.expr], str] = {
    ast.Attribute: "an attribute",
    ast.Await: "an `await`",
    ast.BinOp: "an operation",
    ast.BoolOp: "an operation",
    ast.Compare: "a comparison",
    ast.Constant: "this constant",
    ast.Dict: "a dictionary",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a generator",
    ast.IfExp: "a conditional expression",
    ast.JoinedStr: "an f-string",
    ast.Lambda: "a lambda",
    ast.List: "a list",
    ast.ListComp: "a comprehension",
    ast.Name: "the bare word",
    ast.NamedExpr: "an assignment",
    ast.Set: "a set",
    ast.SetComp: "a comprehension",
    ast.Starred: "unpacking",
    ast.Subscript: "a subscript",
    ast.Tuple: "a tuple",
    ast.UnaryOp: "an operation",
}
