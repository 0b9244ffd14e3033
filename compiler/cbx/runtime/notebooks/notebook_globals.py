"""The names that a notebook finds defined without having imported them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cbx.runtime.calling_line import calling_line
from cbx.runtime.problems import RunError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.runtime.definitions import Registry


def notebook_scope(spark: SparkSession, registry: Registry) -> dict[str, Any]:
    """``spark`` as it is, and clear words for what only a workspace has."""

    def display(*_: Any, **__: Any) -> None:
        registry.note("display() shows nothing in a pipeline", calling_line())

    return {"spark": spark, "sc": spark.sparkContext, "dbutils": _Dbutils(), "display": display}


class _Dbutils:
    """Stands where a workspace has ``dbutils``."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RunError(f"dbutils.{name} needs a Databricks workspace", place=calling_line(), hint=_INSTEAD.get(name))


_INSTEAD = {
    "widgets": 'give values to a pipeline as configuration, and read them with spark.conf.get("name")',
    "notebook": "import what the other notebook defines as a module; a pipeline runs every notebook to its end",
    "fs": "use Python's own os and pathlib, which reach volumes and local folders alike",
    "secrets": 'give secrets to a pipeline as configuration, and read them with spark.conf.get("name")',
}
