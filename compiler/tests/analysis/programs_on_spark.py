"""Holds what is said of traced programs against Spark: ``python programs_on_spark.py FILE``, of ``programs_traced.py``.

It prints, as JSON, what was counted, and the claims that are wrong.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from claims import Claims, broken_claim, repeats, wrong_column
from grain_on_spark import MOST_REPORTS, Data, tables_of
from local_spark import Rejected, collect_rows, start_spark
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom
from typed_schemas import TypedSchema, typed_schema

DRAWS = 2
MOST_DRAWS = 25


def run_line(spark: SparkSession, line: dict[str, Any], wrong: list[str]) -> Counter[str]:
    """Run the programs over one schema."""
    schema = typed_schema(random.Random(line["seed"]))
    data = Data(spark, schema, line["seed"])
    counts: Counter[str] = Counter(refused=sum(line["refused"].values()))
    pending = [(program, claims_read(program["claims"])) for program in line["programs"]]
    for draw in range(MOST_DRAWS):
        left = []
        data.load(draw)
        for program, claims in pending:
            try:
                frame = run_program(spark, program, schema)
                columns = [(field.name, field.dataType.simpleString()) for field in frame.schema.fields]
                found = wrong_column(claims, columns) if draw == 0 else None
                result = collect_rows(frame)
            except (Rejected, PySparkException, Py4JJavaError):
                counts["failed"] += draw == 0
                continue
            counts["results"] += 1
            counts += Counter(claims.verdicts if draw == 0 else {})
            found = found or (broken_claim(claims, result) if draw < DRAWS else None)
            if found:
                wrong.append(report(found, program, data, draw))
                continue
            refuted = tuple(key for key in claims.refuted if not repeats(result, key))
            if refuted or draw + 1 < DRAWS:
                left.append((program, replace(claims, refuted=refuted)))
        pending = left
    for program, claims in pending:
        wrong.append(report(f"refuted, but never repeats: {claims.refuted}", program, data, 0))
    return counts


def claims_read(written: dict[str, Any]) -> Claims:
    """Claims from JSON, where tuples are lists."""

    def tuples(value: Any) -> Any:
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    return Claims(**{name: tuples(value) for name, value in written.items()})


def run_program(spark: SparkSession, program: dict[str, Any], schema: TypedSchema) -> DataFrame:
    namespace = {"F": F, "Window": Window, "spark": spark}
    namespace |= {table.name: spark.table(table.name) for table in schema.tables}
    exec("\n".join(program["lines"]), namespace)
    return namespace[program["result"]]  # type: ignore[return-value]


def report(found: str, program: dict[str, Any], data: Data, draw: int) -> str:
    seed = f"seed {data.seed}, content {draw}"
    return "\n".join([found, seed, *program["lines"], f"result: {program['result']}", tables_of(data.schema)])


def main(path: str) -> dict[str, object]:
    """Run all programs, up to the first claims that are wrong."""
    spark = start_spark()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        counts += run_line(spark, json.loads(text), wrong)
        if len(wrong) >= MOST_REPORTS:
            break
    return {"counts": counts, "wrong": wrong[:MOST_REPORTS]}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
