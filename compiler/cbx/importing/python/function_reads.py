"""Finds what a dataset's function reads, and where."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cbx.importing.definitions import FoundQuery, FoundText, UnreadableArgumentError
from cbx.importing.evaluation.evaluator import Evaluator, bind_arguments
from cbx.importing.evaluation.values import (
    UNKNOWN,
    LibraryCall,
    LibraryName,
    LocalModule,
    NameScope,
    SecretText,
    TextTemplate,
    UserFunction,
)
from cbx.importing.python.schemas import schema_text
from cbx.importing.reads import FileInputRead, InputRead, ReaderInputRead, TableInputRead
from cbx.importing.sql.queries import query_text

_READERS: Final = {"spark.read": False, "spark.readStream": True}
_TABLES: Final = {
    "spark.table": False,
    "dlt.read": False,
    "dp.read": False,
    "dlt.read_stream": True,
    "dp.read_stream": True,
    "dlt.readStream": True,
}
_BUILDERS: Final = frozenset(("format", "option", "options", "schema"))
_FILES: Final = frozenset(("csv", "json", "load", "orc", "parquet", "text"))
_FORMATS: Final = frozenset(("avro", "binaryFile", "csv", "json", "orc", "parquet", "text", "xml"))
_OPTION_VALUES: Final = (str, bool, int, float, TextTemplate, SecretText)
_MOST_ROUNDS: Final = 500
_DEEPEST: Final = 5
_TABLE_OPTIONS: Final = frozenset(("ignorechanges", "ignoredeletes", "maxfilespertrigger", "maxbytespertrigger"))
"""Options of reading a table as a stream on which no row depends, if its rows never change."""


@dataclass(frozen=True, slots=True)
class ReadPlace:
    """An expression that reads: its node, and what it reads.

    In a loop, ``others`` are the tables that it reads for the other values of the loop's variable.
    """

    node: ast.Call | ast.Name
    read: InputRead
    others: tuple[InputRead, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryPlace:
    """A call of ``spark.sql``, with its text and whether the function does nothing else."""

    node: ast.Call
    text: str
    is_all: bool


@dataclass(frozen=True, slots=True)
class FunctionReads:
    """What a function reads.

    Attributes:
        reads: Its reads, in the order of the text.
        queries: Its queries in SQL.
        settings: Its reads of the configuration.
        unused: The assignments of readers, which go with the reads that use them.
        problems: Why it cannot be a model.
    """

    reads: tuple[ReadPlace, ...] = ()
    queries: tuple[QueryPlace, ...] = ()
    settings: tuple[tuple[ast.expr, TextTemplate], ...] = ()
    unused: tuple[ast.stmt, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """A function, and what it reads."""

    function: UserFunction
    reads: FunctionReads


class _Silent:
    """Notes nothing: the definitions of the pipeline have been found before."""

    def __init__(self, modules: Any) -> None:
        self._modules = modules

    def define(self, function: UserFunction, decorators: Sequence[Any]) -> None:
        """Note nothing."""

    def call(self, name: str, arguments: Sequence[Any], keywords: dict[str, Any], node: ast.Call) -> None:
        """Note nothing."""

    def import_module(self, name: str, level: int, file: int) -> LocalModule | None:
        """The module of a file beside the notebooks."""
        module: LocalModule | None = self._modules(name, level, file)
        return module


def find_reads(function: UserFunction, modules: Any) -> FunctionReads:
    """What a function reads, also by calls of functions that only read.

    Args:
        function: The function, without parameters other than those with defaults.
        modules: Finds the modules beside the notebooks.
    """
    if isinstance(function.node, ast.Lambda):
        return FunctionReads(problems=("it is a lambda",))
    finder = _ReadFinder(Evaluator(_Silent(modules)), function, frozenset(_bound_names(function.node)))
    values = bind_arguments(function, [], {})
    if values is None:
        return FunctionReads(problems=("its function takes arguments",))
    scope = NameScope(function.scope.outermost.file, function.scope, dict(values))
    bound = Counter(_bound_names(function.node))
    for statement in function.node.body:
        finder.visit(statement, [scope])
        _follow_assignment(statement, bound, scope, finder.evaluator)
    finder.check_rest(scope)
    return finder.result()


def _bound_names(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _follow_assignment(statement: ast.stmt, bound: Counter[str], scope: NameScope, evaluator: Evaluator) -> None:
    """Follow a statement of a function; names that the function binds several times are unknown."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.FunctionDef)):
        evaluator.run([statement], scope)
    is_plain = isinstance(statement, (ast.Assign, ast.AnnAssign))
    scope.values |= {name: UNKNOWN for name in _bound_names(statement) if not is_plain or bound[name] > 1}


