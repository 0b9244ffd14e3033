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
        return _engine().run_update
    raise AttributeError(name)


def _engine() -> Any:
    """The module that runs updates, which needs pyspark."""
    try:
        from cbx.runtime.update import run_update as update
    except ModuleNotFoundError as error:
        if error.name != "pyspark":
            raise
        raise CannotRunError("`cbx run` needs pyspark", hint="pip install 'circuit-box[local]'") from None
    return update
