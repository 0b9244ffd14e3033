"""Circuit Box from its landing files to its gold tables, against rows that were written out by hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from compiler.tests.command import run_cbx
from compiler.tests.foreign.terminal import cbx_here

HERE = Path(__file__).parent
PROJECT = HERE.parents[2]
DAYS = ("2026-01-01", "2026-01-02")
ADDED = ", added to"
MONEY = ("item_price", "order_amount", "revenue", "total_order_amount")

Row = tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """What one run of the pipeline left behind."""

    tables: dict[str, list[Row]]
    events: list[dict[str, Any]]

    def flows(self) -> list[tuple[str, dict[str, Any]]]:
        """Every dataset that the update finished, with its counts."""
        finished = [event for event in self.events if event["event_type"] == "flow_progress"]
        progress = [(event["origin"]["dataset_name"], event["details"]["flow_progress"]) for event in finished]
        return [(dataset, counts) for dataset, counts in progress if counts["status"] == "COMPLETED"]


def sections(day: int) -> dict[str, list[Row]]:
    """The tables of `day_<day>.md` by their headings, each as its header and its rows."""
    found: dict[str, list[Row]] = {}
    rows: list[Row] = []
    for line in (HERE / f"day_{day}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            rows = found.setdefault(line.removeprefix("## "), [])
        elif line.startswith("|") and not line.startswith("| -"):
            rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return found


def expected_tables(day: int) -> dict[str, list[Row]]:
    """Every table with its header first, as it stands after that day."""
    tables: dict[str, list[Row]] = {}
    for title, (header, *rows) in sections(day).items():
        name = title.removesuffix(ADDED)
        earlier = expected_tables(day - 1)[name][1:] if title.endswith(ADDED) else []
        if "." in name:
            tables[name] = [header, *sorted([*earlier, *rows])]
    return tables


def cbx(*arguments: str | Path) -> str:
    answer = cbx_here(*map(str, arguments))
    assert answer.status == 0, f"{arguments}\n{answer.output}\n{answer.errors}"
    return answer.output


def cell(column: str, value: Any) -> str:
    """A value as the expected rows spell it."""
    if value is None:
        return "NULL"
    if column == "source_file":
        return PurePosixPath(value).name
    if column == "_rescued_data":
        rescued = json.loads(value)
        return json.dumps({**rescued, "_file_path": PurePosixPath(rescued["_file_path"]).name})
    if column == "items":
        return "; ".join(map(item, value))
    if column == "broken_rules":
        return ", ".join(value)
    return money(value) if column in MONEY else str(value)


def item(value: dict[str, Any]) -> str:
    return f"{value['item_id']} {value['name']}, {value['category']}, {money(value['price'])} x {value['quantity']}"


def money(value: float) -> str:
    """An amount with its two decimals, which JSON leaves out at the end; further ones stay visible."""
    whole, _, cents = str(value).partition(".")
    return f"{whole}.{cents:0<2}"


def show_table(table: str, columns: Row, project: Path, state: Path) -> list[Row]:
    """A table as `cbx show` prints it, its header first, without the time of loading.

    The columns that Auto Loader found in files come in an order of its own: these take the order that is expected.
    """
    lines = cbx("show", table, "--project", project, "--state", state, "--format", "json", "--limit", "0")
    rows = [json.loads(line) for line in lines.splitlines()]
    header = tuple(name for name in rows[0] if name != "loaded_at")
    if table.startswith("bronze.") and set(header) == set(columns):
        header = columns
    return [header, *sorted(tuple(cell(name, row[name]) for name in header) for row in rows)]


ENGINES = {
    "spark": ("spark", "spark"),
    "sail": ("sail", "sail"),
    "sail, then spark": ("sail", "spark"),
    "spark, then sail": ("spark", "sail"),
}
"""The engines of the two updates: a project may change its engine from one update to the next."""


def run(engine: str, *arguments: str | Path, request: pytest.FixtureRequest) -> None:
    """An update on an engine: on Spark with the session of the tests, on Sail in a process of its own."""
    if engine == "spark":
        request.getfixturevalue("spark")
        cbx("run", *arguments)
        return
    done = run_cbx(Path.cwd(), "run", *arguments, "--engine", engine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Running on Spark" not in done.stderr


@dataclass(frozen=True)
class Shop:
    """The project, its landing folder and its tables; the first day's update is made once for each engine.

    State has absolute paths, so that of an engine is kept aside and put back to where it was.
    """

    folder: Path
    first_updates: dict[str, Update] = field(default_factory=dict)

    def start_after_first_day(self, engine: str, request: pytest.FixtureRequest) -> Update:
        """Put the tables back to what they were after the first day, or make them."""
        state, aside = self.folder / "state", self.folder / f"state-{engine}"
        shutil.rmtree(state, ignore_errors=True)
        if engine not in self.first_updates:
            self.remove_files(DAYS[1])
            self.first_updates[engine] = self.update(1, engine, request)
            shutil.copytree(state, aside)
        else:
            shutil.copytree(aside, state)
        return self.first_updates[engine]

    def update(self, number: int, engine: str, request: pytest.FixtureRequest) -> Update:
        """Let the files of a day land, and run the pipeline."""
        project, landing, state = self.folder / "project", self.folder / "landing", self.folder / "state"
        for source in PROJECT.glob(f"landing/*/{DAYS[number - 1]}.*"):
            target = landing / source.parent.name / source.name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        log = state / "events.jsonl"
        earlier = len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
        run(engine, "--project", project, "--state", state, "--var", f"landing={landing}", request=request)
        events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        tables = {name: show_table(name, rows[0], project, state) for name, rows in expected_tables(number).items()}
        return Update(tables, events[earlier:])

    def remove_files(self, day: str) -> None:
        """Let the files of a day not have landed yet."""
        for file in self.folder.glob(f"landing/*/{day}.*"):
            file.unlink()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Circuit Box, compiled, before anything has landed."""
    shop = Shop(tmp_path_factory.mktemp("circuit_box"))
    project = shop.folder / "project"
    for part in ("models", "macros"):
        shutil.copytree(PROJECT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "project.toml", project)
    cbx("compile", "--project", project)
    return shop


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.spark] if "spark" in name else []) for name in ENGINES],
)
def updates(shop: Shop, request: pytest.FixtureRequest) -> list[Update]:
    """Both days, one update each: the files of a day land, then the pipeline runs."""
    first, second = ENGINES[request.param]
    return [shop.start_after_first_day(first, request), shop.update(2, second, request)]


