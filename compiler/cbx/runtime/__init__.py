"""The local implementation of declarative pipelines: ``dlt`` and ``pyspark.pipelines``, on Spark.

The entry point is ``run_update``. Importing this package does not import pyspark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbx.runtime.errors import CannotRunError
from cbx.runtime.results import DatasetResult, ExpectationMetrics, RunRequest, RunResult

if TYPE_CHECKING:
    from cbx.runtime.update.run_update import run_update

__all__ = [
    "CannotRunError",
    "DatasetResult",
    "ExpectationMetrics",
    "RunRequest",
    "RunResult",
    "run_update",
]


def __getattr__(name: str) -> Any:
    if name == "run_update":
        from cbx.runtime.update.run_update import run_update

        return run_update
    raise AttributeError(name)
