"""Distinguishes an exception that every run of a model raises from one that only tracing raises.

The tracer calls a model's function as the pipeline will, but with another implementation of Spark and on frames without
rows. An exception does not predict a run if it may come from the engine, from the environment (settings, files,
modules, the clock), from the types of columns, or from a name that only Databricks has. The other exceptions occur with
any data. All of these are listed here.
"""

from __future__ import annotations

import ast
import dis
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pyspark.errors import PySparkException
from pyspark.errors.exceptions.connect import SparkConnectException
from pyspark.sql.connect import functions
from pyspark.sql.connect.column import Column
from pyspark.sql.connect.dataframe import DataFrame
from pyspark.sql.connect.window import Window

from cbx.analysis.tracing.placeholders import Placeholder
from cbx.analysis.tracing.session import TracingSession
from cbx.diagnostics.did_you_mean import nearest

Record = dict[str, Any]

_PURE_MODULES = frozenset({
    "__future__", "abc", "collections", "copy", "dataclasses", "decimal", "enum", "fractions", "functools", "itertools",
    "json", "math", "numbers", "operator", "pyspark", "re", "string", "textwrap", "typing",
})  # fmt: skip
"""Modules whose functions depend only on their arguments."""

_CLOCK_MODULES = frozenset({"calendar", "datetime", "hashlib", "random", "time", "uuid", "warnings", "zoneinfo"})
"""Modules whose functions depend on the time or on random numbers, but their attributes do not."""

_OF_DATABRICKS = re.compile(r"(ai|h3|http|st|vector)_\w+|try_(ai|st|to_geo)\w*|display|dbutils|databricks|read_files")
"""Names that Databricks adds to pyspark."""

_NOTEBOOK_NAMES = frozenset({
    "dbutils", "display", "displayHTML", "dlt", "dp", "getArgument", "sc", "spark", "sql", "sqlContext", "table", "udf",
    "__file__",
})  # fmt: skip
"""Names that are defined in every notebook on Databricks."""

_WRONG_ARGUMENTS = frozenset({
    "ARGUMENT_REQUIRED", "ATTRIBUTE_NOT_CALLABLE", "CANNOT_BE_EMPTY", "CANNOT_BE_NONE",
    "CANNOT_CONVERT_COLUMN_INTO_BOOL", "DISALLOWED_TYPE_FOR_CONTAINER", "HIGHER_ORDER_FUNCTION_SHOULD_RETURN_COLUMN",
    "INVALID_ITEM_FOR_CONTAINER", "INVALID_MULTIPLE_ARGUMENT_CONDITIONS", "INVALID_TYPE", "INVALID_WHEN_USAGE",
    "INVALID_WINDOW_BOUND_TYPE", "KEY_VALUE_PAIR_REQUIRED", "LENGTH_SHOULD_BE_THE_SAME", "NOT_EXPECTED_TYPE",
    "NOT_ITERABLE", "NOT_SAME_TYPE", "TOO_MANY_VALUES", "UNSUPPORTED_PARAM_TYPE_FOR_HIGHER_ORDER_FUNCTION",
    "VALUE_NOT_ANY_OR_ALL", "VALUE_NOT_NON_EMPTY_STR", "VALUE_NOT_POSITIVE",
    "WRONG_NUM_ARGS_FOR_HIGHER_ORDER_FUNCTION",
})  # fmt: skip
"""The error conditions for arguments that both implementations of pyspark raise in Python."""

_BINDING = re.compile(
    r"missing \d+ required|unexpected keyword argument|takes .*positional argument|multiple values for"
)
_NOT_CALLABLE = "'Column' object is not callable"
_NO_SUCH_NAME = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")


class NotAFrameError(Exception):
    """The function does not return a frame."""

    def __init__(self, result: object) -> None:
        name = type(result).__name__
        what = "None" if result is None else f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
        super().__init__(f"it returns {what}, not a DataFrame")
        self.result = result


