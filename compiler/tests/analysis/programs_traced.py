"""Traces random programs, and writes what is said of their results: ``python programs_traced.py COUNT SEED FILE``.

``programs_on_spark.py`` holds it against Spark. That is another process, since one process has Spark's functions either
for Connect, which tracing needs, or for its own session.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from claims import claims_about
from typed_programs import ProgramWriter
from typed_schemas import TypedSchema, typed_schema

from cbx.analysis.facts import TableColumn
from cbx.analysis.tracing.from_plan import read_plan
from cbx.analysis.tracing.guard import Guard
from cbx.analysis.tracing.requests import Traced

PROGRAMS_A_SCHEMA = 10


def main(count: int, seed: str, path: str) -> None:
    """Write a line for each schema: its seed, the programs that could be traced, and what is said of them."""
    from pyspark.errors import PySparkException
    from pyspark.sql import Window
    from pyspark.sql import functions as F  # noqa: N812 - Spark's own idiom

    from cbx.analysis.tracing.records import plan_records, schema_columns
    from cbx.analysis.tracing.session import TracingSession

    session = TracingSession(Guard())

    def trace_program(program: ProgramWriter, schema: TypedSchema, chance: random.Random) -> dict[str, Any]:
        frames = {table.name: session.make_empty_frame(ddl_of(schema, table.name)) for table in schema.tables}
        namespace: dict[str, Any] = {"F": F, "Window": Window, "spark": session.spark, **frames}
        exec("\n".join(program.lines), namespace)
        plan = session.plan_of(namespace[program.result])
        records, _ = plan_records(plan, {frame._plan._plan_id: name for name, frame in frames.items()}, session)
        columns = tuple(TableColumn(*column) for column in schema_columns(session.schema_of(plan)))
        relation = read_plan(Traced(records, columns), schema.by_name).relation
        claims = claims_about(relation, schema.relationships, chance)
        return {"lines": program.lines, "result": program.result, "claims": asdict(claims)}

    with Path(path).open("w", encoding="utf-8") as file:
        for number in range(0, count, PROGRAMS_A_SCHEMA):
            chance = random.Random(f"{seed} {number}")
            schema = typed_schema(chance)
            programs, refused = [], Counter[str]()
            for _ in range(min(PROGRAMS_A_SCHEMA, count - number)):
                program = ProgramWriter(schema, chance)
                try:
                    programs.append(trace_program(program, schema, chance))
                except PySparkException as problem:
                    refused[type(problem).__name__] += 1
            file.write(json.dumps({"seed": f"{seed} {number}", "programs": programs, "refused": refused}) + "\n")


def ddl_of(schema: TypedSchema, name: str) -> str:
    """A table's columns, as Spark declares them."""
    return ", ".join(f"{column.name} {column.type}" for column in schema.by_name[name].columns or ())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
