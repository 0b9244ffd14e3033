"""Writes projects of any size: a fifth of the models bronze, two fifths silver, two fifths gold, half of them SQL.

Each model has twelve columns, a key, two expectations and one to three inputs; every second one declares a relationship
and half of them use the macro `positive`.
"""

from __future__ import annotations

from pathlib import Path

COLUMNS = {
    "id": "BIGINT",
    "customer_id": "BIGINT",
    "name": "STRING",
    "email": "STRING",
    "city": "STRING",
    "amount": "DECIMAL(10, 2)",
    "quantity": "INT",
    "status": "STRING",
    "created": "DATE",
    "changed": "TIMESTAMP",
    "note": "STRING",
    "is_open": "BOOLEAN",
}
MACRO = "macros/rules.sql"
ANALYSIS_OFF, TRACE_OFF = "analysis = false", "trace = false"
ONE_MODEL = "models/gold/t0.sql"


def layers(models: int) -> tuple[int, int, int]:
    """How many models of a project of this size are bronze, silver and gold."""
    bronze, silver = max(models // 5, 1), max(2 * models // 5, 1)
    return bronze, silver, max(models - bronze - silver, 1)


def inputs_of_gold(number: int, silver: int) -> list[int]:
    """The numbers of the silver models that a gold one reads, one to three."""
    return list(dict.fromkeys((number + step) % silver for step in range(1 + number % 3)))


def write_project(root: Path, models: int) -> None:
    """Write a project of ``models`` models, the same for the same number."""
    bronze, silver, gold = layers(models)
    (root / "macros").mkdir(parents=True)
    write_settings(root)
    (root / MACRO).write_text("{% macro positive(column) %}{{ column }} > 0{% endmacro %}\n")
    (root / "macros" / "text.py").write_text(
        "from pyspark.sql import Column\nfrom pyspark.sql import functions as F\n\n\n"
        'def tidy(name: str) -> Column:\n    """Without spare white space."""\n    return F.trim(F.lower(name))\n'
    )
    for number in range(bronze):
        _write(root, "bronze", number, [_landing_call(number)])
    for number in range(silver):
        _write(root, "silver", number, [f'stream("bronze.t{number % bronze}")'])
    for number in range(gold):
        _write(
            root,
            "gold",
            number,
            [f'ref("silver.t{table}")' for table in inputs_of_gold(number, silver)],
        )


def write_settings(root: Path, compiling: str = "") -> None:
    """Write the settings, with a line for the section ``[compile]``."""
    text = f'[project]\nname = "bench"\n\n[vars]\nlanding = "/landing"\n\n[compile]\n{compiling}\n'
    (root / "project.toml").write_text(text)


def _landing_call(number: int) -> str:
    return f'auto_loader("{{{{ var(\'landing\') }}}}/t{number}", format="json")'


def _write(root: Path, layer: str, number: int, inputs: list[str]) -> None:
    kind = "materialized_view" if layer == "gold" else "streaming_table"
    columns = "".join(f'        "{name}": "{written}",\n' for name, written in COLUMNS.items())
    related = number % 2 and f'    relationships=[many_to_one("{layer}.t{number - 1}", on={{"customer_id": "id"}})],\n'
    sold = "{{ positive('amount') }}" if number % 4 < 2 else "amount > 0"
    arguments = (
        f'    key="id",\n    columns={{\n{columns}    }},\n{related or ""}'
        '    expectations=[\n        expect("has_id", "id IS NOT NULL"),\n'
        f'        expect_or_drop("sold", "{sold}"),\n    ],\n'
    )
    folder = root / "models" / layer
    folder.mkdir(parents=True, exist_ok=True)
    if number % 2:
        (folder / f"t{number}.py").write_text(_python(kind, number, inputs, arguments))
    else:
        (folder / f"t{number}.sql").write_text(_sql(kind, inputs, arguments))


def _python(kind: str, number: int, inputs: list[str], arguments: str) -> str:
    words = "auto_loader, expect, expect_or_drop, many_to_one, ref, stream"
    parameters = ", ".join(f"t_{place}: DataFrame = {read}" for place, read in enumerate(inputs))
    joins = "".join(f'.join(t_{place}, "id", "left_semi")' for place in range(1, len(inputs)))
    return (
        f'"""Table number {number}."""\n\nfrom cbx import {kind}, {words}\nfrom pyspark.sql import DataFrame\n\n'
        f"from macros.text import tidy\n\n\n@{kind}(\n{arguments})\ndef t{number}({parameters}) -> DataFrame:\n"
        f'    return t_0{joins}.withColumn("name", tidy("name"))\n'
    )


def _sql(kind: str, inputs: list[str], arguments: str) -> str:
    joins = "".join(
        f"LEFT JOIN {{{{ {read} }}}} AS r{place} ON r{place}.id = l.id\n" for place, read in enumerate(inputs[1:])
    )
    selected = ",\n    ".join(f"l.{name}" for name in COLUMNS)
    return (
        f"{{{{ {kind}(\n{arguments}) }}}}\n-- A table of the benchmark.\n\n"
        f"SELECT\n    {selected}\nFROM {{{{ {inputs[0]} }}}} AS l\n{joins}WHERE l.status <> 'void'\n"
    )