@dataclass(eq=False, slots=True)
class _ReadFinder:
    evaluator: Evaluator
    function: UserFunction
    bound: frozenset[str]
    reads: list[ReadPlace] = field(default_factory=list)
    queries: list[QueryPlace] = field(default_factory=list)
    settings: list[tuple[ast.expr, TextTemplate]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def result(self) -> FunctionReads:
        """What was found."""
        return FunctionReads(
            tuple(self.reads),
            tuple(self.queries),
            tuple(self.settings),
            tuple(self.unused_readers()),
            tuple(dict.fromkeys(self.problems)),
        )

    def visit(self, node: ast.AST, scopes: Sequence[NameScope]) -> None:
        """Visit a node of the function and those in it; nothing in a read is visited.

        Args:
            node: The node.
            scopes: The scopes in which it is evaluated: one for each round of the loops around it.
        """
        if isinstance(node, ast.Call):
            try:
                if self._visit_call(node, scopes):
                    return
            except UnreadableArgumentError as error:
                self.problems.append(f"line {node.lineno}: {error}")
                return
        if isinstance(node, ast.Name) and node.id not in self.bound and self._visit_frame(node, scopes):
            return
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            names = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            scopes = [NameScope(scope.file, scope, dict.fromkeys(names, UNKNOWN)) for scope in scopes]
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self._visit_comprehension(node, scopes)
            return
        elif isinstance(node, ast.For):
            self.visit(node.iter, scopes)
            scopes = self._rounds(node.target, node.iter, scopes)
            for statement in (*node.body, *node.orelse):
                self.visit(statement, scopes)
            return
        for child in ast.iter_child_nodes(node):
            self.visit(child, scopes)

    def _visit_frame(self, node: ast.Name, scopes: Sequence[NameScope]) -> bool:
        """Note a frame or stream that was made outside of the function; False for other names."""
        value = self.evaluator.value(node, scopes[0]) if scopes and isinstance(node.ctx, ast.Load) else None
        try:
            read = read_of_value(value)
        except UnreadableArgumentError as error:
            self.problems.append(f"line {node.lineno}: {error}")
            return True
        if read is not None:
            self.reads.append(ReadPlace(node, read))
        return read is not None

    def _visit_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scopes: Sequence[NameScope]
    ) -> None:
        for generator in node.generators:
            self.visit(generator.iter, scopes)
            scopes = self._rounds(generator.target, generator.iter, scopes)
            for test in generator.ifs:
                self.visit(test, scopes)
        for part in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
            self.visit(part, scopes)

    def _rounds(self, target: ast.expr, items: ast.expr, scopes: Sequence[NameScope]) -> list[NameScope]:
        """A scope for each round of a loop; one with unknown variables if the rounds are not known."""
        rounds: list[NameScope] = []
        for scope in scopes:
            values = self.evaluator.value(items, scope)
            for value in values if isinstance(values, (list, tuple, dict)) else [UNKNOWN]:
                inner = NameScope(scope.file, scope)
                self.evaluator.bind(target, value, inner)
                rounds.append(inner)
        if len(rounds) > _MOST_ROUNDS:
            raise UnreadableArgumentError("a loop has too many rounds")
        return rounds

    def _visit_call(self, node: ast.Call, scopes: Sequence[NameScope]) -> bool:
        """Note a call that reads; False for other calls."""
        if not scopes:
            return False
        reads = [self._read(node, scope) for scope in scopes]
        if reads[0] is not None:
            different = list({repr(read): read for read in reads if read is not None}.values())
            if len(different) > 1 and not all(isinstance(read, TableInputRead) and node.args for read in different):
                raise UnreadableArgumentError("a loop reads the files of several folders")
            self.reads.append(ReadPlace(node, different[0], tuple(different[1:])))
            return True
        function = self.evaluator.value(node.func, scopes[0])
        if isinstance(function, LibraryName) and function.name == "spark.sql":
            return self._visit_query(node, scopes)
        value = self.evaluator.value(node, scopes[0]) if isinstance(function, LibraryName) else None
        if isinstance(value, TextTemplate) and value.parts and len(value.parts) == 1:
            self.settings.append((node, value))
            return True
        if isinstance(function, UserFunction) and _reads_anything(function, self.evaluator):
            name = getattr(function.node, "name", "a lambda")
            raise UnreadableArgumentError(f"`{name}` reads tables or files, which a macro cannot")
        return False

    def _read(self, node: ast.Call, scope: NameScope) -> InputRead | None:
        """What a call reads itself, or by functions that only read, such as one that makes the reader of a folder."""
        return read_of_value(self.evaluator.value(node, scope))

    def _visit_query(self, node: ast.Call, scopes: Sequence[NameScope]) -> bool:
        texts = [self.evaluator.value(node.args[0], scope) if node.args else None for scope in scopes]
        text = texts[0] if all(other == texts[0] for other in texts) else None
        if not isinstance(text, (str, TextTemplate)):
            raise UnreadableArgumentError("the text of the query is not known without running the notebook")
        has_arguments = len(node.args) > 1 or bool(node.keywords)
        body = [statement for statement in _statements(self.function) if not _is_text(statement)]
        is_all = len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is node and not has_arguments
        self.queries.append(QueryPlace(node, query_text(text), is_all))
        for keyword in node.keywords:
            self.visit(keyword.value, scopes)
        return True

    def check_rest(self, scope: NameScope) -> None:
        """Note readers that are in no read that was found."""
        whole: list[ast.AST] = [place.node for place in self.reads]
        whole += [place.node for place in self.queries]
        whole += self.unused_readers()
        found = {id(part) for node in whole for part in ast.walk(node)}
        for node in ast.walk(self.function.node):
            if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load) and id(node) not in found:
                value = self.evaluator.value(node, scope)
                if isinstance(value, LibraryName) and value.name in {"spark.readStream", *_TABLES}:
                    self.problems.append(f"line {node.lineno}: what it reads is not known without running the notebook")

    def unused_readers(self) -> list[ast.stmt]:
        """The assignments of readers whose names only reads use, which are replaced."""
        found = {id(part) for place in self.reads for part in ast.walk(place.node)}
        names = [part for part in ast.walk(self.function.node) if isinstance(part, ast.Name)]
        gone: list[ast.stmt] = []
        for statement in _statements(self.function):
            match statement:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if self._is_reader(value):
                    uses = [part for part in names if part.id == name and isinstance(part.ctx, ast.Load)]
                    if uses and all(id(use) in found for use in uses):
                        gone.append(statement)
                case _:
                    pass
        return gone

    def _is_reader(self, node: ast.expr) -> bool:
        value = self.evaluator.value(node, self.function.scope)
        return isinstance(value, LibraryCall) and _calls(value)[0].name.rpartition(".")[0] in _READERS


