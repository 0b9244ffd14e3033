"""The names that are defined in every notebook without an import."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql.utils import is_remote

from cbx.runtime.calling_line import calling_line
from cbx.runtime.notebooks.dbutils import Dbutils
from cbx.runtime.spark.configuration import configuration_value

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.runtime.definitions import Registry


def notebook_scope(spark: SparkSession, registry: Registry) -> dict[str, Any]:
    """``spark``, ``dbutils``, and stubs of what only a workspace has."""

    def display(*_: Any, **__: Any) -> None:
        registry.note("display() shows nothing in a pipeline", calling_line())

    def display_html(*_: Any, **__: Any) -> None:
        registry.note("displayHTML() shows nothing in a pipeline", calling_line())

    dbutils = Dbutils.of(partial(configuration_value, spark))
    context = {} if is_remote() else {"sc": spark.sparkContext}
    return {
        "spark": spark,
        **context,
        "dbutils": dbutils,
        "getArgument": dbutils.widgets.getArgument,
        "display": display,
        "displayHTML": display_html,
    }
