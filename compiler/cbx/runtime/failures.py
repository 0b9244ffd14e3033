"""Turning an exception from the user's code, or from Spark on its behalf, into a problem with a place."""

from __future__ import annotations

import re
import sys
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException

from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.flows.expectations import VIOLATION
from cbx.runtime.problems import Place, Problem, QueryLine, RunError

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
_IN_SQL = re.compile(r"== SQL(?: of [^=]*)? \(line (\d+), position \d+\) ==\n([^\n]*)")
_UNREAD_SQL = re.compile(r"\(line (\d+), pos \d+\)\s+== SQL ==\n(.*)", re.DOTALL)
_UNRESOLVED = re.compile(r"; line (\d+) pos \d+(?:;|$)", re.MULTILINE)
_CALLED = re.compile(r"was called from\n(\S[^\n]*):(\d+)$", re.MULTILINE)
_WORKER = "Traceback (most recent call last):"
_WORKER_FRAME = re.compile(r'^ +File "([^"]+)", line (\d+)', re.MULTILINE)
_WORKER_ERROR = re.compile(r"^(?! )([\w.]+(?:: .*)?)$", re.MULTILINE)


def problem_of(error: BaseException, roots: Sequence[Path], fallback: Place | None) -> Problem:
    """What an exception means to the user.

    Args:
        error: What was raised.
        roots: The folders of the user's files; the last frame below one of them is the place.
        fallback: The place if no frame is the user's: where the dataset is defined, say.
    """
    message = str(error)
    place = _worker_place(message, roots) or _called_place(message, roots) or _place(error, roots) or fallback
    if isinstance(error, RunError):
        problem = error.problem
        return Problem(problem.reason, problem.place or place, problem.hint)
    setting = _SETTING.search(str(error))
    if setting is not None:
        return Problem(
            f"the configuration has no value for `{setting[1]}`",
            place,
            f"give it one with --var {setting[1]}=..., or a default: spark.conf.get(name, default)",
        )
    missing = _IMPORTED.search(str(error))
    if isinstance(error, ImportError) and missing is not None:
        names = dir(sys.modules.get(missing[2]))
        return Problem(f"`{missing[2]}` has no function `{missing[1]}`", place, did_you_mean(missing[1], names))
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Problem(f"{type(error).__name__}: {error.msg}", Place(Path(error.filename), error.lineno))
    return Problem(reason_of(error), place, _hint(error), _query_line(error))


def missing_table(problem: Problem) -> str | None:
    """The table that Spark looked for in vain, as the user wrote it."""
    match = _TABLE.match(problem.reason)
    return match[1].replace("`", "") if match else None


def _hint(error: BaseException) -> str | None:
    """What a misspelt name of a module may have been meant to be."""
    if isinstance(error, AttributeError) and error.name and isinstance(error.obj, types.ModuleType):
        return did_you_mean(error.name, dir(error.obj))
    return None


def _place(error: BaseException, roots: Sequence[Path]) -> Place | None:
    frames = [(frame.filename, frame.lineno or 1) for frame in traceback.extract_tb(error.__traceback__)]
    return _last_user_line(frames, roots)


def _worker_place(message: str, roots: Sequence[Path]) -> Place | None:
    """The user's line in the traceback that a Python worker sent."""
    if _WORKER not in message:
        return None
    return _last_user_line([(name, int(line)) for name, line in _WORKER_FRAME.findall(message)], roots)


def _called_place(message: str, roots: Sequence[Path]) -> Place | None:
    """The user's line that made the expression which failed, where Spark names it."""
    return _last_user_line([(name, int(line)) for name, line in _CALLED.findall(message)], roots)


def _query_line(error: BaseException) -> QueryLine | None:
    """The line of a SQL text that Spark names: of one that does not parse, or of the expression that failed."""
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
    """The beginning of what Spark could not resolve in a SQL text; empty where it does not say."""
    if not isinstance(error, AnalysisException):
        return ""
    fragments = [context.fragment() for context in error.getQueryContext() or [] if context.contextType().name == "SQL"]
    return str(fragments[0]).partition("\n")[0].strip() if fragments else ""


def _last_user_line(frames: Sequence[tuple[str, int]], roots: Sequence[Path]) -> Place | None:
    for filename, line in reversed(frames):
        if any(Path(filename).is_relative_to(root) for root in roots):
            return Place(Path(filename), line)
    return None


def reason_of(error: BaseException) -> str:
    """An exception's message without stacks, plans and noise."""
    message = str(error)
    if VIOLATION in message:
        return message.partition(VIOLATION)[2].partition("` fails")[0] + "` fails"
    if _WORKER in message:
        errors = _WORKER_ERROR.findall(message.partition(_WORKER)[2])
        return str(errors[0]) if errors else "a Python worker failed"
    message = _CALL.sub("", _innermost(message).strip())
    message = _POSITION.sub("", _STATE.sub("", _PLAN.sub("", message))).strip()
    if type(error).__module__.startswith(("pyspark", "py4j")):
        return message or type(error).__name__
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _innermost(message: str) -> str:
    """The cause that stands at the end of Spark's wrappings, if there is one."""
    causes = _CAUSE.findall(message)
    if causes and not message.startswith("["):
        return str(causes[-1])
    return "\n".join(line for line in message.splitlines() if not _JAVA_FRAME.match(line))