def _statements(function: UserFunction) -> list[ast.stmt]:
    return [] if isinstance(function.node, ast.Lambda) else function.node.body


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, or a text that comments on something."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _reads_anything(function: UserFunction, evaluator: Evaluator, depth: int = 0) -> bool:
    """Whether a function, or one that it calls, uses readers of Spark or of the pipeline."""
    scope = NameScope(function.scope.outermost.file, function.scope)
    for node in ast.walk(function.node):
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, ast.Load):
            value = evaluator.value(node, scope)
            if isinstance(value, LibraryName) and (value.name in _READERS or value.name in {*_TABLES, "spark.sql"}):
                return True
            is_other = isinstance(value, UserFunction) and value is not function and depth < _DEEPEST
            if is_other and _reads_anything(value, evaluator, depth + 1):
                return True
    return False


def read_of_value(value: Any) -> InputRead | None:
    """What a value reads, if it is a whole read: ``spark.read.table("orders")``, or Auto Loader up to ``load``.

    Raises:
        UnreadableArgumentError: If it is one, but a model cannot say it.
    """
    if not isinstance(value, LibraryCall):
        return None
    if value.name in _TABLES:
        return TableInputRead(_name(value), _TABLES[value.name])
    calls = _calls(value)
    base, _, first = calls[0].name.rpartition(".")
    if base not in _READERS:
        return None
    settings = _ReaderSettings()
    for call in calls[:-1]:
        if call.name.rpartition(".")[2] not in _BUILDERS:
            return None
        settings.add(call)
    method = first if len(calls) == 1 else value.name
    if method == "table":
        return _table_read(value, settings, is_stream=_READERS[base])
    return _file_read(value, method, settings, is_stream=_READERS[base]) if method in _FILES else None


