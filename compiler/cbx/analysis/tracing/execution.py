"""Calls the function of a model."""

from __future__ import annotations

import threading
import types
from collections.abc import Mapping
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql.connect.dataframe import DataFrame

from cbx.analysis.tracing.code_mistakes import NotAFrameError, find_mistake
from cbx.analysis.tracing.guard import ForbiddenError, Guard
from cbx.analysis.tracing.placeholders import Placeholder, ReadsSettingError
from cbx.analysis.tracing.records import Record, plan_records, schema_columns
from cbx.analysis.tracing.session import EngineLostError, TracingSession
from cbx.spark_spelling import quote_if_needed

_LARGEST_PLAN = 1 << 20
_RAISED = (
    Exception,
    EngineLostError,
    ForbiddenError,
    GeneratorExit,
    KeyboardInterrupt,
    ReadsSettingError,
    SystemExit,
)


class UntraceableError(Exception):
    """The model cannot be traced; the text is the reason, in one line."""


def trace_function(request: Mapping[str, Any], session: TracingSession, guard: Guard, seconds: float) -> Record:
    """Call a model's function and describe what it would do.

    Args:
        request: A `cbx.analysis.tracing.requests.Function`, as JSON data.
        session: The session.
        guard: Watches the code.
        seconds: How much processor time the code may take.

    Returns:
        JSON data for `cbx.analysis.tracing.requests.outcome_from_data`, with ``retire`` if this process should trace no
        other model, ``passes`` if the next attempt may end differently, and ``no_answer`` if tracing failed.
    """
    threads = set(threading.enumerate())
    try:
        with guard.watch(seconds):
            answer = _trace_plan(request, session)
    except _RAISED as error:
        reads = session.undeclared_reads()
        if guard.violation:
            return {"unknown": guard_violation(guard), "reads": reads}
        mistake = find_mistake(error, request, session) if isinstance(error, Exception) else None
        return {
            "unknown": reason_of(error),
            "mistake": mistake,
            "reads": reads,
            "passes": isinstance(error, ImportError) and mistake is None,
            "no_answer": isinstance(error, (MemoryError, EngineLostError)),
        }
    for thread in set(threading.enumerate()) - threads:
        thread.join(seconds)
        if thread.is_alive():
            return {"unknown": "it leaves a thread running", "retire": True, "no_answer": True}
    return {**({"unknown": guard_violation(guard)} if guard.violation else answer), "reads": session.undeclared_reads()}


def guard_violation(guard: Guard) -> str | None:
    """The violation that the guard noticed, even if the code caught the exception."""
    return f"it {guard.violation}" if guard.violation else None


def _trace_plan(request: Mapping[str, Any], session: TracingSession) -> Record:
    snippets = [*request["definitions"], request["source"]]
    session.begin_model(frozenset(snippet["path"] for snippet in snippets))
    frames = {
        frame["parameter"]: session.make_empty_frame(_columns_ddl(frame["columns"])) for frame in request["inputs"]
    }
    steps = {frame._plan._plan_id: parameter for parameter, frame in frames.items()}  # noqa: SLF001 - as in `TracingSession.plan_of`
    function = _load_function(request, snippets, session)
    result = function(**frames)
    if not isinstance(result, DataFrame):
        raise NotAFrameError(result)
    plan = session.plan_of(result)
    if plan.ByteSize() > _LARGEST_PLAN:
        raise UntraceableError("its plan is too large")
    records, reads_inputs_only = plan_records(plan, steps, session)
    if not reads_inputs_only:
        return {"plan": records, "columns": None, "trouble": "it reads what is not among its inputs"}
    try:
        columns = schema_columns(session.schema_of(plan))
    except PySparkException as error:
        return {"plan": records, "columns": None, "trouble": _shorten(str(error))}
    if any(kind is None for frame in request["inputs"] for _, kind, _ in frame["columns"]):
        columns = [(name, None, False) for name, _, _ in columns]
    return {"plan": records, "columns": columns, "trouble": None}


def _load_function(request: Mapping[str, Any], snippets: list[Mapping[str, Any]], session: TracingSession) -> Any:
    """Run the imports and definitions as the model's notebook does."""
    module = types.ModuleType(request["model"])
    namespace = vars(module)
    namespace |= {"spark": session.spark, "var": Placeholder}
    exec(compile(request["imports"], f"{request['model']} imports", "exec", dont_inherit=True), namespace)  # noqa: S102 - what tracing is
    flags = namespace["annotations"].compiler_flag if _postpones_annotations(request["imports"]) else 0
    for snippet in snippets:
        text = "\n" * (snippet["line"] - 1) + snippet["text"]
        exec(compile(text, snippet["path"], "exec", flags, dont_inherit=True), namespace)  # noqa: S102 - as above
    return namespace[request["name"]]


def _postpones_annotations(imports: str) -> bool:
    return "from __future__ import annotations" in imports


def _columns_ddl(columns: list[tuple[str, str | None, bool]]) -> str:
    return ", ".join(f"{quote_if_needed(name)} {kind or 'VOID'}" for name, kind, _ in columns)


def reason_of(error: BaseException) -> str:
    """Why code that raised an exception cannot be traced."""
    match error:
        case UntraceableError() | NotAFrameError():
            return str(error)
        case ReadsSettingError():
            return f"what it does depends on the value of the setting `{error}`"
        case SystemExit():
            return "it exits the process"
        case EngineLostError():
            return "the engine that knows the columns does not answer"
        case MemoryError():
            return "it needs more memory than tracing gives it"
        case DecodeError():
            return "its plan is nested too deeply"
        case ImportError():
            return f"an import fails: {_shorten(str(error))}"
        case _:
            message = _shorten(str(error))
            return f"it raises {type(error).__name__}: {message}" if message else f"it raises {type(error).__name__}"


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else line[:197] + "..."
