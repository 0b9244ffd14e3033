"""Reads ``for_each``: the parameters of the models of one file, and the name of each model."""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Iterator

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Related, Report, did_you_mean, listing
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.expression import DeclarationScope, read_value
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates
from cbx.parse.toml.parameter_file import read_parameter_file
from cbx.project.identifiers import DEVICE, IDENTIFIER
from cbx.syntax.declarations import Call, DictLiteral, ListLiteral, Literal, Parameters, ParameterValue, Value

_MOST_MODELS = 1000
_FILE_NAME = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]*\.toml\Z")


def read_parameters(declaration: ast.expr, scope: DeclarationScope) -> tuple[Parameters, ...] | None:
    """The parameters of each model of a file.

    Before: ``for_each=[{"region": "eu"}, {"region": "us"}]``, or the name of a TOML file that lists them. After: two
    `Parameters`.

    Args:
        declaration: The call of a kind.
        scope: The names that it may use.

    Returns:
        One for each model; none without ``for_each``; None after a diagnostic: CBX240, CBX103 for wrong types,
        CBX101 for invalid TOML.
    """
    keywords = declaration.keywords if isinstance(declaration, ast.Call) else []
    written = next((argument.value for argument in keywords if argument.arg == "for_each"), None)
    if written is None:
        return _check_no_parameters(keywords, scope)
    reported = len(scope.report)
    value = _read_list(written, scope)
    if value is None or len(scope.report) > reported:
        return None
    models = _read_models(value, scope.report)
    if len(scope.report) == reported:
        _check_models(models, value.span, scope.report)
    return models if len(scope.report) == reported else None


def _read_list(written: ast.expr, scope: DeclarationScope) -> Value | None:
    """The value of ``for_each``: as it is written, or that of the TOML file that it names."""
    value = read_value(written, scope)
    if not isinstance(value, Literal) or not isinstance(value.value, str) or not _FILE_NAME.match(value.value):
        return value
    folder = value.span.path.rpartition("/")[0]
    return read_parameter_file(f"{folder}/{value.value}", value.span, scope.parameter_files, scope.report)


def _check_no_parameters(keywords: list[ast.keyword], scope: DeclarationScope) -> tuple[Parameters, ...] | None:
    """Report ``name``, or a use of ``each``, in a file without ``for_each``; None after that."""
    name = next((argument for argument in keywords if argument.arg == "name"), None)
    if name is not None:
        hint = "a model has the name of its file: remove `name`, or declare several models with `for_each`"
        message = "`name` names the models of `for_each`, which is missing"
        scope.report.add(codes.FOR_EACH, message, scope.positions.keyword(name), hint=hint)
        return None
    use = _first_use(scope)
    if use is not None:
        message = "`each` reads a parameter of `for_each`, which is missing"
        hint = "declare several models with `for_each`, or write the value"
        scope.report.add(codes.FOR_EACH, message, scope.positions.span(use), hint=hint)
        return None
    return ()


def _first_use(scope: DeclarationScope) -> ast.expr | None:
    if scope.function is None or not ("each" in scope.words.values() or scope.cbx_names):
        return None
    nodes = (node for node in ast.walk(scope.function) if isinstance(node, ast.expr))
    return next((node for node in nodes if is_parameter(node, scope)), None)


def _read_models(value: Value, report: Report) -> tuple[Parameters, ...]:
    if not isinstance(value, ListLiteral):
        takes = "`for_each` takes a list of dictionaries of parameters"
        or_file = "" if _is_in_file(value.span) else ", or the name of a TOML file beside the model"
        _report_type(f"{takes}{or_file}", value.span, report)
        return ()
    return tuple(_read_model(item, report) for item in value.items)


def _read_model(item: Value, report: Report) -> Parameters:
    if not isinstance(item, DictLiteral):
        _report_type("each item of `for_each` is a dictionary of parameters", item.span, report)
        return Parameters((), item.span)
    return Parameters(tuple(_read_entries(item, report)), item.span)


def _read_entries(item: DictLiteral, report: Report) -> Iterator[tuple[str, ParameterValue]]:
    for key, value in item.entries:
        if not isinstance(key.value, str) or not key.value.isidentifier() or keyword.iskeyword(key.value):
            report.add(codes.FOR_EACH, f"`{key.value}` is not a name for a parameter", key.span, hint="use letters")
        elif isinstance(value, Literal) and value.value is not None and _is_writable(value):
            yield key.value, value.value
        elif isinstance(value, ListLiteral) and all(map(_is_writable, value.items)):
            yield key.value, tuple(each.value for each in value.items if isinstance(each, Literal))
        else:
            _report_type(f"the parameter `{key.value}` takes a text, a number, a boolean or a list", value.span, report)


def _is_writable(value: Value) -> bool:
    """Whether a value can be written to code: infinity cannot, which is `1e999` in Python, and `inf` in TOML."""
    return isinstance(value, Literal) and (not isinstance(value.value, float) or math.isfinite(value.value))


def _is_in_file(span: Span) -> bool:
    return span.path.endswith(".toml")


def _report_type(message: str, span: Span, report: Report) -> None:
    hint = 'for example `for_each=[{"region": "eu"}, {"region": "us"}]`'
    if _is_in_file(span):
        hint = 'for example `[[for_each]]`, and `region = "eu"` below it'
    report.add(codes.WRONG_ARGUMENT_TYPE, message, span, label="wrong type", hint=hint)


