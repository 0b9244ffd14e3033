"""The settings that every task of Spark carries."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession


def test_tasks_carry_no_defaults_of_yarn_and_mapreduce(spark: SparkSession) -> None:
    """The defaults of file systems are there, and what Spark itself sets."""
    context: Any = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()

    assert hadoop.get("yarn.resourcemanager.hostname") is None
    assert hadoop.get("mapreduce.job.reduces") is None
    assert hadoop.get("fs.s3a.connection.maximum") is not None
    assert hadoop.get("mapreduce.fileoutputcommitter.algorithm.version") == "1"


def test_no_setting_carries_the_name_of_its_file(spark: SparkSession) -> None:
    """Hadoop compresses each of them by itself. It knows them until somebody forgets them."""
    context: Any = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()

    assert hadoop.getPropertySources("io.file.buffer.size") is None
