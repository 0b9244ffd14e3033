"""Which top-level statement of a Python file defines and needs which names: what inlining works on."""

from __future__ import annotations

import ast
import symtable
import warnings
from collections.abc import Iterator

from cbx.declare.signatures import SIGNATURES
from cbx.ir.syntax import ImportedName, PythonModule, Statement, VariableUse
from cbx.parse.positions import Positions
from cbx.sources import SourceFile


def read_module(source: SourceFile, tree: ast.Module) -> PythonModule:
    """The definitions and imports of a file. A statement that defines nothing is left out."""
    positions = Positions(source)
    variable_names = variable_words(tree)
    statements: list[Statement] = []
    imports: list[ImportedName] = []
    for node in _top_level(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.extend(_imported(node, source.path, positions))
        else:
            statement = read_statement(node, source, variable_names)
            if statement.names:
                statements.append(statement)
    return PythonModule(source.path, tuple(statements), tuple(imports))


def variable_words(tree: ast.Module) -> frozenset[str]:
    """The names under which a file knows ``var``, dotted where it imports the package."""
    names: set[str] = set()
    for node in _top_level(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "cbx":
            names.update(alias.asname or "var" for alias in node.names if alias.name in {"var", "*"})
    return frozenset(names)


def read_statement(
    node: ast.stmt,
    source: SourceFile,
    variable_names: frozenset[str],
    text: str | None = None,
    without: tuple[ast.expr, ...] = (),
) -> Statement:
    """The names that a statement defines at the top level and those it needs from there, and its text.

    Args:
        node: The statement.
        source: Its file.
        variable_names: The names of ``var`` in that file.
        text: Its text, where that is not as it stands in the file.
        without: Expressions that this text leaves out.
    """
    positions = Positions(source)
    inner = list(_walk(node, without))
    own = text if text is not None else _text(node, positions)
    return Statement(
        names=tuple(dict.fromkeys(_defined(node))),
        needs=tuple(sorted(set(_global_names(_symbols(own, source.path))))),
        source=own,
        variables=tuple(
            VariableUse(_literal_argument(call), positions.span(call))
            for call in inner
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in variable_names
        ),
        inner_imports=tuple(
            imported
            for one in inner
            if isinstance(one, (ast.Import, ast.ImportFrom)) and one is not node
            for imported in _imported(one, source.path, positions)
        ),
        span=source.whole_line(positions.span(node).line),
    )


def _text(node: ast.stmt, positions: Positions) -> str:
    """A statement as it stands in its file, decorators included."""
    start, end = positions.offsets(node)
    text = positions.source.text
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.decorator_list:
        start = text.rfind("@", 0, positions.offsets(node.decorator_list[0])[0])
    return text[start:end]


def _symbols(text: str, path: str) -> symtable.SymbolTable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return symtable.symtable(text, path, "exec")


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a statement looks up outside itself, in whichever scope inside it."""
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() if is_top else symbol.is_global():
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_names(child)


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from node.body
        else:
            yield node


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            for target in targets:
                yield from _stored(target)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _stored(target)
        case ast.AugAssign(target=target) | ast.For(target=target):
            yield from _stored(target)
        case ast.If() | ast.Try() | ast.With():
            for child in ast.iter_child_nodes(node):
                yield from _defined_inside(child)
        case _:
            return


def _defined_inside(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.stmt):
        yield from _defined(node)
    elif isinstance(node, ast.ExceptHandler):
        for child in node.body:
            yield from _defined_inside(child)


def _stored(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _walk(node: ast.AST, without: tuple[ast.expr, ...]) -> Iterator[ast.AST]:
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        if any(current is one for one in without):
            continue
        yield current
        pending.extend(reversed(list(ast.iter_child_nodes(current))))


def _literal_argument(call: ast.Call) -> str | None:
    if len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.Constant):
        value = call.args[0].value
        return value if isinstance(value, str) else None
    return None


def _imported(node: ast.Import | ast.ImportFrom, path: str, positions: Positions) -> Iterator[ImportedName]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            binding = alias.asname or alias.name.split(".")[0]
            yield ImportedName(binding, alias.name, "", positions.span(alias))
        elif alias.name == "*" and node.module == "cbx":
            yield from (ImportedName(word, "cbx", word, positions.span(alias)) for word in SIGNATURES)
        else:
            module = _absolute(node, path)
            yield ImportedName(alias.asname or alias.name, module, alias.name, positions.span(alias))


def _absolute(node: ast.ImportFrom, path: str) -> str:
    """The module an import names, a relative one counted from the file's folder."""
    if not node.level:
        return node.module or ""
    parts = path.rsplit("/", 1)[0].split("/")
    folder = parts[: len(parts) - node.level + 1]
    return ".".join([*folder, *([node.module] if node.module else [])])
