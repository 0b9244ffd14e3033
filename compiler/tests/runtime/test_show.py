"""`cbx show` and `cbx events`: reading what runs have left, without Spark."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from cbx.cli.display.table_rows import print_table
from cbx.runtime.names import DatasetName
from cbx.runtime.tables.show_table import peek_table
from cbx.runtime.tables.store import TableFolder, TableState
from compiler.tests.command import run_cbx


def write_table(state: Path, name: str, *batches: pa.Table) -> None:
    """A table as a run leaves it: one folder a batch, and the pointer."""
    folder = TableFolder(state, DatasetName.parse(name))
    for number, batch in enumerate(batches):
        path = folder.rows("v1") / f"flow.{number:06d}"
        path.mkdir(parents=True)
        pq.write_table(batch, path / "part-0.parquet")
    folder.rows("v1").mkdir(parents=True, exist_ok=True)
    schema = {"type": "struct", "fields": [{"name": "id"}, {"name": "city"}]}
    folder.commit(TableState(name, "streaming", "v1", 1, 1, json.dumps(schema)))


def cbx(*arguments: str | Path) -> tuple[int, str, str]:
    done = run_cbx(Path.cwd(), *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def state(tmp_path: Path) -> Path:
    write_table(
        tmp_path,
        "silver.Orders",
        pa.table({"id": [3, 1]}),
        pa.table({"id": [2, 2], "city": ["Rom", None]}),
    )
    return tmp_path


def test_rows_are_ordered_and_columns_united(state: Path) -> None:
    """Whatever the order of the files, the rows come by their columns; a limit takes the first."""
    status, output, _ = cbx("show", "silver.orders", "--state", state, "--format", "csv", "--limit", "3")

    assert (status, output) == (0, "id,city\n1,\n2,Rom\n2,\n")


def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    """Every type has a form that JSON knows."""
    row: dict[str, Any] = {
        "at": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc),
        "day": dt.date(2026, 1, 2),
        "price": decimal.Decimal("12.50"),
        "items": [{"name": "a\nb", "count": 2}],
        "ratio": float("nan"),
        "nothing": None,
    }
    write_table(tmp_path, "t", pa.Table.from_pylist([row]))
    _, output, _ = cbx("show", "T", "--state", tmp_path, "--format", "json", "--limit", "0")

    expected = {
        "at": "2026-01-02 03:04:05",
        "day": "2026-01-02",
        "price": 12.5,
        "items": [{"name": "a\nb", "count": 2}],
        "ratio": "nan",
        "nothing": None,
    }
    assert [json.loads(line) for line in output.splitlines()] == [expected]


def test_an_unknown_table_is_a_guess_and_a_list(state: Path) -> None:
    """The status says that the command could not run."""
    write_table(state, "gold.totals")
    status, _, errors = cbx("show", "silver.order", "--state", state)

    assert (status, errors.splitlines()) == (
        2,
        [
            f"error[CBX503] unknown-table: there is no table `silver.order` in {state}",
            "  = hint: did you mean `silver.orders`? the tables are gold.totals, silver.orders",
            "",
            "For more information, run `cbx explain CBX503`.",
        ],
    )


def test_a_sink_has_no_table(state: Path) -> None:
    """The message says where its rows are."""
    folder = state / "sinks" / "gold_alerts"
    folder.mkdir(parents=True)
    status, _, errors = cbx("show", "gold.alerts", "--state", state)

    assert (status, errors.splitlines()[:2]) == (
        2,
        [
            "error[CBX503] unknown-table: `gold.alerts` is a sink, which has no table",
            f"  = hint: what it sent is in the files of {folder}",
        ],
    )


def test_a_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    """A table that was made and got no row yet is no error."""
    write_table(tmp_path, "gold.totals")
    status, output, _ = cbx("show", "gold.totals", "--state", tmp_path, "--format", "csv")

    assert (status, output) == (0, "id,city\n")


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_column_is_cut_off(tmp_path: Path, width: int) -> None:
    """Where a terminal has no room for all columns, a row is printed with a line per column."""
    names = [f"a_column_with_number_{number}" for number in range(6)]
    write_table(tmp_path, "gold.wide", pa.table({name: ["Rom", f"value {name[-1]}"] for name in names}))
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=width, color_system=None)

    print_table(peek_table(tmp_path, "gold.wide", 20), console, width)
    shown = written.getvalue()

    assert [name for name in names if name not in shown or f"value {name[-1]}" not in shown] == []
    assert max(map(len, shown.splitlines())) <= width
    assert ("row 1" in shown) == (width < 150)


def test_one_row_is_counted_in_the_singular(tmp_path: Path) -> None:
    write_table(tmp_path, "gold.totals", pa.table({"id": [1]}))

    assert cbx("show", "gold.totals", "--state", tmp_path)[1].endswith("\n1 row\n")


def test_showing_does_not_start_spark(state: Path) -> None:
    """Neither does it import pyspark, which would take longer than the rest."""
    program = (
        "import sys; from cbx.runtime.tables.show_table import first_rows; from pathlib import Path;"
        f"first_rows(Path({str(state)!r}), 'silver.orders', 0); print('pyspark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_events_are_those_of_the_last_update(tmp_path: Path) -> None:
    """Earlier updates, and half a line that a kill has left, are passed over."""
    rows = [{"origin": {"update_id": update}, "message": update} for update in ("one", "two")]
    text = "\n".join(json.dumps(row) for row in rows) + '\n{"origin": {"upd'
    (tmp_path / "events.jsonl").write_text(text)
    status, output, _ = cbx("events", "--state", tmp_path, "--format", "json")

    assert (status, [json.loads(line)["message"] for line in output.splitlines()]) == (0, ["two"])


def test_without_a_name_the_tables_are_listed(state: Path) -> None:
    """With their rows and the time of their last update, as a table, JSON or CSV."""
    listed = cbx("show", "--state", state)[1].splitlines()
    of_json = [json.loads(line) for line in cbx("show", "--state", state, "--format", "json")[1].splitlines()]
    of_csv = cbx("show", "--state", state, "--format", "csv")[1].splitlines()
    now = dt.datetime.now(dt.timezone.utc)

    assert listed[0].split() == ["table", "kind", "rows", "updated"]
    assert [line.split()[0] for line in listed[1:]] == [row["table"] for row in of_json]
    assert all(list(row) == ["table", "kind", "rows", "updated"] for row in of_json)
    assert of_csv == ["table,kind,rows,updated", *(",".join(map(str, row.values())) for row in of_json)]
    assert all(abs(now - dt.datetime.fromisoformat(row["updated"])).seconds < 600 for row in of_json)


def test_a_list_of_nothing_says_what_to_do(tmp_path: Path) -> None:
    status, output, errors = cbx("show", "--state", tmp_path)

    assert (status, output) == (2, "")
    assert "hint: run `cbx run` first" in errors


def test_checks_are_counted_below_the_list(tmp_path: Path) -> None:
    """They are tables, too, of which few people want the rows."""
    write_table(tmp_path / "state", "gold.sales", pa.table({"id": [1, 2]}))
    write_table(tmp_path / "state", "sales_key", pa.table({"id": [1]}))
    (tmp_path / "target").mkdir()
    (tmp_path / "project.toml").write_text('[project]\nname = "shop"\n')
    (tmp_path / "target" / "manifest.json").write_text('{"models": {}, "checks": [{"name": "sales_key"}]}')
    arguments = ("show", "--state", tmp_path / "state", "--project", tmp_path)
    lines = cbx(*arguments)[1].splitlines()
    rows = [json.loads(line) for line in cbx(*arguments, "--format", "json")[1].splitlines()]

    assert [line.split()[0] for line in lines[1:-1]] == ["gold.sales"]
    assert lines[-1] == "and 1 check on the data; `cbx events` shows the results"
    assert [(row["table"], row["kind"], row["rows"]) for row in rows] == [
        ("gold.sales", "streaming table", 2),
        ("sales_key", "check", 1),
    ]


@pytest.mark.parametrize("arguments", [("show", "Silver.recent"), ("query", "FROM silver.recent")])
def test_a_view_is_said_to_be_one(state: Path, arguments: tuple[str, str]) -> None:
    """It has no rows of its own, and nothing is misspelt."""
    (state / "target").mkdir()
    (state / "project.toml").write_text('[project]\nname = "shop"\n')
    (state / "target" / "manifest.json").write_text(
        '{"models": {"silver.recent": {"kind": "view", "dataset": "silver.recent"}}, "checks": []}'
    )
    status, output, errors = cbx(*arguments, "--state", state, "--project", state)

    assert (status > 0, output) == (True, "")
    assert "`silver.recent` is a view, which has no rows of its own" in errors
    assert "hint: query what it reads, or make it a `materialized_view` to look at its rows" in errors
