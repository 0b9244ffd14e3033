"""The text of a model in Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cbx.emit.literals import string_literal
from cbx.importing.candidates import Candidate
from cbx.importing.models.change_columns import select_columns
from cbx.importing.models.column_casts import cast_columns
from cbx.importing.models.declaration import WIDTH, declare_model
from cbx.importing.python.function_reads import FunctionCode
from cbx.importing.python.rewrite_function import ModelParameter, RewrittenFunction, rewrite_function
from cbx.importing.reading.pipeline_sources import PythonFile
from cbx.importing.reads import InputRead

InputCall = Callable[[InputRead], tuple[str, str]]
_INPUT_WORDS = ("ref", "stream", "source", "stream_source", "auto_loader", "kafka", "read_stream", "read", "secret")


@dataclass(slots=True)
class PythonModel:
    """A model in Python before its imports and helpers are written.

    Attributes:
        functions: Its functions, the model's own last.
        head: The docstring of the file, or an empty text.
        decorator: The declaration.
        words: The words of the vocabulary that it uses.
        files: The number of the file of each function's code.
        comments: Comments above the declaration.
    """

    functions: list[RewrittenFunction]
    head: str
    decorator: str
    words: tuple[str, ...]
    files: list[int | None]
    comments: list[str] = field(default_factory=list)

    @property
    def problem(self) -> str | None:
        """Why it cannot be a model; None if it can."""
        return next((function.problem for function in self.functions if function.problem), None)

    def text(self, imports: str, helpers: Sequence[str]) -> str:
        """The file of the model."""
        *inner, main = self.functions
        comments = "".join(f"# {line}".rstrip() + "\n" for line in self.comments)
        blocks = [*helpers, *(function.plain() for function in inner), comments + main.signature(self.decorator)]
        head = [self.head] if self.head else []
        return "\n\n".join([*head, imports, ""]) + "\n" + "\n\n\n".join(block.strip("\n") for block in blocks) + "\n"


def make_python_model(
    candidate: Candidate,
    name: str,
    files: Sequence[PythonFile],
    input_call: InputCall,
    variables: Mapping[str, str],
) -> PythonModel:
    """Rewrite the functions of a candidate, whose code is Python.

    Args:
        candidate: What becomes a model.
        name: The model's name.
        files: The Python files of the pipeline.
        input_call: The call for an input, and the name of what is read.
        variables: The project's variable for each key of the configuration.
    """
    functions, numbers = _functions(candidate, name, files, input_call, variables)
    if candidate.changes is not None:
        changes, selected = select_columns(candidate.changes, candidate.dataset.settings.columns)
        candidate = replace(candidate, changes=changes)
        functions, numbers = [_changes_function(candidate, name, selected, input_call)], [None]
    elif candidate.dataset.settings.columns:
        main, called = _cast_rows(candidate, name, functions[0])
        functions, numbers = [*called, main], [*numbers[: len(called)], None]
    comment, has_docstring = candidate.dataset.settings.comment, _has_docstring(functions[-1].body)
    is_head = bool(comment) and not has_docstring and _fits_in_docstring(comment or "")
    declaration = declare_model(candidate, variables, description=None if is_head else comment)
    defaults = " ".join(parameter.default for parameter in functions[-1].parameters)
    inputs = [word for word in _INPUT_WORDS if re.search(rf"(?<!\{{\{{ )\b{word}\(", defaults)]
    call = declaration.call().removesuffix("()")
    head = f'"""{(comment or "").strip()}"""' if is_head else ""
    return PythonModel(functions, head, f"@{call}\n", (*declaration.words, *inputs, declaration.kind), numbers)


def _functions(
    candidate: Candidate,
    name: str,
    files: Sequence[PythonFile],
    input_call: InputCall,
    variables: Mapping[str, str],
) -> tuple[list[RewrittenFunction], list[int | None]]:
    if candidate.part is None:
        return [], []
    code = candidate.part.code
    assert isinstance(code, FunctionCode)  # noqa: S101 - the candidate is in Python
    file = code.function.scope.outermost.file
    own = _identifier(candidate.part.name, name) if candidate.dataset.settings.columns else name
    taken = {own} if own != name else set()
    return [rewrite_function(code, own, files[file], input_call, variables, taken)], [file]


def _identifier(flow: str, name: str) -> str:
    """A name for the function of a flow, other than the model's."""
    word = re.sub(r"\W+", "_", flow.rpartition(".")[2], flags=re.ASCII).strip("_").lower()
    return word if word.isidentifier() and word != name.lower() else f"{name}_rows"


def _cast_rows(
    candidate: Candidate, name: str, function: RewrittenFunction
) -> tuple[RewrittenFunction, list[RewrittenFunction]]:
    """The function that gives rows the columns of the schema, and the one that it calls, if it does not only return."""
    plain = re.fullmatch(r"\s*return (\w+)", function.body)
    called = [] if plain else [function]
    parameters = ", ".join(parameter.name for parameter in function.parameters)
    rows = plain[1] if plain else f"{function.name}({parameters})"
    lines = [rows, *map(_select, cast_columns(candidate.dataset.settings.columns))]
    inside = "".join(f"        {line}\n" for line in lines)
    return RewrittenFunction(name, function.parameters, f"    return (\n{inside}    )"), called


def _select(expressions: Sequence[str]) -> str:
    inside = "".join(f"            {string_literal(expression)},\n" for expression in expressions)
    return f".selectExpr(\n{inside}        )"


def _changes_function(
    candidate: Candidate, name: str, selected: Sequence[str], input_call: InputCall
) -> RewrittenFunction:
    assert candidate.source is not None  # noqa: S101 - the candidate has changes
    call, _ = input_call(candidate.source)
    return RewrittenFunction(name, [ModelParameter("changes", call)], f"    return changes{_select_changes(selected)}")


def _select_changes(selected: Sequence[str]) -> str:
    if not selected:
        return ""
    method = "selectExpr" if any(" " in expression for expression in selected) else "select"
    one_line = f".{method}({', '.join(map(string_literal, selected))})"
    if len(one_line) <= WIDTH - 20:
        return one_line
    return f".{method}(\n" + "".join(f"        {string_literal(expression)},\n" for expression in selected) + "    )"


def _has_docstring(body: str) -> bool:
    return body.lstrip().startswith(('"""', "'''"))


def _fits_in_docstring(comment: str) -> bool:
    return bool(comment.strip()) and '"""' not in comment and "\\" not in comment and not comment.strip().endswith('"')
