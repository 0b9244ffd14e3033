"""Unit tests of models, without a pipeline and without tables: ``run_model`` in pytest, and ``cbx test``.

Importing this package imports no engine: names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbx.testing.errors import ModelFailed, ModelTestError
    from cbx.testing.results.assert_rows import assert_rows
    from cbx.testing.results.result import ExpectationFailed, Result

_MODULES = {
    "assert_rows": "results.assert_rows",
    "ExpectationFailed": "results.result",
    "ModelFailed": "errors",
    "ModelTestError": "errors",
    "Result": "results.result",
}

__all__ = ["ExpectationFailed", "ModelFailed", "ModelTestError", "Result", "assert_rows"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
