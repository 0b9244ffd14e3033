"""Reads a Python model: its declaration, its inputs and its code."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from cbx.declare.signatures import INPUTS, KINDS, SIGNATURES
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Related, Report, did_you_mean
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.expression import HALF, DeclarationScope, read_call, read_value, refuse_too_many_braces
from cbx.parse.for_each import is_parameter, parameter_uses, read_name, read_parameters, report_order
from cbx.parse.jinja.templates import Templates
from cbx.parse.positions import Positions
from cbx.parse.statements import read_module, read_statement, variable_words
from cbx.parse.toml.parameter_file import ParameterFiles
from cbx.syntax.declarations import Call, ParsedInput, ParsedModel, PythonFunction, PythonModule, Statement

_MOST_STATEMENTS = 50_000
"""The most top-level statements in a file; each takes twenty microseconds."""


def parse_syntax(source: SourceFile, report: Report, *, is_model: bool = False) -> ast.Module | None:
    """Parse a Python file and check that it compiles; None after a CBX101.

    The decorator of a model need not compile: it is read later, and invalid expressions in it are reported then.
    """
    positions = Positions(source)
    try:
        refuse_too_many_braces(source.text)
        tree = ast.parse(source.text)
        if len(tree.body) <= _MOST_STATEMENTS:
            _compile(source, tree, is_model=is_model)
            return tree
    except SyntaxError as error:
        span = positions.error(error)
        report.add(codes.SYNTAX_ERROR, f"invalid Python: {error.msg}", span)
    except (RecursionError, MemoryError):
        report.add(codes.SYNTAX_ERROR, "this is nested too deeply", source.start())
    except ValueError as error:
        report.add(codes.SYNTAX_ERROR, f"invalid Python: {error}", source.start())
    else:
        message = f"this file has more than {_MOST_STATEMENTS:,} statements"
        report.add(codes.SYNTAX_ERROR, message, source.start(), hint="divide it")
    return None


def _compile(source: SourceFile, tree: ast.Module, *, is_model: bool) -> None:
    """Find errors that only Python's compiler reports, such as a `return` outside a function.

    For a model of imports and one function, the decorator is omitted, which is most of the text.

    Raises:
        SyntaxError: With its position in the file.
    """
    *others, last = tree.body or (None,)
    is_alone = isinstance(last, ast.FunctionDef) and len(last.decorator_list) == 1
    if is_model and is_alone and last is not None and all(_is_harmless(statement) for statement in others):
        with suppress(SyntaxError):
            compile(source.text[source.offset(last.lineno, 1) :], source.path, "exec", dont_inherit=True)
            return
    compile(source.text, source.path, "exec", dont_inherit=True)


def _is_harmless(node: ast.stmt | None) -> bool:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__")


@dataclass(frozen=True, slots=True)
class _ImportedWords:
    names: dict[str, str]
    packages: frozenset[str]


def parse_python_model(
    source: SourceFile,
    layer: str,
    name: str,
    templates: Templates,
    variables: frozenset[str],
    parameter_files: ParameterFiles,
    report: Report,
) -> tuple[ParsedModel, ...] | None:
    """Read the model of a Python file, or its models; None after diagnostics (CBX101, CBX104, CBX105, CBX240)."""
    tree = parse_syntax(source, report, is_model=True)
    if tree is None:
        return None
    positions = Positions(source)
    words = _imported_words(tree)
    words.names.update(_report_misspelt_words(tree, positions, report))
    scope = DeclarationScope(positions, words.names, {}, report, words.packages, parameter_files=parameter_files)
    functions = [
        (function, decorator)
        for function in tree.body
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        for decorator in function.decorator_list
        if _kind_of(decorator, scope) is not None
    ]
    if not _is_one_model(functions, source, name, scope):
        return None
    function, decorator = functions[0]
    definition = _cut_declaration(function, decorator, tree, scope)
    module = read_module(source, tree, (function, definition))
    scope = replace(scope, constants=_constants(tree, module), function=function)
    parameters = read_parameters(decorator, scope)
    if parameters is None or (parameters and report_order(function, scope)):
        return None
    code = PythonFunction(definition, module)
    if not parameters:
        return (_read_model(function, decorator, tree, f"{layer}.{name}", code, scope),)
    models = []
    for model_parameters in parameters:
        templates.use_parameters(model_parameters)
        own_scope = replace(scope, parameters=model_parameters)
        own_name = read_name(_read_declaration(decorator, own_scope), source, templates, variables, report)
        if own_name is None:
            return None
        own_code = code._replace(definition=_cut_declaration(function, decorator, tree, own_scope))
        models.append(_read_model(function, decorator, tree, f"{layer}.{own_name}", own_code, own_scope))
    return tuple(models)


def _read_model(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    decorator: ast.expr,
    tree: ast.Module,
    model_id: str,
    code: PythonFunction,
    scope: DeclarationScope,
) -> ParsedModel:
    layer, _, name = model_id.partition(".")
    declaration = _read_declaration(decorator, scope)
    found_before_inputs = len(scope.report)
    inputs = tuple(_read_inputs(function, scope))
    return ParsedModel(
        id=model_id,
        layer=layer,
        name=name,
        path=scope.positions.source.path,
        declaration=declaration,
        description=_description(tree, function),
        inputs=inputs,
        inputs_complete=len(scope.report) == found_before_inputs,
        code=code,
        parameters=scope.parameters,
    )


def _imported_words(tree: ast.Module) -> _ImportedWords:
    names: dict[str, str] = {}
    packages: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "cbx" and node.level == 0:
            names.update({alias.asname or alias.name: alias.name for alias in node.names if alias.name in SIGNATURES})
            if any(alias.name == "*" for alias in node.names):
                names.update({word: word for word in SIGNATURES})
        elif isinstance(node, ast.Import):
            packages.update(alias.asname or alias.name for alias in node.names if alias.name == "cbx")
    return _ImportedWords(names, frozenset(packages))


def _report_misspelt_words(tree: ast.Module, positions: Positions, report: Report) -> dict[str, str]:
    """Report unknown words that are imported from ``cbx``; return the words that were probably meant."""
    meant: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom) or node.module != "cbx" or node.level:
            continue
        for alias in node.names:
            if alias.name in SIGNATURES or alias.name == "*":
                continue
            near = nearest(alias.name, SIGNATURES)
            if near is not None:
                meant |= {near: near, alias.asname or alias.name: near}
            hint = f"did you mean `{near}`?" if near is not None else f"it has {', '.join(SIGNATURES)}"
            message, span = f"`cbx` has no word `{alias.name}`", positions.span(alias)
            causes = [Cause(span.path, f"name {near}"), Cause(span.path, f"import {alias.name}")]
            report.add(codes.UNKNOWN_MACRO, message, span, label="not found", hint=hint, causes=causes)
    return meant


def _constants(tree: ast.Module, module: PythonModule) -> dict[str, ast.expr]:
    """The expressions of the names that are assigned exactly once."""
    constants: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            constants.update({target.id: node.value for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            constants[node.target.id] = node.value
    touched = Counter(name for statement in module.statements for name in (*statement.names, *statement.changes))
    return {name: value for name, value in constants.items() if touched[name] == 1}


def _kind_of(decorator: ast.expr, scope: DeclarationScope) -> str | None:
    word = scope.word(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return word if word in KINDS else None


_IMPORTS_DLT = re.compile(r"^\s*(?:import dlt\b|from dlt\b|from pyspark import pipelines\b)", re.MULTILINE)
_ModelFunction = tuple["ast.FunctionDef | ast.AsyncFunctionDef", ast.expr]


def _is_one_model(functions: list[_ModelFunction], source: SourceFile, name: str, scope: DeclarationScope) -> bool:
    report, positions = scope.report, scope.positions
    if not functions:
        kinds = ", ".join(f"`@{kind}`" for kind in KINDS)
        hint = f"decorate the function `{name}` with one of {kinds}, imported from cbx"
        if _IMPORTS_DLT.search(source.text):
            run, convert = f"`cbx run {source.path}` runs it as it is", f"`cbx import {source.path} --into DIR`"
            hint = f"this is a notebook of Delta Live Tables: {run}, {convert} writes it as models"
        span, hint = _find_misspelt_kind(source, scope) or (source.start(), hint)
        report.add(codes.NO_MODEL, "this file defines no model", span, hint=hint)
        return False
    function = functions[0][0]
    if len(functions) > 1:
        others = [
            Related(f"`{other.name}` is another", positions.span(decorator)) for other, decorator in functions[:1]
        ]
        for other, decorator in functions[1:]:
            message = f"this file defines more than one model: `{other.name}` beside `{function.name}`"
            hint = "put each model in its own file"
            report.add(codes.SEVERAL_MODELS, message, positions.span(decorator), hint=hint, related=others)
        return False
    if function.name != name:
        line = source.line(function.lineno)
        start = source.offset(function.lineno, line.find(function.name, line.find("def ") + 4) + 1)
        report.add(
            codes.NAME_MISMATCH,
            f"the function `{function.name}` is in the file of the model `{name}`",
            source.span(start, start + len(function.name)),
            hint=f"rename the function to `{name}`, or the file to `{function.name}.py`",
            causes=[Cause("models/", f"model {'.'.join(source.path.split('/')[1:2])}.{function.name}")],
        )
        return False
    if isinstance(function, ast.AsyncFunctionDef):
        report.add(
            codes.NO_MODEL,
            f"`{name}` is an async function; a model is a regular function",
            positions.span(functions[0][1]),
        )
        return False
    return True


def _find_misspelt_kind(source: SourceFile, scope: DeclarationScope) -> tuple[Span, str] | None:
    """The span of a decorator that was probably meant to be a kind, and a hint."""
    tree = ast.parse(source.text)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(called, ast.Name) and called.id in KINDS:
                return scope.positions.span(called), f"import it: `from cbx import {called.id}`"
            hint = did_you_mean(called.id, KINDS) if isinstance(called, ast.Name) else None
            if hint is not None and scope.word(called) is None:
                return scope.positions.span(called), hint
    return None


def _read_declaration(decorator: ast.expr, scope: DeclarationScope) -> Call:
    if isinstance(decorator, ast.Call):
        call = read_call(decorator, scope)
        if isinstance(call, Call):
            return call
    span = scope.positions.span(decorator)
    return Call(_kind_of(decorator, scope) or "", (), span, span)


def _read_inputs(function: ast.FunctionDef | ast.AsyncFunctionDef, scope: DeclarationScope) -> Iterator[ParsedInput]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    padding: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults = [*padding, *arguments.defaults, *arguments.kw_defaults]
    for parameter, default in zip([*positional, *arguments.kwonlyargs], defaults, strict=True):
        call = _read_input(parameter, default, scope)
        if call is not None:
            yield ParsedInput(parameter.arg, call, parameter in arguments.kwonlyargs)
    _refuse_other_parameters(arguments, scope)


def _read_input(parameter: ast.arg, default: ast.expr | None, scope: DeclarationScope) -> Call | None:
    """The input of a parameter; None after a diagnostic, and for a parameter of ``for_each``."""
    if default is None:
        scope.report.add(
            codes.MISSING_ARGUMENT,
            f"the parameter `{parameter.arg}` has no input",
            scope.positions.span(parameter),
            label="no input",
            hint='give it a default: `= ref("layer.model")` or another input',
        )
        return None
    reported = len(scope.report)
    value = read_value(default, scope)
    if is_parameter(default, scope) and value is not None:
        return None
    if isinstance(value, Call) and value.function in INPUTS:
        return value
    if len(scope.report) == reported:
        scope.report.add(
            codes.WRONG_ARGUMENT_TYPE,
            f"the parameter `{parameter.arg}` takes an input",
            scope.positions.span(default),
            label="not an input",
            hint=f"one of {', '.join(INPUTS)}",
        )
    return None


def _refuse_other_parameters(arguments: ast.arguments, scope: DeclarationScope) -> None:
    """Report parameters that no input can be given to."""
    for parameter in arguments.posonlyargs:
        scope.report.add(
            codes.WRONG_ARGUMENT_TYPE,
            f"the parameter `{parameter.arg}` cannot be given by its name",
            scope.positions.span(parameter),
            hint="remove the `/` from the signature",
        )
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None:
            scope.report.add(
                codes.MISSING_ARGUMENT,
                f"the parameter `{extra.arg}` has no input",
                scope.positions.span(extra),
                hint="write one parameter for each input",
            )


def _description(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    text = ast.get_docstring(function) or ast.get_docstring(tree)
    return text and HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def _cut_declaration(
    function: ast.FunctionDef | ast.AsyncFunctionDef, decorator: ast.expr, tree: ast.Module, scope: DeclarationScope
) -> Statement:
    """The function's statement, without the declaration and the defaults of inputs, and with values of parameters."""
    positions = scope.positions
    source, text = positions.source, positions.source.text
    start, end = positions.offsets(function)
    pieces: list[str] = []
    uses = parameter_uses(function, scope)
    cuts = [
        (*_default_cut(parameter, default, positions), "")
        for parameter, default in _parameters_with_defaults(function.args)
        if default not in uses
    ]
    cuts += [(*positions.offsets(use), value) for use, value in uses.items()]
    for cut_start, cut_end, instead in sorted(cuts):
        pieces += [text[start:cut_start], instead]
        start = cut_end
    pieces.append(text[start:end])
    others = [other for other in function.decorator_list if other is not decorator]
    kept = "".join(f"@{text[slice(*positions.offsets(other))]}\n" for other in others)
    defaults = [default for _, default in _parameters_with_defaults(function.args)]
    own_text = kept + "".join(pieces)
    return read_statement(function, source, variable_words(tree), own_text, (decorator, *defaults, *uses))


def _parameters_with_defaults(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr]]:
    positional = [*arguments.posonlyargs, *arguments.args]
    yield from zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)
    for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            yield parameter, default


def _default_cut(parameter: ast.arg, default: ast.expr, positions: Positions) -> tuple[int, int]:
    """The offsets of a default with its ``=`` and brackets: from the end of the parameter to the end of the default."""
    text = positions.source.text
    start = positions.offsets(parameter)[1]
    before, end = positions.offsets(default)
    opened = re.sub(r"#[^\n]*", "", text[start:before]).count("(")
    while opened:
        closing = re.compile(r"(?:[^)#]|#[^\n]*\n)*\)").match(text, end)
        if closing is None:
            break
        end = closing.end()
        opened -= 1
    return start, end
