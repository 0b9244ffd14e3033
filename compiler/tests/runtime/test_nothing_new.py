"""An update that has nothing to do is found before anything is compiled or started, and only then.

Each change to what an update depends on is made alone, and the next update must run; the update after it must be
recalled, and report what an update that runs would report.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiler.tests.command import run_cbx
from compiler.tests.test_startup import loaded_by

ROUNDS = int(os.environ.get("CBX_NOTHING_NEW", "3"))
SEED = 20260101

FILES = {
    "project.toml": """
        [project]
        name = "shop"

        [vars]
        least = 1

        [run]
        engine = "sail"

        [environments.local.tables]
        "crm.people" = "people.csv"
    """,
    "people.csv": "id,name\n1,Ada\n",
    "models/gold/people.sql": """
        {{ materialized_view() }}
        SELECT id, name FROM {{ source("crm.people") }}
    """,
    "macros/amounts.sql": "{% macro doubled(column) %}{{ column }} * 2.0D{% endmacro %}\n",
    "models/bronze/orders.sql": """
        {{ streaming_table(columns={"id": "INT", "city": "STRING", "amount": "DOUBLE"}) }}
        SELECT id, city, amount
        FROM {{ auto_loader("landing/orders", format="json", schema_hints="id INT, amount DOUBLE") }}
    """,
    "models/silver/orders.sql": """
        {{ streaming_table(
            key="id",
            expectations=[expect_or_drop("has_city", "city IS NOT NULL"), expect("is_large", "amount > 2")],
            quarantine=True,
        ) }}
        SELECT * FROM {{ stream("bronze.orders") }}
    """,
    "models/gold/cities.sql": """
        {{ materialized_view() }}
        SELECT city, count(*) AS orders, max({{ doubled("amount") }}) AS most FROM {{ ref("silver.orders") }}
        WHERE id >= CAST('{{ var("least") }}' AS INT) GROUP BY city
    """,
}
ORDERS = '{"id": 1, "city": "Ulm", "amount": 1.5}\n{"id": 1, "city": "Rom", "amount": 3.5}\n{"id": 2, "amount": 5.5}\n'


@dataclass
class Shop:
    """A project, and its updates on Sail."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> Shop:
        shop = cls(folder)
        for path, text in FILES.items():
            shop.write(path, re.sub(r"^        ", "", text.lstrip("\n"), flags=re.MULTILINE))
        shop.write("landing/orders/1.json", ORDERS)
        shop.write("landing/orders/gone.json", ORDERS)
        return shop

    @property
    def state(self) -> Path:
        return self.folder / ".cbx"

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def edit(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def run(self, *arguments: str) -> Report:
        before = self._memory()
        done = run_cbx(self.folder, "run", *arguments)
        events = [json.loads(line) for line in (self.state / "events.jsonl").read_text().splitlines()]
        last = [event for event in events if event["origin"]["update_id"] == events[-1]["origin"]["update_id"]]
        is_recalled = before is not None and self._memory() == before
        return Report(done.returncode, is_recalled, without_times(done.stderr), [timeless(event) for event in last])

    def _memory(self) -> tuple[int, int] | None:
        """Which file remembers the last update: an update that runs replaces it."""
        file = self.state / "last_update.json"
        return (file.stat().st_mtime_ns, file.stat().st_ino) if file.exists() else None

    def files(self, pattern: str) -> list[Path]:
        return sorted(file for file in self.state.glob(pattern) if file.is_file())


@dataclass(frozen=True)
class Report:
    """What a run has printed and logged, without times."""

    status: int
    is_recalled: bool
    text: str
    events: list[Any]

    @property
    def content(self) -> tuple[object, ...]:
        return self.status, self.text, self.events


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d s", "? s", text)


def timeless(event: dict[str, Any]) -> dict[str, Any]:
    origin = {**event["origin"], "update_id": ""}
    return {**event, "id": "", "timestamp": "", "origin": origin}


def break_and_fix(shop: Shop) -> None:
    """An update that fails, and the same files again."""
    shop.edit("models/silver/orders.sql", "expect_or_drop(", "expect_or_fail(")
    shop.write("landing/orders/bad.json", '{"id": 3}\n')
    assert shop.run().status == 1
    shop.edit("models/silver/orders.sql", "expect_or_fail(", "expect_or_drop(")


def kill_an_update(shop: Shop) -> None:
    """An update that is killed before it has refreshed anything, by a full refresh of which nothing is left to see."""
    code = "import sys; from cbx.cli import main; sys.argv = ['cbx', 'run', '--full-refresh']; main()"
    running = subprocess.Popen(
        [sys.executable, "-c", code], cwd=shop.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    memory = shop.state / "last_update.json"
    while memory.exists():
        assert running.poll() is None
    running.send_signal(signal.SIGKILL)
    running.communicate()


def remove_one(shop: Shop, pattern: str) -> None:
    shop.files(pattern)[0].unlink()


CHANGES: dict[str, Callable[[Shop], object]] = {
    "new file": lambda shop: shop.write("landing/orders/2.json", '{"id": 7, "city": "Bonn", "amount": 2.5}\n'),
    "empty file": lambda shop: shop.write("landing/orders/0.json", ""),
    "new file in a new folder": lambda shop: shop.write("landing/orders/more/3.json", '{"id": 8, "city": "Ulm"}\n'),
    "other content": lambda shop: shop.write("landing/orders/1.json", ORDERS + "\n"),
    "other time": lambda shop: os.utime(shop.folder / "landing/orders/1.json", (1, 1)),
    "removed file": lambda shop: (shop.folder / "landing/orders/gone.json").unlink(),
    "model": lambda shop: shop.edit("models/gold/cities.sql", "count(*)", "count(id)"),
    "comment of a model": lambda shop: shop.edit("models/gold/cities.sql", "SELECT city", "-- Cities.\nSELECT city"),
    "macro": lambda shop: shop.edit("macros/amounts.sql", "2.0D", "3.0D"),
    "unused macro": lambda shop: shop.write("macros/more.sql", "{% macro one() %}1{% endmacro %}\n"),
    "new model": lambda shop: shop.write("models/gold/ids.sql", FILES["models/gold/cities.sql"].replace("city", "id")),
    "value of a variable": lambda shop: shop.edit("project.toml", "least = 1", "least = 2"),
    "setting": lambda shop: shop.edit("project.toml", "[run]", '[compile]\napi = "pipelines"\n\n[run]'),
    "expectation": lambda shop: shop.edit("models/silver/orders.sql", "amount > 2", "amount > 4"),
    "compiled notebook": lambda shop: (shop.folder / "target/notebooks/gold/cities.py").write_text(""),
    "file of the bundle": lambda shop: (shop.folder / "target/databricks.yml").unlink(),
    "folder of a table": lambda shop: shutil.rmtree(shop.files("tables/gold/cities/table.json")[0].parent),
    "rows of a table": lambda shop: remove_one(shop, "tables/gold/cities/v*/**/*.parquet"),
    "checkpoint": lambda shop: remove_one(shop, "checkpoints/silver/orders/**/offsets/*"),
    "state of Auto Loader": lambda shop: remove_one(shop, "checkpoints/bronze/orders/**/*.json"),
    "table that stands in": lambda shop: shop.write("people.csv", "id,name\n2,Bob\n"),
    "failed update": break_and_fix,
    "killed update": kill_an_update,
    "selection": lambda shop: shop.run("--select", "gold.cities"),
}
ARGUMENTS = {
    "--var least=2": False,
    "--full-refresh": False,
    "--select +gold.cities": False,
    "--no-trace": True,
    "--var least=1": True,
}
"""Whether an update with these arguments has nothing to do after one without."""
SAME_NOTEBOOKS = ("unused macro", "compiled notebook", "file of the bundle")
"""Changes after which the project is compiled, to the same notebooks: their update has nothing to do."""
UNREADABLE = ("rows of a table", "checkpoint", "state of Auto Loader")
"""Changes after which an update may fail: what matters is that it says so."""


@pytest.mark.slow
def test_no_change_is_taken_for_nothing_new(tmp_path: Path) -> None:
    """Random changes, one after the other; after each, an update runs and the next one is recalled."""
    rng = random.Random(SEED)
    shop = Shop.create(tmp_path / "shop")
    assert not shop.run().is_recalled
    names = [name for name in CHANGES if name not in UNREADABLE]
    names = rng.sample(names, k=min(ROUNDS, len(names)))

    actual = []
    for name in names:
        before = shop.run()
        CHANGES[name](shop)
        after, again = shop.run(), shop.run()
        actual += [(name, before.is_recalled, after.is_recalled, again.is_recalled)]

    assert actual == [(name, True, name in SAME_NOTEBOOKS, True) for name in names]
    assert (shop.folder / "target/databricks.yml").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", UNREADABLE if ROUNDS > 3 else UNREADABLE[:1])
def test_missing_state_is_noticed(name: str, tmp_path: Path) -> None:
    """Whatever the update does then, it runs."""
    shop = Shop.create(tmp_path)
    shop.run()
    CHANGES[name](shop)

    assert not shop.run().is_recalled


@pytest.mark.slow
@pytest.mark.parametrize("arguments", list(ARGUMENTS)[:ROUNDS])
def test_other_arguments_are_other_updates(arguments: str, tmp_path: Path) -> None:
    """Unless they change neither a notebook nor its configuration."""
    shop = Shop.create(tmp_path)
    shop.run()

    assert shop.run(*arguments.split()).is_recalled is ARGUMENTS[arguments]


@pytest.mark.slow
def test_a_recalled_update_reports_what_one_that_runs_would(tmp_path: Path) -> None:
    """Events, the table at the end, failed checks and warnings of the compiler."""
    shop = Shop.create(tmp_path)
    shop.edit("models/gold/cities.sql", "materialized_view()", 'materialized_view(key=["city", "orders"])')
    first = shop.run()
    recalled = shop.run()
    (shop.state / "last_update.json").unlink()
    again = shop.run()

    assert [first.is_recalled, recalled.is_recalled, again.is_recalled] == [False, True, False]
    assert "key_is_unique" in recalled.text or "keys" in recalled.text
    assert recalled.content == again.content


def test_nothing_new_loads_no_compiler_and_no_engine(tmp_path: Path) -> None:
    """So it takes a fifth of a second."""
    shop = Shop.create(tmp_path)
    shop.run()
    loaded = loaded_by("run", folder=tmp_path)

    assert shop.run().is_recalled
    assert (
        loaded & {"pyspark", "pysail", "pyarrow", "pandas", "numpy", "sqlglot", "jinja2", "networkx", "yaml"} == set()
    )


@pytest.mark.slow
def test_new_files_of_an_unchanged_project_need_no_compiler(tmp_path: Path) -> None:
    """Unless a dataset fails: its error is shown in the model, as after a compilation."""
    shop = Shop.create(tmp_path)
    shop.edit("models/silver/orders.sql", "expect_or_drop(", "expect_or_fail(")
    shop.write("landing/orders/1.json", '{"id": 1, "city": "Ulm"}\n')
    shop.write("landing/orders/gone.json", "")
    shop.run()
    shop.write("landing/orders/2.json", '{"id": 2, "city": "Ulm"}\n')
    loaded = loaded_by("run", folder=tmp_path)
    shop.write("landing/orders/3.json", '{"id": 3}\n')
    stored = shop.run()
    (shop.state / "run.json").unlink()
    compiled = shop.run()

    assert ("pysail" in loaded, loaded & {"jinja2", "networkx", "yaml"}) == (True, set())
    errors = [report.text.partition("error[")[2].partition("Refreshed ")[0] for report in (stored, compiled)]
    assert "models/silver/orders.sql:" in errors[0]
    assert errors[0] == errors[1]


@pytest.mark.slow
def test_values_of_the_command_line_are_not_stored(tmp_path: Path) -> None:
    """They may be secret."""
    shop = Shop.create(tmp_path)
    shop.run("--var", "least=1")
    files = [path for path in shop.state.iterdir() if path.is_file()]

    assert (shop.state / "last_update.json") in files
    assert not (shop.state / "run.json").exists()
