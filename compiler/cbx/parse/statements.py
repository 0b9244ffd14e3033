"""Finds the names that each top-level statement of a Python file defines and needs."""

from __future__ import annotations

import ast
import contextlib
import symtable
from collections.abc import Iterable, Iterator, Sequence

from cbx.declare.signatures import SIGNATURES
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.positions import Positions
from cbx.syntax.declarations import ImportedName, NeededName, PythonModule, Snippet, Statement, VariableUse


def read_module(
    source: SourceFile, tree: ast.Module, known_statement: tuple[ast.stmt, Statement] | None = None
) -> PythonModule:
    """The definitions and imports of a file; statements that define and change nothing are omitted.

    Args:
        source: The file.
        tree: Its tree.
        known_statement: A statement that was read before, with the result.
    """
    positions = Positions(source)
    variable_names = variable_words(tree)
    statements: list[Statement] = []
    imports: list[ImportedName] = []
    for node in _top_level(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.extend(_imported_names(node, source.path, positions))
        else:
            is_known = known_statement is not None and node is known_statement[0]
            statement = (
                known_statement[1]
                if known_statement is not None and is_known
                else read_statement(node, source, variable_names)
            )
            if statement.names or statement.changes:
                statements.append(statement)
    return PythonModule(source.path, tuple(statements), tuple(imports))


def variable_words(tree: ast.Module) -> frozenset[str]:
    """The names of ``var`` in a file; dotted if it imports the package."""
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
        text: Its text, if it differs from the file.
        without: Expressions that the text does not have.
    """
    positions = Positions(source)
    inner = list(_walk(node, without))
    statement_text = text if text is not None else _statement_text(node, positions)
    symbols = symtable.symtable(statement_text, source.path, "exec")
    return Statement(
        names=tuple(_defined_names(node, symbols)),
        changes=tuple(_changed_names(node)),
        needs=tuple(_needed_names(inner, symbols, positions)),
        source=Snippet(source.path, (node.end_lineno or node.lineno) - statement_text.count("\n"), statement_text),
        variables=tuple(_variable_uses(inner, variable_names, positions)),
        inner_imports=tuple(
            imported
            for nested in inner
            if isinstance(nested, (ast.Import, ast.ImportFrom)) and nested is not node
            for imported in _imported_names(nested, source.path, positions)
        ),
        span=source.whole_line(positions.span(node).line),
    )


def _statement_text(node: ast.stmt, positions: Positions) -> str:
    """The text of a statement in its file, with decorators."""
    start, end = positions.offsets(node)
    text = positions.source.text
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.decorator_list:
        start = text.rfind("@", 0, positions.offsets(node.decorator_list[0])[0])
    return text[start:end]


def _defined_names(node: ast.stmt, table: symtable.SymbolTable) -> list[str]:
    """The names that a statement binds at the top level, also in blocks and comprehensions."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return []  # ``spark: SparkSession`` only annotates a name that is defined elsewhere
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    walrus = {expression.target.id for expression in ast.walk(node) if isinstance(expression, ast.NamedExpr)}
    return sorted(bound | {name for name in walrus if not any(_binds(child, name) for child in table.get_children())})


def _binds(table: symtable.SymbolTable, name: str) -> bool:
    """Whether a function inside a statement has a local variable of this name."""
    is_local = any(symbol.get_name() == name and symbol.is_local() for symbol in table.get_symbols())
    return is_local or any(_binds(child, name) for child in table.get_children())


def _changed_names(node: ast.stmt) -> list[str]:
    """The names whose values a statement changes: by an item, an attribute or a call of a method."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return []
    parts = (ast.Subscript, ast.Attribute)
    stored = [part for part in ast.walk(node) if isinstance(part, parts) and not isinstance(part.ctx, ast.Load)]
    called = [
        part.value.func for part in ast.walk(node) if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)
    ]
    return sorted({_root_name(part) for part in (*stored, *called) if isinstance(part, parts)} - {""})


def _root_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _needed_names(inner: Sequence[ast.AST], table: symtable.SymbolTable, positions: Positions) -> Iterator[NeededName]:
    """The names that a statement looks up outside itself, in any scope inside it, sorted."""
    evaluated = [part.annotation for part in inner if isinstance(part, ast.arg)]
    evaluated += [part.returns for part in inner if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))]
    others = [part.annotation for part in inner if isinstance(part, ast.AnnAssign)]
    hint_nodes = [part for hint in evaluated if hint is not None for part in ast.walk(hint)]
    other_nodes = [part for hint in others for part in ast.walk(hint)]
    in_hints = {id(part) for part in (*hint_nodes, *other_nodes)}
    outside = set(_global_names(table))
    code: dict[str, Span] = {}
    for part in inner:
        if isinstance(part, ast.Name) and id(part) not in in_hints and part.id in outside:
            code.setdefault(part.id, positions.span(part))
    hinted: dict[str, Span] = {}
    for part in hint_nodes:
        if isinstance(part, ast.Name) and part.id in outside:
            hinted.setdefault(part.id, positions.span(part))
    texts = _names_in_texts((*hint_nodes, *other_nodes))
    for name in sorted({*outside, *texts, *_class_names(table)}):
        if name in code:
            yield NeededName(name, "code", code[name])
        elif name in hinted:
            yield NeededName(name, "annotation", hinted[name])
        else:
            yield NeededName(name, "maybe", positions.source.start())


def _names_in_texts(hint_nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names in annotations that are strings."""
    for part in hint_nodes:
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            with contextlib.suppress(SyntaxError, ValueError):
                inside = ast.parse(part.value, mode="eval")
                yield from (name.id for name in ast.walk(inside) if isinstance(name, ast.Name))


def _global_names(table: symtable.SymbolTable) -> Iterator[str]:
    is_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() if is_top else _is_global(symbol):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _global_names(child)


def _is_global(symbol: symtable.Symbol) -> bool:
    """Whether a function or class looks a name up in its file.

    ``symtable`` takes a function called ``top`` for the file, in which every local variable is a global one.
    """
    return symbol.is_declared_global() or (symbol.is_global() and not symbol.is_local())


def _class_names(table: symtable.SymbolTable) -> Iterator[str]:
    """The names that a class body both binds and looks up, as in ``limit = limit``."""
    if table.get_type() == "class":
        yield from (symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_local())
    for child in table.get_children():
        yield from _class_names(child)


def _variable_uses(
    inner: Sequence[ast.AST], variable_names: frozenset[str], positions: Positions
) -> Iterator[VariableUse]:
    """The uses of ``var``; those that are not calls with a literal have no name."""
    called = [part for part in inner if isinstance(part, ast.Call) and isinstance(part.func, ast.Name)]
    functions = {id(part.func): part for part in called}
    for part in inner:
        if isinstance(part, ast.Name) and part.id in variable_names and isinstance(part.ctx, ast.Load):
            call = functions.get(id(part))
            yield VariableUse(_literal_argument(call) if call else None, positions.span(call or part))


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of a file without those for type checkers only."""
    for node in tree.body:
        is_for_checkers = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if not (
            is_for_checkers and isinstance(node, ast.If) and not node.orelse and "not " not in ast.unparse(node.test)
        ):
            yield node


def _walk(node: ast.AST, without: tuple[ast.expr, ...]) -> Iterator[ast.AST]:
    left_out = {id(expression) for expression in without}
    pending: list[ast.AST] = [node]
    while pending:
        current = pending.pop()
        if id(current) in left_out:
            continue
        yield current
        children: list[ast.AST] = []
        for name in current._fields:
            value = getattr(current, name, None)
            if isinstance(value, list):
                children.extend(child for child in value if isinstance(child, ast.AST))
            elif isinstance(value, ast.AST) and name != "ctx":
                children.append(value)
        pending.extend(reversed(children))


def _literal_argument(call: ast.Call) -> str | None:
    if len(call.args) == 1 and not call.keywords and isinstance(call.args[0], ast.Constant):
        value = call.args[0].value
        return value if isinstance(value, str) else None
    return None


def _imported_names(node: ast.Import | ast.ImportFrom, path: str, positions: Positions) -> Iterator[ImportedName]:
    for alias in node.names:
        span = positions.span(alias)
        if isinstance(node, ast.Import):
            binding = alias.asname or alias.name.split(".")[0]
            yield ImportedName(binding, alias.name, "", span)
        elif alias.name == "*" and node.module == "cbx":
            yield from (ImportedName(word, "cbx", word, span) for word in SIGNATURES)
        else:
            module = _absolute_module(node, path)
            yield ImportedName(alias.asname or alias.name, module, alias.name, span)


def _absolute_module(node: ast.ImportFrom, path: str) -> str:
    """The absolute name of an imported module."""
    if not node.level:
        return node.module or ""
    parts = path.rsplit("/", 1)[0].split("/")
    folder = parts[: len(parts) - node.level + 1]
    return ".".join([*folder, *([node.module] if node.module else [])])