def find_mistake(error: BaseException, request: Mapping[str, Any], session: TracingSession) -> Record | None:
    """An exception as a mistake in the code of a model; None if tracing may be the cause.

    Args:
        error: What the code raised.
        request: The model, as for `execution.trace_function`.
        session: The session that it was traced with.

    Returns:
        The mistake, with the fields of `requests.CodeMistake`.
    """
    if Placeholder.created:
        return None
    snippets = [*request["definitions"], request["source"]]
    texts = [request["imports"], *(snippet["text"] for snippet in snippets)]
    modules = _imported_packages(texts)
    if not modules <= _PURE_MODULES | _CLOCK_MODULES:
        return None
    if isinstance(error, ImportError):
        return _wrong_import(error)
    if isinstance(error, NotAFrameError):
        return _wrong_result(error, request["source"])
    frames = list(_traceback_frames(error))
    paths = {snippet["path"] for snippet in snippets}
    model_frames = [frame for frame in frames if frame.tb_frame.f_code.co_filename in paths]
    if not model_frames or _is_raised(model_frames[-1]):
        return None
    depends_on_data = session.asked_schema or not modules <= _PURE_MODULES
    hint = _find_hint(error, model_frames[-1], frames[-1], snippets, depends_on_data=depends_on_data)
    if hint is None:
        return None
    message = _error_text(error)
    if (
        str(error) == _NOT_CALLABLE
        and len(unknown := _unknown_methods(_called_methods(model_frames[-1], snippets))) == 1
    ):
        message = f"neither a DataFrame nor a Column has a method `{unknown[0]}`"
    return {
        "file": model_frames[-1].tb_frame.f_code.co_filename,
        "line": model_frames[-1].tb_lineno,
        "message": message,
        "hint": hint,
    }


def _find_hint(
    error: BaseException,
    at: types.TracebackType,
    inmost: types.TracebackType,
    snippets: list[Mapping[str, Any]],
    *,
    depends_on_data: bool,
) -> str | None:
    """The hint for a mistake; None if it may be no mistake."""
    is_own = at is inmost
    match error:
        case SparkConnectException():
            return None
        case PySparkException():
            is_known = error.getCondition() in _WRONG_ARGUMENTS
            return _FIX_CODE if is_known and not depends_on_data else None
        case TypeError() if _BINDING.search(str(error)) and (is_own or _is_wrapper(inmost)):
            return _FIX_CODE
        case AttributeError() if inmost.tb_frame.f_code.co_name == "__getattr__":
            owner, name = (inmost.tb_frame.f_locals.get(local) for local in ("self", "name"))
            return _hint_for_attribute(owner, str(name), depends_on_data=depends_on_data)
        case _ if not is_own:
            return None
        case NameError():
            return (
                None if error.name in _NOTEBOOK_NAMES else _suggest_name(str(error.name), _visible_names(at), _FIX_CODE)
            )
        case AttributeError():
            return _hint_for_attribute(error.obj, str(error.name), depends_on_data=depends_on_data)
        case TypeError() if str(error) == _NOT_CALLABLE:
            return _hint_for_method(at, snippets)
        case TypeError() | LookupError() | ArithmeticError() | ValueError():
            return None if depends_on_data or isinstance(error, UnicodeError) else _FIX_CODE
        case _:
            return None


_FIX_CODE = "correct the code of the model, or of the macro that it calls"


def _hint_for_attribute(owner: Any, name: str, *, depends_on_data: bool) -> str | None:
    """A hint for an attribute that pyspark lacks, or a Python value that does not come from the data."""
    kind = owner if isinstance(owner, type) else type(owner)
    home = owner.__name__ if isinstance(owner, types.ModuleType) else kind.__module__
    if home.partition(".")[0] == "pyspark":
        return (
            None
            if _OF_DATABRICKS.fullmatch(name) or name.startswith("_")
            else _suggest_name(name, dir(owner), _FIX_CODE)
        )
    is_plain = home == "builtins" and not isinstance(owner, types.ModuleType)
    return _suggest_name(name, dir(owner), _FIX_CODE) if is_plain and not depends_on_data else None


