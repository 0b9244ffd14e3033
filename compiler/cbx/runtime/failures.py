"""Turning an exception from the user's code, or from Spark on its behalf, into a problem with a place."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.runtime.problems import Place, Problem, RunError

if TYPE_CHECKING:
    from collections.abc import Sequence

_STATE = re.compile(r"\s*SQLSTATE: \w{5}")
_PLAN = re.compile(r";\n(?:'|[A-Z]|[+:] ).*", re.DOTALL)
_POSITION = re.compile(r";? line \d+ pos \d+;?\s*$")


def problem_of(error: BaseException, roots: Sequence[Path], fallback: Place | None) -> Problem:
    """What an exception means to the user.

    Args:
        error: What was raised.
        roots: The folders of the user's files; the last frame below one of them is the place.
        fallback: The place if no frame is the user's: where the dataset is defined, say.
    """
    if isinstance(error, RunError):
        problem = error.problem
        return problem if problem.place else Problem(problem.reason, _place(error, roots) or fallback, problem.hint)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Problem(f"{type(error).__name__}: {error.msg}", Place(Path(error.filename), error.lineno))
    return Problem(reason_of(error), _place(error, roots) or fallback)


def _place(error: BaseException, roots: Sequence[Path]) -> Place | None:
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.lineno and any(Path(frame.filename).is_relative_to(root) for root in roots):
            place = Place(Path(frame.filename), frame.lineno)
    return place


def reason_of(error: BaseException) -> str:
    """An exception's message without stacks, plans and noise."""
    message = _innermost(str(error)).strip()
    message = _POSITION.sub("", _STATE.sub("", _PLAN.sub("", message))).strip()
    if type(error).__module__.startswith("pyspark"):
        return message or type(error).__name__
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _innermost(message: str) -> str:
    """The cause that stands at the end of Spark's wrappings, if there is one."""
    causes = re.findall(r"^(?:Caused by: )?[\w.$]+(?:Exception|Error): (\[[A-Z_.]+\].*)$", message, re.MULTILINE)
    if causes and not message.startswith("["):
        return str(causes[-1])
    lines = message.splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s+at [\w.$]+", line) and "JVM stacktrace" not in line)
