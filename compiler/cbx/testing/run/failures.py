"""Converts the exceptions of an engine: the model fails, or the engine cannot run it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException, UnsupportedOperationException
from pyspark.sql import functions

from cbx.runtime.errors import RunError
from cbx.runtime.failures import diagnose
from cbx.runtime.sail.refusals import NotOnSailError, refusal_in
from cbx.testing.errors import ModelFailed, UnsupportedByEngine

if TYPE_CHECKING:
    from cbx.testing.project.compiled_project import CompiledModel
    from cbx.testing.run.engine import RunningEngine

_OTHER_ENGINE = "run it with `--engine spark` to see whether the model or Sail is the cause"
_ON_SPARK = "run it with `--engine spark`"
_UNKNOWN_FUNCTION = re.compile(r"unknown function: (\w+)")
_UNSUPPORTED = re.compile(
    r"\bnot (?:yet )?(?:implemented|supported)\b|\bunsupported\b|^Internal error|should be rewritten during",
    re.IGNORECASE,
)
"""Sail's messages for features that it does not have, and for errors in its own code."""


@contextmanager
def convert_exceptions(model: CompiledModel, engine: RunningEngine, root: Path) -> Iterator[None]:
    """Convert the exceptions that the code of a model raises in the context.

    Raises:
        ModelFailed: If the code fails on these rows.
        UnsupportedByEngine: If the code uses a feature that the engine does not have.
    """
    try:
        yield
    except NotOnSailError as error:
        raise _unsupported_error(model, f"it {error.reason}") from None
    except (PySparkException, RunError) as error:
        refusal = refusal_in(error)
        if refusal is not None:
            raise _unsupported_error(model, f"it {refusal}") from None
        diagnostic = diagnose(error, (root,), None).diagnostic
        span = diagnostic.span
        where = f"{Path(span.path).relative_to(root)}:{span.line}: " if span else ""
        if engine.name == "sail" and _is_unsupported(error):
            reason = next(iter(diagnostic.message.splitlines()), "")
            raise _unsupported_error(model, reason) from None
        hint = diagnostic.hint or (_OTHER_ENGINE if engine.name == "sail" else None)
        raise ModelFailed(f"`{model.id}` fails: {where}{diagnostic.message}", hint) from None


def _unsupported_error(model: CompiledModel, reason: str) -> UnsupportedByEngine:
    return UnsupportedByEngine(f"Sail cannot run `{model.id}`: {reason}; {_ON_SPARK}")


def _is_unsupported(error: Exception) -> bool:
    """Whether the engine lacks a feature; a function that Spark does not have either is an error of the model."""
    unknown = _UNKNOWN_FUNCTION.search(str(error))
    if unknown is not None:
        return hasattr(functions, unknown[1].lower())
    return isinstance(error, UnsupportedOperationException) or bool(_UNSUPPORTED.search(str(error)))
