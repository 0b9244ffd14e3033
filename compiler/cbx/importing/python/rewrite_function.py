"""Rewrites a dataset's function as the function of a model: its reads become parameters."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cbx.diagnostics.source_files import SourceFile
from cbx.emit.literals import string_literal
from cbx.importing.evaluation.values import LibraryName, LocalModule, NameScope
from cbx.importing.python.function_reads import FunctionCode, ReadPlace
from cbx.importing.python.literals import value_code
from cbx.importing.python.text_edits import TextEdit, apply_edits, dedent
from cbx.importing.reading.comments import Comment
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reads import InputRead, TableInputRead
from cbx.importing.sql.queries import read_query, write_marked
from cbx.parse.statements import read_statement

_WIDTH: Final = 96
"""The longest name and parameters on one line, which is ``def name(...) -> DataFrame:``."""

_OF_API: Final = frozenset(("dlt", "dp", "pipelines"))


@dataclass(frozen=True, slots=True)
class ModelParameter:
    """A parameter of a model's function, and the call that is its default."""

    name: str
    default: str


@dataclass(slots=True)
class RewrittenFunction:
    """A function of a model.

    Attributes:
        name: Its name.
        parameters: Its parameters.
        body: Its body, indented.
        comments: Comments from places that it no longer has.
        needs: The names that it takes from its file.
        module_uses: The names of modules beside the notebooks, each with the names that are used of it.
        problem: Why it cannot be one; None if it can.
    """

    name: str
    parameters: list[ModelParameter] = field(default_factory=list)
    body: str = ""
    comments: list[str] = field(default_factory=list)
    needs: tuple[str, ...] = ()
    module_uses: dict[str, set[str]] = field(default_factory=dict)
    problem: str | None = None

    def signature(self, decorator: str = "") -> str:
        """The function, with its parameters on one line if they fit."""
        written = [f"{parameter.name}: DataFrame = {parameter.default}" for parameter in self.parameters]
        inside = ", ".join(written)
        if len(inside) + len(self.name) > _WIDTH or "\n" in inside:
            lines = [text.replace("\n", "\n    ") for text in written]
            inside = "\n" + "".join(f"    {line},\n" for line in lines)
        return f"{decorator}def {self.name}({inside}) -> DataFrame:\n{self.body}\n"

    def plain(self) -> str:
        """The function without defaults, as one that a model calls."""
        inside = ", ".join(f"{parameter.name}: DataFrame" for parameter in self.parameters)
        return f"def {self.name}({inside}) -> DataFrame:\n{self.body}\n"


def rewrite_function(
    code: FunctionCode,
    name: str,
    file: PythonFile,
    input_call: Callable[[InputRead], tuple[str, str]],
    variables: Mapping[str, str],
    taken: set[str],
) -> RewrittenFunction:
    """Rewrite a function.

    Args:
        code: The function and its reads.
        name: The name of the model.
        file: The file of the function.
        input_call: The call for an input, and the name of what is read.
        variables: The project's variable for each key of the configuration.
        taken: The parameters that other functions of the model have.
    """
    return _FunctionRewriter(code, file, input_call, variables, taken, RewrittenFunction(name)).rewrite()


