"""Finds what the code of a model reads without declaring it, and the tables of its queries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cbx.analysis.tracing.placeholders import MARK
from cbx.analysis.tracing.requests import UndeclaredRead
from cbx.syntax.declarations import Snippet

_MAY_READ = re.compile(r"\b(?:spark|sparkSession|getActiveSession|getOrCreate|active|read|read_stream)\b")
_SESSIONS = frozenset({"getActiveSession", "getOrCreate"})
_BUILDERS = frozenset({"format", "option", "options", "schema"})
_FORMATS = frozenset({
    "", "avro", "binaryfile", "cloudfiles", "csv", "delta", "excel", "iceberg", "image", "json", "orc", "parquet",
    "text", "textfile", "xml",
})  # fmt: skip
_OF_VIEWS = frozenset({"createOrReplaceTempView", "createTempView", "registerTempTable"})
"""The methods that give a frame a name for queries."""

_OF_PIPELINES = {"read": False, "read_stream": True}
"""The functions of `dlt` that read, and whether they read new rows only."""


def find_undeclared_reads(snippets: Sequence[Snippet], imports: Mapping[str, str]) -> tuple[UndeclaredRead, ...]:
    """The undeclared reads in the text of code that was not traced.

    Args:
        snippets: The code.
        imports: The full name of each imported name, such as ``dlt`` or ``dlt.read``.
    """
    reads = [
        read
        for snippet in snippets
        if _MAY_READ.search(snippet.text)
        for read in _find_reads_of_snippet(snippet, imports)
    ]
    views = {name for snippet in snippets for name in _view_names(snippet.text)}
    with_views = (replace(read, frames=(*read.frames, *sorted(views))) if views else read for read in reads)
    return tuple(dict.fromkeys(read for read in with_views if read.kind != "table" or read.text.lower() not in views))


def tables_read(read: UndeclaredRead) -> tuple[str, ...]:
    """The tables that are read; for a query, without its common tables and frames, and none if it does not parse."""
    if read.kind != "query":
        return (_replace_marks(read.text),)
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from cbx.parse.databricks_sql.dialect import read_statements

    try:
        statements = read_statements(_replace_marks(read.text))
    except (SqlglotError, RecursionError):
        return ()
    names: dict[str, None] = {}
    for statement in statements:
        local_names = {table.alias.lower() for table in statement.find_all(exp.CTE)} | {
            frame.lower() for frame in read.frames
        }
        for table in statement.find_all(exp.Table):
            name = ".".join(part.name for part in table.parts)
            if isinstance(table.this, exp.Identifier) and name.lower() not in local_names:
                names[name] = None
    return tuple(names)


def _replace_marks(text: str) -> str:
    """A text with the names of settings instead of their placeholders."""
    return re.sub(f"{MARK}([^{MARK}]*){MARK}", r"\1", text)


def _view_names(text: str) -> Iterator[str]:
    """The names, in lower case, that code gives its frames for queries; they are no tables."""
    if not any(method in text for method in _OF_VIEWS):
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(attr=method), args=[name]) if method in _OF_VIEWS:
                yield (_literal_text(name) or "").lower()
            case _:
                pass


def _find_reads_of_snippet(snippet: Snippet, imports: Mapping[str, str]) -> Iterator[UndeclaredRead]:
    tree = ast.parse(snippet.text)
    code = _CodeReader(snippet, imports)
    code.learn_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (read := code.find_read(node)) is not None:
            yield read


def is_file_format(file_format: str) -> bool:
    """Whether a format is one of files or tables; a model cannot declare others, such as Kafka, as inputs."""
    return file_format.lower() in _FORMATS


class _SparkReader(NamedTuple):
    """A reader: whether it reads only new rows, and its format; None if that is known only in a run."""

    is_streaming: bool
    format: str | None = ""


@dataclass
class _CodeReader:
    snippet: Snippet
    imports: Mapping[str, str]
    sessions: set[str] = field(default_factory=lambda: {"spark"})
    readers: dict[str, _SparkReader] = field(default_factory=dict)

    def learn_names(self, tree: ast.Module) -> None:
        """Find the names that hold a session or a reader, directly or through another name."""
        assignments = [assignment for node in ast.walk(tree) for assignment in _assignments(node)]
        for _ in range(3):
            for name, value in assignments:
                if self._is_session(value):
                    self.sessions.add(name)
                elif (reader := self._find_reader(value)) is not None:
                    self.readers[name] = reader
        self.sessions -= {name for name, value in assignments if name in self.sessions and not self._is_session(value)}

    def find_read(self, call: ast.Call) -> UndeclaredRead | None:
        """What a call reads; None if it reads nothing."""
        origin = self._imported_name(call.func)
        if origin is not None and origin.partition(".")[2] in _OF_PIPELINES:
            return self._build_read(call, "table", _OF_PIPELINES[origin.partition(".")[2]])
        if not isinstance(call.func, ast.Attribute):
            return None
        method, owner = call.func.attr, call.func.value
        if self._is_session(owner):
            if method == "table":
                return self._build_read(call, "table", is_streaming=False)
            return self._build_query_read(call) if method == "sql" else None
        reader = self._find_reader(owner)
        if reader is None or method in _BUILDERS:
            return None
        if method == "table":
            return self._build_read(call, "table", reader.is_streaming)
        file_format = reader.format if method == "load" else method
        is_declarable = file_format is not None and is_file_format(file_format)
        return self._build_read(call, "files", reader.is_streaming) if is_declarable else None

    def _build_query_read(self, call: ast.Call) -> UndeclaredRead | None:
        read = self._build_read(call, "query", is_streaming=False)
        frames = tuple(keyword.arg for keyword in call.keywords if keyword.arg and keyword.arg != "args")
        text = re.sub(r"\{(\w+)\}", r"\1", read.text)
        return replace(read, text=text, frames=frames) if text else None

    def _build_read(self, call: ast.Call, kind: str, is_streaming: bool) -> UndeclaredRead:  # noqa: FBT001 - a field of `UndeclaredRead`
        text = (_literal_text(call.args[0]) if call.args else None) or ""
        line = self.snippet.line + (call.func.end_lineno or call.lineno) - 1
        return UndeclaredRead(kind, text, (), is_streaming, self.snippet.path, line)

    def _imported_name(self, function: ast.expr) -> str | None:
        """The full name of an imported function of `dlt`."""
        match function:
            case ast.Name(id=name):
                full = self.imports.get(name, "")
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                full = f"{self.imports.get(name, '')}.{attribute}"
            case _:
                return None
        return full if full.partition(".")[0] == "dlt" else None

    def _is_session(self, node: ast.expr) -> bool:
        match node:
            case ast.Name(id=name):
                return name in self.sessions
            case ast.Attribute(attr="sparkSession"):
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name in _SESSIONS:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id="SparkSession"), attr="active")):
                return True
            case ast.Call(func=ast.Attribute(value=owner, attr="newSession")):
                return self._is_session(owner)
            case _:
                return False

    def _find_reader(self, node: ast.expr) -> _SparkReader | None:
        """The reader that an expression is; None if it is no reader."""
        match node:
            case ast.Name(id=name):
                return self.readers.get(name)
            case ast.Attribute(value=owner, attr="read" | "readStream" as name) if self._is_session(owner):
                return _SparkReader(name == "readStream")
            case ast.Call(func=ast.Attribute(value=owner, attr=name), args=arguments) if name in _BUILDERS:
                reader = self._find_reader(owner)
                if reader is None or name != "format":
                    return reader
                return _SparkReader(reader.is_streaming, _literal_text(arguments[0]) if arguments else None)
            case _:
                return None


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement or expression assigns, with their values."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target.id, value) for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value


def _literal_text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
