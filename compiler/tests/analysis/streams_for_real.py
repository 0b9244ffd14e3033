"""Compares what `stream_queries.py` says that a query gives over two micro-batches with Spark's own streaming.

``python streams_for_real.py SEED FOLDER`` prints, as JSON, how many queries were compared, and those that differ.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

from local_spark import Rejected, collect_rows, put_table, start_spark
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from stream_queries import BATCHES, StreamQuery, batches_of, stream_query, streaming_schema
from streams_on_spark import result_of
from typed_schemas import TypedSchema

WANTED = 2
_CHANGING = re.compile(r"rand\(|uuid\(|current_|monotonically|SAMPLE|LIMIT|first|any_value|collect|MAP|map\(")


def run_streams(spark: SparkSession, query: StreamQuery, schema: TypedSchema, folder: Path) -> list[str]:
    """What Spark's streaming writes: one micro-batch for each content of the tables."""
    for batch in BATCHES:
        for table in schema.tables:
            content = spark.table(f"{table.name}_{batch}")
            if table.is_streaming:
                content.write.mode("append").parquet(str(folder / table.name))
                stream = spark.readStream.schema(content.schema).parquet(str(folder / table.name))
                stream.createOrReplaceTempView(table.name)
            else:
                content.createOrReplaceTempView(table.name)
        writer = spark.sql(query.text).writeStream.format("parquet").trigger(availableNow=True)
        writer.option("checkpointLocation", str(folder / "checkpoint")).start(str(folder / "out")).awaitTermination()
    return sorted(map(repr, collect_rows(spark.read.parquet(str(folder / "out"))).rows))


def main(seed: str, folder: str) -> dict[str, object]:
    """Compare queries that prepare a stream and show it, until there are enough."""
    spark = start_spark()
    chance = random.Random(seed)
    compared, wrong = 0, []
    for number in range(60):
        schema = streaming_schema(chance)
        query = stream_query(schema, chance)
        if compared == WANTED:
            break
        if query.rest != "SELECT * FROM p1" or _CHANGING.search(query.text) or "JOIN" not in query.text:
            continue
        for name, text in batches_of(schema, chance).items():
            put_table(spark, name, text)
        try:
            expected = sorted(map(repr, result_of(spark, query).rows))
            if not expected:
                continue
            actual = run_streams(spark, query, schema, Path(folder) / str(number))
        except (Rejected, PySparkException):
            continue
        compared += 1
        if actual != expected:
            wrong.append(f"{query.text}\nsimulated: {expected}\nstreamed: {actual}")
    return {"compared": compared, "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