@dataclass(eq=False, slots=True)
class _FunctionRewriter:
    code: FunctionCode
    file: PythonFile
    input_call: Callable[[InputRead], tuple[str, str]]
    variables: Mapping[str, str]
    taken: set[str]
    result: RewrittenFunction
    edits: list[TextEdit] = field(default_factory=list)
    parameter_of: dict[str, str] = field(default_factory=dict)

    @property
    def node(self) -> ast.FunctionDef | ast.AsyncFunctionDef:
        node = self.code.function.node
        assert not isinstance(node, ast.Lambda)  # noqa: S101 - lambdas have a problem
        return node

    @property
    def scope(self) -> NameScope:
        return self.code.function.scope

    def rewrite(self) -> RewrittenFunction:
        """The rewritten function."""
        self._replace_reads()
        self._replace_queries()
        for statement in self.code.reads.unused:
            self._remove(statement)
        for node, value in self.code.reads.settings:
            written = value_code(value, self.variables)
            self.edits.append(TextEdit(*self.file.positions.offsets(node), written or ""))
        self._replace_modules()
        self._check_api()
        self._write_body()
        return self.result

    def _replace_reads(self) -> None:
        for place in self.code.reads.reads:
            if place.others:
                self._replace(place.node, self._choice(place))
            else:
                self._replace(place.node, self._parameter(place.read))

    def _choice(self, place: ReadPlace) -> str:
        """The parameters by the names of the tables that a loop reads, and the name of this round."""
        reads = [read for read in (place.read, *place.others) if isinstance(read, TableInputRead)]
        names = [value_code(read.name, self.variables) for read in reads]
        choices = ", ".join(f"{name}: {self._parameter(read)}" for name, read in zip(names, reads, strict=True))
        assert isinstance(place.node, ast.Call)  # noqa: S101 - a loop reads by calls
        start, end = self.file.positions.offsets(place.node.args[0])
        return f"{{{choices}}}[{self.file.source.text[start:end]}]"

    def _remove(self, statement: ast.stmt) -> None:
        """Remove a statement with its lines; comments at its end move up."""
        start, end = self.file.positions.offsets(statement)
        text = self.file.source.text
        line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", end) + 1
        self.edits.append(TextEdit(line_start, line_end, ""))
        self.result.comments += [comment.text for comment in self.file.comments if start < comment.offset < line_end]

    def _replace(self, node: ast.expr, text: str) -> None:
        start, end = _with_own_brackets(self.file.source.text, *self.file.positions.offsets(node))
        self.edits.append(TextEdit(start, end, text))
        self.result.comments += [comment.text for comment in self.file.comments if start < comment.offset < end]

    def _parameter(self, read: InputRead) -> str:
        """The parameter that takes an input; the same input has one parameter."""
        default, what = self.input_call(read)
        if default not in self.parameter_of:
            name = self._free_name(what)
            self.parameter_of[default] = name
            self.result.parameters.append(ModelParameter(name, default))
        return self.parameter_of[default]

    def _free_name(self, wanted: str) -> str:
        bound = {part.id for part in ast.walk(self.node) if isinstance(part, ast.Name)}
        bound |= {part.arg for part in ast.walk(self.node) if isinstance(part, ast.arg)}
        bound |= self.taken
        name = re.sub(r"\W+", "_", wanted, flags=re.ASCII).strip("_").lower() or "rows"
        name = f"t_{name}" if name[:1].isdigit() else name
        candidates = [name, f"{name}_rows", f"{name}_input", *(f"{name}_{number}" for number in range(2, 99))]
        free = next(candidate for candidate in candidates if candidate not in bound)
        self.taken.add(free)
        return free

    def _replace_queries(self) -> None:
        """Replace the tables of queries by parameters, which ``spark.sql`` takes by name."""
        for place in self.code.reads.queries:
            query = read_query(place.text)
            names = [self._parameter(read) for read in query.reads]
            if query.keys:
                self.result.problem = "the text of its query has values of the configuration"
            self.result.problem = self.result.problem or next(iter(query.problems), None)
            marked = [f"\ue002{name}\ue003" for name in names]
            escaped = write_marked(query, lambda number, marked=marked: (marked[number], ""), None)  # type: ignore[misc] # a default binds it
            is_formatted = any(keyword.arg not in {None, "args"} for keyword in place.node.keywords)
            text = escaped if is_formatted else escaped.replace("{", "{{").replace("}", "}}")
            text = text.replace("\ue002", "{").replace("\ue003", "}")
            start, end = self.file.positions.offsets(place.node.args[0])
            self.edits.append(TextEdit(start, end, _text_code(text)))
            call_end = self.file.positions.offsets(place.node)[1]
            added = "".join(f", {name}={name}" for name in dict.fromkeys(names))
            self.edits.append(TextEdit(call_end - 1, call_end - 1, added))

    def _replace_modules(self) -> None:
        """Use the functions of modules beside the notebooks by their own names, which macros have."""
        for node in ast.walk(self.node):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = self.scope.look_up(node.value.id)
                if isinstance(module, LocalModule):
                    self._replace(node, node.attr)
                    self.result.module_uses.setdefault(node.value.id, set()).add(node.attr)

    def _check_api(self) -> None:
        replaced = [(edit.start, edit.end) for edit in self.edits]
        decorators = {name for decorator in self.node.decorator_list for name in ast.walk(decorator)}
        for node in ast.walk(self.node):
            if isinstance(node, ast.Name) and node not in decorators:
                value = self.scope.look_up(node.id)
                start, end = self.file.positions.offsets(node)
                is_gone = any(first <= start and end <= last for first, last in replaced)
                if isinstance(value, LibraryName) and value.name.split(".")[0] in _OF_API and not is_gone:
                    self.result.problem = f"line {node.lineno} uses the pipeline's API, which no model can"

    def _write_body(self) -> None:
        text = self.file.source.text
        start, end = _body_range(text, self.node, self.file)
        body = dedent(apply_edits(text, start, end, self.edits), self.node.col_offset).rstrip()
        if "\n" not in text[start : start + 1] and not body.startswith("\n"):
            body = "    " + body.strip()
        body = body.strip("\n")
        function = ast.parse(f"def {self.result.name}():\n{body}\n")
        indent = " " * function.body[0].body[0].col_offset  # type: ignore[attr-defined] # it is a function
        needs = read_statement(
            function.body[0],
            SourceFile(self.file.source.path, f"def x():\n{body}\n"),
            frozenset(),
            f"def {self.result.name}():\n{body}\n",
        ).needs
        parameters = {parameter.name for parameter in self.result.parameters}
        parameters |= {"var"} if self.code.reads.settings else set()
        names = [need.name for need in needs if need.name not in parameters]
        bound = self._bound_lines(names, indent)
        comments = "".join(f"{indent}# {comment}".rstrip() + "\n" for comment in self.result.comments)
        self.result.comments = []
        self.result.body = _after_docstring(body, comments + bound, function)
        bound_names = {line.split(" = ")[0].strip() for line in bound.splitlines()}
        self.result.needs = tuple(name for name in names if name not in bound_names)

    def _bound_lines(self, names: Sequence[str], indent: str) -> str:
        """Assignments of the values that the function takes from a loop or a function around it."""
        lines = []
        own = {argument.arg for argument in ast.walk(self.node.args) if isinstance(argument, ast.arg)}
        for name in names:
            value = self.code.function.defaults.get(name) if name in own else self._value_around(name)
            if name in own or value is not _NOTHING:
                written = value_code(value, self.variables)
                if written is None:
                    self.result.problem = f"it uses `{name}`, whose value is not known without running the notebook"
                lines.append(f"{indent}{name} = {written}\n")
        return "".join(lines)

    def _value_around(self, name: str) -> object:
        """The value of a name of an outer function, or of the variable of a loop; else nothing."""
        scope: NameScope | None = self.scope
        while scope is not None and scope.parent is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.parent
        is_of_loop = name in self.file.block_names and name in self.scope.outermost.values
        return self.scope.outermost.values[name] if is_of_loop else _NOTHING


