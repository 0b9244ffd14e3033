"""The local implementation of declarative pipelines: ``dlt`` and ``pyspark.pipelines``, on Spark.

``run_update`` is the way in. Importing this package does not import pyspark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbx.runtime.problems import CannotRunError, Problem
from cbx.runtime.results import DatasetResult, ExpectationCount, RunRequest, RunResult

if TYPE_CHECKING:
    from cbx.runtime.update.run_update import run_update

__all__ = [
    "CannotRunError",
    "DatasetResult",
    "ExpectationCount",
    "Problem",
    "RunRequest",
    "RunResult",
    "run_update",
]


def __getattr__(name: str) -> Any:
    if name == "run_update":
        return _engine().run_update
    raise AttributeError(name)


def _engine() -> Any:
    """The module that runs updates, which needs pyspark."""
    try:
        from cbx.runtime.update import run_update as update
    except ModuleNotFoundError as error:
        if error.name != "pyspark":
            raise
        raise CannotRunError("running a pipeline needs pyspark", hint="pip install 'circuit-box[local]'") from None
    return update
