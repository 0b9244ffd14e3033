"""Which connectors Spark has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def has_class(spark: SparkSession, name: str) -> bool:
    """Whether the jars of a session have a class, such as that of a connector."""
    java: Any = spark._jvm  # noqa: SLF001 - Python has no method for it
    loader = java.java.lang.Thread.currentThread().getContextClassLoader()
    return loader.getResource(f"{name.replace('.', '/')}.class") is not None