def _check_models(models: tuple[Parameters, ...], span: Span, report: Report) -> None:
    """Report an empty list, a list that is too long, and models with other parameters than the first."""
    if not models:
        report.add(codes.FOR_EACH, "`for_each` lists no model", span, hint="list the parameters of each model")
    if len(models) > _MOST_MODELS:
        message = f"`for_each` lists {len(models):,} models; a file defines at most {_MOST_MODELS:,}"
        report.add(codes.FOR_EACH, message, span, hint="divide the list among several files")
    expected = [name for name, _ in models[0].values] if models else []
    for model in models[1:]:
        names = [name for name, _ in model.values]
        _report_difference(names, expected, model.span, models[0].span, report)


def _report_difference(names: list[str], expected: list[str], span: Span, first: Span, report: Report) -> None:
    related = [Related("the first", first)]
    missing = [name for name in expected if name not in names]
    more = [name for name in names if name not in expected]
    if more:
        hint = did_you_mean(more[0], missing, "give each model the same parameters")
        message = f"this model has {listing(more)}, which the first has not"
        report.add(codes.FOR_EACH, message, span, hint=hint, related=related)
    elif missing:
        message, hint = f"this model has no {listing(missing)}", "give each model the same parameters"
        report.add(codes.FOR_EACH, message, span, hint=hint, related=related)


def read_name(
    call: Call, source: SourceFile, templates: Templates, variables: frozenset[str], report: Report
) -> str | None:
    """The name of one of the models of a file, whose parameters the templates use; None after a diagnostic.

    CBX240 without ``name``, CBX104 if it is not known, CBX106 if it is not a name for a model.
    """
    name = next((argument.value for argument in call.arguments if argument.name == "name"), None)
    if name is None and "name" not in call.unread:
        hint = 'for example `name="orders_{{ each.region }}"`'
        report.add(codes.FOR_EACH, "`for_each` needs `name`, which names each model", call.name_span, hint=hint)
    if name is None or not isinstance(name, Literal) or not isinstance(name.value, str):
        if name is not None:
            message = "`name` takes the name of each model of `for_each` as text"
            report.add(codes.WRONG_ARGUMENT_TYPE, message, name.span, label="wrong type")
        return None
    rendered = templates.render(Template(name.value, source, span=name.span), report, variables)
    if rendered is None:
        return None
    return _check_name(rendered.text.constant, name, report)


def _check_name(name: str | None, written: Literal, report: Report) -> str | None:
    if name is None:
        message = f"`{written.value}` must be known at compile time, but `var` is known only when the pipeline runs"
        report.add(codes.NOT_A_LITERAL, message, written.span, hint="write the value here")
        return None
    if not IDENTIFIER.match(name) or DEVICE.match(name):
        hint = "use letters, digits and underscores, no digit first"
        report.add(codes.INVALID_NAME, f"`{name}` is not a name for a model", written.span, hint=hint)
        return None
    return name


def is_parameter(node: ast.expr, scope: DeclarationScope) -> bool:
    """Whether an expression is a call of ``each``."""
    return isinstance(node, ast.Call) and scope.word(node.func) == "each"


def report_order(function: ast.FunctionDef | ast.AsyncFunctionDef, scope: DeclarationScope) -> bool:
    """Report CBX240 for an input after a parameter of ``for_each``; Python wants defaults last."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    with_defaults = arguments[len(arguments) - len(function.args.defaults) :]
    first: str | None = None
    for argument, default in zip(with_defaults, function.args.defaults, strict=True):
        if is_parameter(default, scope):
            first = first or argument.arg
        elif first is not None:
            message = f"the input `{argument.arg}` comes after `{first}`, a parameter of `for_each`"
            scope.report.add(codes.FOR_EACH, message, scope.positions.span(argument), hint=f"put `{first}` last")
            return True
    return False


def parameter_uses(function: ast.FunctionDef | ast.AsyncFunctionDef, scope: DeclarationScope) -> dict[ast.expr, str]:
    """The calls of ``each`` in a function below its decorators, each with its value as Python code.

    Those in the defaults of inputs belong to the declaration. Without parameters there are none.
    """
    if scope.parameters is None:
        return {}
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    own_defaults = [default for default in defaults if is_parameter(default, scope)]
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    in_f_strings = {inner for node in nodes if isinstance(node, ast.JoinedStr) for inner in ast.walk(node)}
    uses: dict[ast.expr, str] = {}
    for node in (*own_defaults, *nodes):
        if isinstance(node, ast.expr) and is_parameter(node, scope):
            value = read_value(node, scope)
            uses[node] = _as_python(value) if value is not None else "None"
            if node in in_f_strings:
                uses[node] = _in_f_string(node, uses[node], scope)
    return uses


def _in_f_string(node: ast.expr, code: str, scope: DeclarationScope) -> str:
    """A value for an f-string; CBX240 for one that Python before version 3.12 cannot read there.

    Texts are in the quotes in which ``each`` names the parameter, because the f-string itself may be in the others.
    """
    start, end = scope.positions.offsets(node)
    quote = next(iter(re.findall("[\"']", scope.positions.source.text[start:end])), "'")
    if "\\" in code or '"' in code:
        message = "the value of this parameter has quotes or special characters, which an f-string cannot hold"
        hint = "read it outside of the f-string, as the default of a parameter of the function"
        scope.report.add(codes.FOR_EACH, message, scope.positions.span(node), hint=hint)
        return "None"
    return code.replace("'", quote)


def _as_python(value: Value) -> str:
    if isinstance(value, ListLiteral):
        return f"[{', '.join(map(_as_python, value.items))}]"
    return repr(value.value) if isinstance(value, Literal) else "None"
