"""The names that are defined in every notebook without an import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.runtime.definitions import Registry


def notebook_scope(spark: SparkSession, registry: Registry) -> dict[str, Any]:
    """``spark``, and stubs of what only a workspace has."""

    def display(*_: Any, **__: Any) -> None:
        registry.note("display() shows nothing in a pipeline", calling_line())

    return {"spark": spark, "sc": spark.sparkContext, "dbutils": _Dbutils(), "display": display}


class _Dbutils:
    """Refuses every use of ``dbutils``."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RunError(
            NOT_SUPPORTED_LOCALLY,
            f"dbutils.{name} needs a Databricks workspace",
            span=calling_line(),
            hint=_INSTEAD.get(name),
        )


_INSTEAD = {
    "widgets": 'put values into the configuration of the pipeline, and read them with spark.conf.get("name")',
    "notebook": "import the other notebook as a module; a pipeline runs every notebook completely",
    "fs": "use os and pathlib, which work on volumes and local folders",
    "secrets": 'put secrets into the configuration of the pipeline, and read them with spark.conf.get("name")',
}