_NOTHING: Final = object()


_BEFORE: Final = re.compile(r"(?:return|=) (\(\s*)$")
_AFTER: Final = re.compile(r"\s*\)(?=\s*(?:\n|$))")


def _with_own_brackets(text: str, start: int, end: int) -> tuple[int, int]:
    """The range of an expression with the brackets around it, if it is alone in them: ``return (...)``."""
    before, after = _BEFORE.search(text[max(0, start - 200) : start]), _AFTER.match(text, end)
    if before is None or after is None or "#" in text[start - len(before[1]) : start]:
        return start, end
    return start - len(before[1]), after.end()


def _text_code(text: str) -> str:
    """A text as a literal, with triple quotes if it has several lines."""
    if "\n" not in text or '"""' in text or "\\" in text or text.endswith('"'):
        return string_literal(text)
    return f'"""{text}"""'


def _body_range(text: str, node: ast.FunctionDef | ast.AsyncFunctionDef, file: PythonFile) -> tuple[int, int]:
    """The offsets after the colon of a definition, and after its last line with the comment there."""
    start = (
        file.file.offset(node.lineno, 1) + len(file.file.line(node.lineno)) - len(file.file.line(node.lineno).lstrip())
    )
    header_end = start + _length_of_header(text[start:])
    end = file.positions.offsets(node)[1]
    line_end = text.find("\n", end)
    return header_end, len(text) if line_end == -1 else line_end


def _length_of_header(text: str) -> int:
    """The length of ``def name(...) -> X:``."""
    depth, lines = 0, text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):  # pragma: no branch - a definition has a colon
        if token.type == tokenize.OP:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.string, 0)
            if token.string == ":" and depth == 0:
                return sum(len(line) + 1 for line in lines[: token.end[0] - 1]) + token.end[1]
    return len(text)


def _after_docstring(body: str, added: str, function: ast.Module) -> str:
    """A body with lines added after its docstring."""
    first = function.body[0].body[0]  # type: ignore[attr-defined] # it is a function
    is_docstring = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    lines = body.split("\n")
    count = (first.end_lineno or 2) - 1 if is_docstring else 0
    return "\n".join([*lines[:count], *added.rstrip("\n").split("\n"), *lines[count:]]) if added else body


def comments_around(comments: Sequence[Comment], start: int, end: int, bodies: Sequence[tuple[int, int]]) -> list[str]:
    """The comments in a range of a file that are in none of the functions there."""
    return [
        comment.text
        for comment in comments
        if start <= comment.offset < end and not any(first <= comment.offset < last for first, last in bodies)
    ]
