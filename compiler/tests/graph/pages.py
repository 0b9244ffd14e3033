"""Pages to look at: Circuit Box after a run, and a graph whose every text tries to become markup."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cbx.graph.graph_document import (
    ColumnNode,
    Edge,
    ExpectationNode,
    GraphDocument,
    HomeNode,
    MeasureNode,
    Node,
    Relation,
)
from cbx.incremental.build import build, up_to_date_manifest
from cbx.incremental.options import Options
from cbx.render.html.last_run import DatasetRun, LastRun
from cbx.render.html.page import render_html
from cbx.render.html.page_data import Check, Checks
from cbx.render.html.texts import ModelTexts
from compiler.tests.command import invoke_cbx

ROOT = Path(__file__).parents[3]
HOSTILE = (
    "\"'`<b>&lt;</script><script>document.title='taken'</script><!--<img src=x onerror=alert(1)>"
    "\u2028\\u003c{{ title }}"
)
"""What must show as it is written here."""


_scratch = TemporaryDirectory()


@cache
def compile_circuit_box() -> Path:
    """A copy of Circuit Box, compiled once: commands read its manifest, which is up to date."""
    root = Path(_scratch.name)
    for name in ("models", "macros"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "project.toml", root)
    assert build(root, Options("local")).could_write
    assert up_to_date_manifest(root, Options("local")) is not None
    return root


def cbx_graph(root: Path, *arguments: str) -> str:
    """What ``cbx graph`` prints for a project; fails where the command does."""
    result = invoke_cbx("graph", *arguments, "--project", root)
    assert result.exit_code == 0, result.output
    return result.stdout


def circuit_box(folder: Path, *options: str) -> str:
    """The address of Circuit Box's page after a run in which a rule dropped a row and a table failed."""
    events = [
        *_earlier_update(),
        _completed_event(
            "silver.customers_clean",
            8,
            1,
            {
                "valid_customer_id": (9, 0),
                "valid_customer_name": (8, 1),
                "valid_telephone": (7, 2),
                "valid_email": (8, 1),
            },
        ),
        _completed_event("silver_orders_key", 17, 0, {"key_is_unique": (17, 0)}),
        _event("gold.daily_sales", {"status": "FAILED"}, "the disk is full"),
    ]
    (folder / "events.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
    page = folder / "page.html"
    cbx_graph(compile_circuit_box(), "--state", str(folder), "--output", str(page), *options)
    return page.as_uri()


def _earlier_update() -> list[dict[str, Any]]:
    """The start and the end of a table in an update of the day before."""
    counts = {"valid_customer_name": (2, 3), "valid_email": (4, 1)}
    start = _event("silver.customers_clean", {"status": "RUNNING"}, None)
    end = _completed_event("silver.customers_clean", 2, 3, counts)
    for event, second in ((start, "05.000"), (end, "06.500")):
        event["origin"]["update_id"] = "0"
        event["timestamp"] = f"2026-01-01T03:04:{second}Z"
    return [start, end]


def _completed_event(dataset: str, written: int, dropped: int, rules: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """The event of a table that was written; how many rows passed each rule, and how many failed it."""
    counts = [
        {"name": name, "dataset": dataset, "passed_records": passed, "failed_records": failed}
        for name, (passed, failed) in rules.items()
    ]
    quality = {"dropped_records": dropped, "expectations": counts}
    progress = {"status": "COMPLETED", "metrics": {"num_output_rows": written}, "data_quality": quality}
    return _event(dataset, progress, None)


def _event(dataset: str, progress: dict[str, Any], error: str | None) -> dict[str, Any]:
    return {
        "origin": {"update_id": "1", "dataset_name": dataset},
        "timestamp": "2026-01-02T03:04:05.678Z",
        "details": {"flow_progress": progress},
        "error": {"exceptions": [{"message": error}]} if error else None,
    }


def hostile(folder: Path) -> str:
    """The address of a page of which every text is `HOSTILE`."""
    source = Node(f"source:{HOSTILE}", "source", "table", "sources", HOSTILE, "", HOSTILE)
    home = HomeNode((HOSTILE,), (HOSTILE,))
    column = ColumnNode(HOSTILE, HOSTILE, HOSTILE, is_not_null=True, lineage=((source.id, HOSTILE),))
    amount = replace(column, name=f"amount {HOSTILE}", home=home, is_repeated=True)
    measure = MeasureNode(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,), None, "repeated", HOSTILE)
    models = [
        Node(
            id=f"{name}.{HOSTILE}",
            resource_type="model",
            kind="streaming_table",
            layer=HOSTILE,
            name=HOSTILE,
            dataset=name,
            path=HOSTILE,
            description=HOSTILE,
            language="python",
            tags=(HOSTILE,),
            owner=HOSTILE,
            options=(("Table tags", HOSTILE),),
            key=(HOSTILE,),
            key_verdict="unproven",
            columns=(column, amount),
            rules=(ExpectationNode(HOSTILE, HOSTILE, "drop"),),
            measures=(measure,),
            artifact=HOSTILE,
        )
        for name in ("a", "b")
    ]
    edges = (Edge(source.id, models[0].id, "stream"), Edge(models[0].id, models[1].id, "batch"))
    relation = Relation(
        models[0].id, models[1].id, ((HOSTILE, HOSTILE),), "one_to_many", "unproven", "zero or one", "zero or more"
    )
    document = GraphDocument(HOSTILE, (HOSTILE,), (source, *models), edges, (relation,))
    check = Check(HOSTILE, "key_is_unique", HOSTILE)
    run = LastRun(HOSTILE, "failed", HOSTILE, {"a": DatasetRun("failed", 1, 1, HOSTILE)})
    texts = {model.id: ModelTexts(HOSTILE, f'"""{HOSTILE}"""') for model in models}
    page = folder / "hostile.html"
    page.write_text(
        render_html(document, Checks({(models[0].id, (HOSTILE,)): check}, {}), texts, [run]), encoding="utf-8"
    )
    return page.as_uri()


def _column(number: int, origin: str | None) -> ColumnNode:
    name = f"column_{number}"
    return ColumnNode(name, "BIGINT", None, is_not_null=False, lineage=((origin, name),) if origin else ())


@cache
def large(models: int) -> str:
    """The address of a page of many models, each reading two of the layer before, and some one of the layer below."""
    per_layer = models // 3
    layers = ("bronze", "silver", "gold")
    nodes = [
        Node(
            id=f"{layer}.t{number}",
            resource_type="model",
            kind="view",
            layer=layer,
            name=f"t{number}",
            dataset=f"{layer}.t{number}",
            path=f"{number}.sql",
            columns=tuple(_column(step, below and f"{below}.t{(number * 7) % per_layer}") for step in range(12)),
        )
        for below, layer in zip((None, *layers), layers, strict=False)
        for number in range(per_layer)
    ]
    edges = [
        Edge(f"{lower}.t{(number * 7 + step) % per_layer}", f"{upper}.t{number}", "batch")
        for lower, upper in (("bronze", "silver"), ("silver", "gold"))
        for number in range(per_layer)
        for step in range(2)
    ]
    edges += [
        Edge(f"bronze.t{number * 11 % per_layer}", f"gold.t{number}", "batch") for number in range(0, per_layer, 5)
    ]
    document = GraphDocument("large", layers, tuple(nodes), tuple(edges), ())
    texts = {node.id: ModelTexts(f"-- {node.id}\n" * 40, "notebook\n" * 40) for node in nodes}
    page = Path(_scratch.name) / f"{models}.html"
    page.write_text(render_html(document, Checks({}, {}), texts), encoding="utf-8")
    return page.as_uri()