def _hint_for_method(at: types.TracebackType, snippets: list[Mapping[str, Any]]) -> str | None:
    """A hint for a method that frames lack: it is taken for a column, which cannot be called."""
    called = _called_methods(at, snippets)
    if any(_OF_DATABRICKS.fullmatch(name) for name in called):
        return None
    unknown = _unknown_methods(called)
    near = nearest(unknown[0], _public_methods()) if len(unknown) == 1 else None
    return f"did you mean `{near}`?" if near else "a frame, or a column, has no such method"


def _called_methods(at: types.TracebackType, snippets: list[Mapping[str, Any]]) -> list[str]:
    """The methods that are called on the line that fails."""
    path, line = at.tb_frame.f_code.co_filename, at.tb_lineno
    return [
        node.func.attr
        for snippet in snippets
        if snippet["path"] == path
        for node in ast.walk(ast.parse(snippet["text"]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.lineno + snippet["line"] - 1 <= line <= (node.end_lineno or node.lineno) + snippet["line"] - 1
    ]


def _unknown_methods(called: Iterable[str]) -> list[str]:
    methods = _public_methods() | set(dir(functions)) | set(dir(Window))
    return [name for name in called if name not in methods]


def _public_methods() -> frozenset[str]:
    return frozenset(name for kind in (DataFrame, Column) for name in dir(kind) if not name.startswith("_"))


def _wrong_import(error: ImportError) -> Record | None:
    """A failed import from pyspark; other modules may be installed on Databricks."""
    match = _NO_SUCH_NAME.match(str(error))
    if match is None or match[2].partition(".")[0] != "pyspark" or _OF_DATABRICKS.fullmatch(match[1]):
        return None
    names = dir(__import__(match[2], fromlist=["*"]))
    message = f"ImportError: `{match[2]}` has no `{match[1]}`"
    return {
        "file": "",
        "line": 0,
        "message": message,
        "hint": _suggest_name(match[1], names, _FIX_CODE),
        "word": match[1],
    }


def _wrong_result(error: NotAFrameError, source: Mapping[str, Any]) -> Record | None:
    """A Python value, or another object of pyspark, instead of a frame."""
    home = type(error.result).__module__
    if home != "builtins" and not home.startswith("pyspark.sql."):
        return None
    line = source["line"] + ast.parse(source["text"]).body[0].lineno - 1
    hint = "return the DataFrame; a function without `return` returns None"
    return {"file": source["path"], "line": line, "message": str(error), "hint": hint}


def _suggest_name(name: str, names: Iterable[str], otherwise: str) -> str:
    near = nearest(name, [candidate for candidate in names if not candidate.startswith("_")])
    return f"did you mean `{near}`?" if near else otherwise


def _visible_names(at: types.TracebackType) -> list[str]:
    return [*at.tb_frame.f_locals, *at.tb_frame.f_globals]


def _imported_packages(texts: Iterable[str]) -> frozenset[str]:
    """The packages that code imports, also inside functions; ``?`` for those whose names are computed."""
    packages: set[str] = set()
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages.add((node.module or "?").partition(".")[0])
        elif isinstance(node, ast.Name) and node.id in {"__import__", "eval", "exec", "open", "input", "globals"}:
            packages.add("?")
    return frozenset(packages)


def _traceback_frames(error: BaseException) -> Iterator[types.TracebackType]:
    at = error.__traceback__
    while at is not None:
        yield at
        at = at.tb_next


def _is_wrapper(at: types.TracebackType) -> bool:
    """Whether code is a wrapper of pyspark that passes on all arguments."""
    code = at.tb_frame.f_code
    return code.co_name == "wrapped" and code.co_filename.endswith("utils.py") and "pyspark" in code.co_filename


def _is_raised(at: types.TracebackType) -> bool:
    """Whether the code itself raised, by `raise` or `assert`: the reason may exist only in the tracer."""
    raising = {dis.opmap[name] for name in ("RAISE_VARARGS", "RERAISE") if name in dis.opmap}
    return at.tb_frame.f_code.co_code[at.tb_lasti] in raising


def _error_text(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text if len(text) <= 200 else text[:197] + '...'}".removesuffix(": ")
