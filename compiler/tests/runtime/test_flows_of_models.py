"""Flows of a project over several updates: the table keeps its rows, and each flow remembers what it has read."""

from __future__ import annotations

import shutil
from typing import Any

from literate import lay_out

from cbx.compiler import compile_project
from compiler.tests.runtime.pipelines import Pipeline

FIRST = {
    "project.toml": '[project]\nname = "shop"\n\n[vars]\nlanding = "/landing"\n',
    "models/bronze/orders.sql": """{{ streaming_table(
    key="id", columns={"id": "BIGINT", "amount": "BIGINT", "at": "BIGINT"}, quarantine=True,
    expectations=[expect_or_drop("paid", "amount > 0")],
) }}
SELECT id, amount, at FROM {{ auto_loader(var("landing") ~ "/shop", format="json") }}
""",
    "models/silver/orders.sql": """{{ auto_cdc(key="id", sequence_by="at") }}
SELECT id, amount, at FROM {{ stream("bronze.orders") }}
""",
}
WEB = """{{ flow(into="bronze.orders", columns={"id": "BIGINT", "amount": "BIGINT", "at": "BIGINT"}) }}
SELECT id, amount, at FROM {{ auto_loader(var("landing") ~ "/web", format="json") }}
"""
BACKFILL = """from cbx import flow, source


@flow(into="bronze.orders", once=True)
def orders_2019(archive=source("archive.orders")):
    return archive.selectExpr("id", "amount", "at")
"""
CORRECTIONS = """{{ flow(into="silver.orders", once=True) }}
SELECT 3L AS id, 31L AS amount, 9L AS at
"""


def compile_files(pipeline: Pipeline, files: dict[str, str]) -> None:
    lay_out(files, pipeline.folder)
    compilation = compile_project(pipeline.folder, with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    shutil.rmtree(pipeline.folder / "notebooks", ignore_errors=True)
    for artifact in compilation.artifacts:
        if artifact.path.startswith("notebooks/"):
            pipeline.notebook(artifact.text, artifact.path.removeprefix("notebooks/"))


def update(pipeline: Pipeline, **arguments: Any) -> list[int]:
    """Run an update, and return how many rows `bronze.orders` and `silver.orders` have read."""
    results = pipeline.succeed(
        configuration={"shop.landing": str(pipeline.folder / "landing")},
        tables={"archive.orders": str(pipeline.folder / "archive.json")},
        **arguments,
    )
    return [results[name].rows_read for name in ("bronze.orders", "silver.orders")]


def test_flows_that_come_and_go(pipeline: Pipeline) -> None:
    """A flow that is added reads its own source only; a backfill runs once; rows of a removed flow stay."""
    pipeline.land("shop/1.json", '{"id": 1, "amount": 10, "at": 1}\n{"id": 2, "amount": -20, "at": 1}\n')
    pipeline.land("web/1.json", '{"id": 3, "amount": 30, "at": 2}\n{"id": 4, "amount": -40, "at": 2}\n')
    (pipeline.folder / "archive.json").write_text('{"id": 5, "amount": 50, "at": 0}\n{"id": 1, "amount": 9, "at": 0}\n')
    compile_files(pipeline, FIRST)

    assert update(pipeline) == [2, 1]

    flows = {
        "models/bronze/orders_web.sql": WEB,
        "models/bronze/orders_2019.py": BACKFILL,
        "models/silver/orders_corrected.sql": CORRECTIONS,
    }
    compile_files(pipeline, FIRST | flows)

    assert update(pipeline) == [4, 4]
    assert pipeline.rows("bronze.orders") == [(1, 9, 0), (1, 10, 1), (3, 30, 2), (5, 50, 0)]
    assert pipeline.rows("bronze.orders_quarantine") == [(2, -20, 1, ["paid"]), (4, -40, 2, ["paid"])]
    assert pipeline.rows("silver.orders") == [(1, 10, 1), (3, 31, 9), (5, 50, 0)]

    (pipeline.folder / "archive.json").write_text('{"id": 6, "amount": 60, "at": 0}\n')
    pipeline.land("web/2.json", '{"id": 7, "amount": 70, "at": 3}\n')

    assert update(pipeline) == [1, 1]

    for path in flows:
        (pipeline.folder / path).unlink()
    compile_files(pipeline, FIRST)

    assert update(pipeline) == [0, 0]
    assert [row[0] for row in pipeline.rows("silver.orders")] == [1, 3, 5, 7]


def test_a_full_refresh_runs_a_backfill_again(pipeline: Pipeline) -> None:
    """With what its source has now."""
    pipeline.land("shop/1.json", '{"id": 1, "amount": 10, "at": 1}\n')
    archive = pipeline.folder / "archive.json"
    archive.write_text('{"id": 5, "amount": 50, "at": 0}\n')
    compile_files(pipeline, FIRST | {"models/bronze/orders_2019.py": BACKFILL})
    update(pipeline)
    archive.write_text('{"id": 6, "amount": 60, "at": 0}\n')

    assert update(pipeline, full_refresh=True) == [2, 2]
    assert [row[0] for row in pipeline.rows("bronze.orders")] == [1, 6]
