"""Converts an exception from user code or Spark to a diagnostic."""

from __future__ import annotations

import re
import sys
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyspark.errors import AnalysisException

from cbx.diagnostics.codes import EXPECTATION_FAILED, INVALID_DEFINITION, QUERY_FAILED, UNKNOWN_TABLE
from cbx.diagnostics.diagnostic import Diagnostic, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.runtime.errors import QueryLine, RunError, UnknownTableError, line_span
from cbx.runtime.flows.expectations import VIOLATION

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATE = re.compile(r"SQLSTATE: \w{5}.*", re.DOTALL)
_PLAN = re.compile(r";\n(?:'|[A-Z]|[+:] ).*", re.DOTALL)
_POSITION = re.compile(r";? line \d+ pos \d+;?\s*$")
_JAVA_FRAME = re.compile(r"\s+at [\w.$]+|.*JVM stacktrace")
_CAUSE = re.compile(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (\[[A-Z_.0-9]+\].*)$", re.MULTILINE)
_CALL = re.compile(r"^An error occurred while calling .*\n: ")
_SETTING = re.compile(r'\[SQL_CONF_NOT_FOUND\] The SQL config "([^"]+)"')
_IMPORTED = re.compile(r"cannot import name '(\w+)' from '(dlt|pyspark\.pipelines)'")
_TABLE = re.compile(r"\[TABLE_OR_VIEW_NOT_FOUND\] The table or view (\S+) cannot be found")
OTHER_TABLE = "define it in the pipeline, or let a file stand in for it: --table {}=FILE (Parquet, CSV, JSON or Delta)"
_NO_TABLE = re.compile(r"there is no table `(.+)`")
_IN_CATALOG = re.compile(r"\[REQUIRES_SINGLE_PART_NAMESPACE\].* identifier (\S+?)\.?$", re.MULTILINE)
_IN_SQL = re.compile(r"== SQL(?: of [^=]*)? \(line (\d+), position \d+\) ==\n([^\n]*)")
_UNREAD_SQL = re.compile(r"\(line (\d+), pos \d+\)\s+== SQL ==\n(.*)", re.DOTALL)
_UNRESOLVED = re.compile(r"; line (\d+) pos \d+(?:;|$)", re.MULTILINE)
_CALLED = re.compile(r"was called from\n(\S[^\n]*):(\d+)$", re.MULTILINE)
_WORKER = "Traceback (most recent call last):"
_WORKER_FRAME = re.compile(r'^ +File "([^"]+)", line (\d+)', re.MULTILINE)
_WORKER_ERROR = re.compile(r"^(?! )([\w.]+(?:: .*)?)$", re.MULTILINE)


class Failure(NamedTuple):
    """An exception as a diagnostic, and the line of a SQL text that Spark names, if it does."""

    diagnostic: Diagnostic
    query_line: QueryLine | None = None


def diagnose(error: BaseException, roots: Sequence[Path], fallback: Span | None) -> Failure:
    """The diagnostic of an exception.

    Args:
        error: What was raised.
        roots: The folders of the user's files; the span is that of the last frame below one of them.
        fallback: The span if no frame is in user code, such as that of the definition of the dataset.
    """
    message = str(error)
    span = _worker_span(message, roots) or _called_span(message, roots) or _frame_span(error, roots) or fallback
    if isinstance(error, RunError):
        diagnostic = error.diagnostic
        return Failure(diagnostic if diagnostic.span else diagnostic._replace(span=span))
    setting = _SETTING.search(message)
    if setting is not None:
        hint = f"set it with --var {setting[1]}=..., or use a default: spark.conf.get(name, default)"
        return Failure(Diagnostic(INVALID_DEFINITION, f"`{setting[1]}` is not in the configuration", span, hint=hint))
    missing = _IMPORTED.search(message)
    if isinstance(error, ImportError) and missing is not None:
        reason = f"`{missing[2]}` has no function `{missing[1]}`"
        nearest = did_you_mean(missing[1], dir(sys.modules.get(missing[2])))
        return Failure(Diagnostic(INVALID_DEFINITION, reason, span, hint=nearest))
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        span = line_span(Path(error.filename), error.lineno)
        return Failure(Diagnostic(INVALID_DEFINITION, f"invalid Python: {error.msg}", span))
    table = _missing_table(reason_of(error)) if isinstance(error, AnalysisException) else None
    if table is not None:
        diagnostic = UnknownTableError(table, span=span).diagnostic._replace(hint=OTHER_TABLE.format(table))
        return Failure(diagnostic, _query_line(error))
    code = EXPECTATION_FAILED if VIOLATION in message else QUERY_FAILED
    return Failure(Diagnostic(code, reason_of(error), span, hint=_hint(error)), _query_line(error))


def missing_table(diagnostic: Diagnostic) -> str | None:
    """The table that a query did not find, as the user wrote it; None for another error."""
    match = _NO_TABLE.fullmatch(diagnostic.message) if diagnostic.code == UNKNOWN_TABLE else None
    return match[1] if match else None


def _missing_table(message: str) -> str | None:
    match = _TABLE.match(message) or _IN_CATALOG.match(message)
    return match[1].replace("`", "") if match else None


def _hint(error: BaseException) -> str | None:
    """The name of a module that is nearest to a misspelled one."""
    if isinstance(error, AttributeError) and error.name and isinstance(error.obj, types.ModuleType):
        return did_you_mean(error.name, dir(error.obj))
    return None


def _frame_span(error: BaseException, roots: Sequence[Path]) -> Span | None:
    frames = [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)]
    return _last_user_line(frames, roots)