def _calls(value: LibraryCall) -> list[LibraryCall]:
    """The calls of a chain, the first one first."""
    calls = [value]
    while calls[-1].on is not None:
        calls.append(calls[-1].on)
    return calls[::-1]


@dataclass(slots=True)
class _ReaderSettings:
    """The settings of a reader."""

    format: str | None = None
    schema: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def add(self, call: LibraryCall) -> None:
        """Add the settings of one builder method."""
        arguments, keywords, method = call.arguments, dict(call.keywords), call.name.rpartition(".")[2]
        if method == "format":
            self.format = _plain_text(arguments[0] if arguments else keywords.get("source"), "the format")
        elif method == "schema":
            self.schema = schema_text(arguments[0] if arguments else keywords.get("schema"))
        elif method == "option":
            values = {**dict(zip(("key", "value"), arguments, strict=False)), **keywords}
            self._set(values.get("key"), values.get("value"))
        else:
            for name, value in keywords.items():
                self._set(name, value)

    def _set(self, key: Any, value: Any) -> None:
        if not isinstance(key, str) or not isinstance(value, _OPTION_VALUES):
            shown = f"`{key}` " if isinstance(key, str) else ""
            raise UnreadableArgumentError(f"the option {shown}is not known without running the notebook")
        self.options[key] = value


def _plain_text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise UnreadableArgumentError(f"{what} is not known without running the notebook")
    return value


def _name(call: LibraryCall) -> FoundText:
    given = [*call.arguments, *(value for _, value in call.keywords)]
    if len(given) != 1 or not isinstance(given[0], (str, TextTemplate)):
        raise UnreadableArgumentError("the name of the table is not known without running the notebook")
    return given[0]


def _table_read(call: LibraryCall, settings: _ReaderSettings, *, is_stream: bool) -> TableInputRead:
    unsaid = [name for name in settings.options if name.lower() not in _TABLE_OPTIONS]
    if unsaid:
        raise UnreadableArgumentError(f"a model cannot read a table with the option `{unsaid[0]}`")
    return TableInputRead(_name(call), is_stream)


def _file_read(
    call: LibraryCall, method: str, settings: _ReaderSettings, *, is_stream: bool
) -> FileInputRead | ReaderInputRead:
    is_auto_loader = settings.format == "cloudFiles"
    options, keywords = dict(settings.options), dict(call.keywords)
    file_format = options.pop("cloudFiles.format", None) if is_auto_loader else settings.format
    file_format = keywords.pop("format", method if method != "load" else file_format)
    if file_format is None:
        raise UnreadableArgumentError("the format of the files is not known without running the notebook")
    if len(call.arguments) > 1:
        raise UnreadableArgumentError("a model reads files with one argument by position")
    schema = settings.schema if "schema" not in keywords else schema_text(keywords.pop("schema"))
    path = call.arguments[0] if call.arguments else keywords.pop("path", options.pop("path", None))
    if path is None and file_format not in _FORMATS:
        return ReaderInputRead(str(file_format), {**options, **keywords}, schema, is_stream)
    if not isinstance(path, (str, TextTemplate)):
        raise UnreadableArgumentError("the path of the files is not known without running the notebook")
    if is_stream and file_format in _FORMATS:
        return FileInputRead(path, str(file_format), schema, {**options, **keywords}, is_auto_loader)
    return ReaderInputRead(str(file_format), {"path": path, **options, **keywords}, schema, is_stream)


def as_query(places: FunctionReads) -> FoundQuery | None:
    """The query of a function that does nothing else than to run it."""
    return FoundQuery(places.queries[0].text) if len(places.queries) == 1 and places.queries[0].is_all else None