@pytest.mark.parametrize("table", expected_tables(1))
@pytest.mark.parametrize("day", [1, 2])
def test_every_table_holds_the_rows_written_out_by_hand(updates: list[Update], day: int, table: str) -> None:
    """After each day a table holds the columns and rows that follow from the landing files."""
    expected = expected_tables(day)[table]
    actual = updates[day - 1].tables[table]

    assert expected == actual


@pytest.mark.parametrize("day", [1, 2])
def test_an_update_reads_only_what_is_new(updates: list[Update], day: int) -> None:
    """Streaming tables take the files of their day and no others."""
    _, *expected = sections(day)["Rows written"]
    counted = {
        name: (name, str(flow["metrics"].get("num_output_rows")), str(flow["data_quality"]["dropped_records"]))
        for name, flow in updates[day - 1].flows()
    }

    assert expected == [counted[row[0]] for row in expected]


@pytest.mark.parametrize("day", [1, 2])
def test_every_expectation_counts_what_arrived(updates: list[Update], day: int) -> None:
    """A rule counts the rows that met it and those that did not, whatever the other rules say of them."""
    _, *expected = sections(day)["Expectations"]
    datasets = {row[0] for row in expected}
    actual = [
        (rule["dataset"], rule["name"], str(rule["passed_records"]), str(rule["failed_records"]))
        for _, flow in updates[day - 1].flows()
        for rule in flow["data_quality"]["expectations"]
        if rule["dataset"] in datasets
    ]

    assert sorted(expected) == sorted(actual)


@pytest.mark.parametrize("day", [1, 2])
def test_every_declared_key_is_unique_on_the_data(updates: list[Update], day: int) -> None:
    """The checks of keys find no row too many."""
    rules = [rule for _, flow in updates[day - 1].flows() for rule in flow["data_quality"]["expectations"]]
    failed = [rule["failed_records"] for rule in rules if rule["name"] == "key_is_unique"]

    assert failed
    assert not any(failed)