def _worker_span(message: str, roots: Sequence[Path]) -> Span | None:
    """The line of user code in the traceback of a Python worker."""
    if _WORKER not in message:
        return None
    return _last_user_line([(name, int(line)) for name, line in _WORKER_FRAME.findall(message)], roots)


def _called_span(message: str, roots: Sequence[Path]) -> Span | None:
    """The line of user code that created the failed expression, if Spark names it."""
    return _last_user_line([(name, int(line)) for name, line in _CALLED.findall(message)], roots)


def _query_line(error: BaseException) -> QueryLine | None:
    """The line of a SQL text that Spark names: of invalid SQL, or of a failed expression."""
    message = str(error)
    context = _IN_SQL.search(message)
    if context is not None:
        return QueryLine(int(context[1]), context[2].strip())
    unread = _UNREAD_SQL.search(message)
    if unread is None:
        position, fragment = _UNRESOLVED.search(message), _fragment(error)
        return QueryLine(int(position[1]), fragment) if position and fragment else None
    lines = unread[2].split("\n")
    number = int(unread[1])
    return QueryLine(number, lines[number - 1].strip()) if number <= len(lines) else None


def _fragment(error: BaseException) -> str:
    """The start of what Spark could not resolve in a SQL text; empty if Spark does not name it."""
    if not isinstance(error, AnalysisException):
        return ""
    fragments = [context.fragment() for context in error.getQueryContext() or [] if context.contextType().name == "SQL"]
    return str(fragments[0]).partition("\n")[0].strip() if fragments else ""


def _last_user_line(frames: Sequence[tuple[str, int]], roots: Sequence[Path]) -> Span | None:
    for filename, line in reversed(frames):
        if any(Path(filename).is_relative_to(root) for root in roots):
            return line_span(Path(filename), line)
    return None


def reason_of(error: BaseException) -> str:
    """The message of an exception without stack traces and plans."""
    message = str(error)
    if VIOLATION in message:
        return message.partition(VIOLATION)[2].partition("` failed")[0] + "` failed"
    if _WORKER in message:
        errors = _WORKER_ERROR.findall(message.partition(_WORKER)[2])
        return str(errors[0]) if errors else "a Python worker failed"
    message = _CALL.sub("", _innermost(message).strip())
    message = _POSITION.sub("", _STATE.sub("", _PLAN.sub("", message))).strip()
    if type(error).__module__.startswith(("pyspark", "py4j")):
        return message or type(error).__name__
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _innermost(message: str) -> str:
    """The last cause in the message of Spark, if there is one."""
    causes = _CAUSE.findall(message)
    if causes and not message.startswith("["):
        return str(causes[-1])
    return "\n".join(line for line in message.splitlines() if not _JAVA_FRAME.match(line))
