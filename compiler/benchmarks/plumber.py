"""Writes the layers of a benchmark project once more, as Lakehouse Plumber (`lhp generate`) takes them.

A flow group a model: what it loads, a query that selects its columns, its expectations, and the table it writes. Keys,
relationships and Python functions have no counterpart there, nor has it expectations on batch reads, which gold makes.
"""

from __future__ import annotations

import json
from pathlib import Path

from projects import COLUMNS, inputs_of_gold, layers

GENERATE = ("generate", "--env", "dev", "--no-progress", "--no-bundle")
_EXPECTATIONS = "expectations/rules.json"


def write_plumber_project(root: Path, models: int) -> None:
    """Write a project of ``models`` flow groups, the same for the same number."""
    bronze, silver, gold = layers(models)
    for folder in ("expectations", "substitutions", *(f"pipelines/{layer}" for layer in ("bronze", "silver", "gold"))):
        (root / folder).mkdir(parents=True)
    (root / "lhp.yaml").write_text('name: bench\nversion: "1.0"\n')
    (root / "substitutions/dev.yaml").write_text("dev:\n  catalog: bench\n  landing: /landing\n")
    rules = {"has_id": ("id IS NOT NULL", "warn"), "sold": ("amount > 0", "drop")}
    expectations = [
        {"name": name, "expression": condition, "failureAction": action} for name, (condition, action) in rules.items()
    ]
    (root / _EXPECTATIONS).write_text(json.dumps({"version": "1.0", "table": "t", "expectations": expectations}))
    for number in range(bronze):
        _write(root, "bronze", number, [_files(number)])
    for number in range(silver):
        _write(root, "silver", number, [_table("bronze", number % bronze, "stream")])
    for number in range(gold):
        reads = inputs_of_gold(number, silver)
        _write(root, "gold", number, [_table("silver", read, "batch", place) for place, read in enumerate(reads)])


def _files(number: int) -> str:
    source = f'{{type: cloudfiles, path: "${{landing}}/t{number}", format: json}}'
    return f"  - name: load_0\n    type: load\n    readMode: stream\n    source: {source}\n    target: v_0\n"


def _table(layer: str, number: int, mode: str, place: int = 0) -> str:
    source = f'{{type: delta, catalog: "${{catalog}}", schema: {layer}, table: t{number}}}'
    return (
        f"  - name: load_{place}\n    type: load\n    readMode: {mode}\n    source: {source}\n    target: v_{place}\n"
    )


def _write(root: Path, layer: str, number: int, loads: list[str]) -> None:
    is_gold = layer == "gold"
    first = "v_0" if is_gold else "stream(v_0)"
    joins = "".join(f"      LEFT JOIN v_{place} AS r{place} ON r{place}.id = l.id\n" for place in range(1, len(loads)))
    selected = ",\n        ".join(f"l.{name}" for name in COLUMNS)
    sources = "[" + ", ".join(f"v_{place}" for place in range(len(loads))) + "]"
    query = f"      SELECT\n        {selected}\n      FROM {first} AS l\n{joins}      WHERE l.status <> 'void'\n"
    kind = "materialized_view" if is_gold else "streaming_table"
    text = f"pipeline: {layer}\nflowgroup: t{number}\n\nactions:\n{''.join(loads)}"
    text += (
        f"  - name: shape\n    type: transform\n    transform_type: sql\n    source: {sources}\n    target: v_shaped\n"
    )
    text += f"    sql: |\n{query}"
    if not is_gold:
        text += "  - name: rules\n    type: transform\n    transform_type: data_quality\n    source: v_shaped\n"
        text += f"    target: v_good\n    readMode: stream\n    expectations_file: {_EXPECTATIONS}\n"
    text += f"  - name: write\n    type: write\n    source: {'v_shaped' if is_gold else 'v_good'}\n    write_target:\n"
    text += f'      type: {kind}\n      catalog: "${{catalog}}"\n      schema: {layer}\n      table: t{number}\n'
    (root / "pipelines" / layer / f"t{number}.yaml").write_text(text)
