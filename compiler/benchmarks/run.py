"""Measures `cbx run` on Circuit Box: a first load, the updates after it, and updates of a few rows.

Each part runs in fresh processes, and what is compared runs in turn, so that what else the machine does meanwhile falls
on all of it. The parts:

- ``load``: the first load of many orders, against `by_hand.py`: a PySpark script that builds the same fifteen tables
  from the same files. It is a batch script with given schemas: it keeps no state, so it could neither go on tomorrow
  nor after a kill, and looks for no new columns. It is measured as it is, and with the checks that the pipeline also
  makes; so is the pipeline, whose checks of keys and references are tables of their own.
- ``updates``: what comes after such a load: two new orders, updates of equal size, and nothing new.
- ``small``: Circuit Box's own landing files: their first day from nothing, a file of the second day, nothing new, and
  files of eight orders that land while `cbx run --watch` waits.

The gold tables are compared with those of the script, after the first load and after the last update.

Usage: ``python compiler/benchmarks/run.py [--part PART ...] [--engine spark|sail] [--orders N] [--customers N]
[--updates N] [--new N] [--rounds N] [--memory SIZE] [--keep FOLDER]``
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from processes import Figure, measure
from warm_updates import measure_warm_updates

from cbx.runtime.spark.java import java_home
from cbx.runtime.spark.launch.driver_memory import driver_memory
from cbx.runtime.tables.show_table import first_rows
from landing import write_landing, write_new_rows, write_orders

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
FIRST_DAY, SECOND_DAY = "2026-01-01", "2026-01-02"
LANDING = '"landing"'
"""The landing folder in the settings of Circuit Box."""
GOLD = {
    "gold.customer_order_summary": "customer_id",
    "gold.daily_sales": "order_date",
    "gold.open_orders": "order_id",
    "gold.product_sales": "item_id",
}
TABLES = (
    *("bronze.customers", "bronze.addresses", "bronze.orders"),
    *("silver.customers_clean", "silver.customers_clean_quarantine", "silver.customers"),
    *("silver.addresses_clean", "silver.addresses_clean_quarantine", "silver.addresses"),
    *("silver.orders_clean", "silver.orders"),
    *GOLD,
)
"""What the script builds: all but the checks."""

LOAD, LOAD_ALONE, BY_HAND, CHECKED = (
    "first load",
    "first load, without the checks",
    "by hand",
    "by hand, with the checks",
)
TWO_ROWS, UPDATE, NOTHING_NEW = "two new orders", "an update", "nothing new"
DAY_ONE, NEW_FILE, SMALL_NOTHING, WARM, SESSION = (
    "day one",
    "one new file",
    "day one, nothing new",
    "a new file, --watch",
    "a Spark session alone",
)
SMALL_TARGETS = {
    "sail": {DAY_ONE: 4.0, NEW_FILE: 3.0, SMALL_NOTHING: 0.5, WARM: 1.0},
    "spark": {DAY_ONE: 15.0, NEW_FILE: 10.0, SMALL_NOTHING: 0.5, WARM: 4.0},
}
"""Seconds of wall time of the whole process, on two idle cores."""
FEW = 5
"""How many of the first and the last updates are compared, by their medians."""


@dataclass(frozen=True)
class Bench:
    """What is measured, and where.

    Attributes:
        options: The arguments of the command line.
        folder: The files of the benchmark.
        figures: The figures so far, by what they are of.
        notes: Figures that are not of a process, by what they are of.
    """

    options: argparse.Namespace
    folder: Path
    figures: dict[str, list[Figure]] = field(default_factory=dict)
    notes: dict[str, float] = field(default_factory=dict)

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.folder / "landing"

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of the processes: bytecode is kept, as where cbx is installed."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "JAVA_HOME": str(java_home(self.folder))}

    def measure(self, what: str, command: Sequence[str]) -> None:
        """Run a command, and keep and print what it cost."""
        self.add(what, measure(command, self.folder, self.environment))

    def add(self, what: str, figure: Figure) -> None:
        """Keep and print a figure."""
        self.figures.setdefault(what, []).append(figure)
        print(f"{what:<34}{figure.wall:>9.1f} s{figure.cpu:>9.1f} s of CPU{figure.memory:>9,.0f} MB", flush=True)

    def run(self, state: str, *arguments: str) -> list[str]:
        """The command that runs an update."""
        given = ["--engine", self.options.engine]
        if self.options.engine == "spark" and self.options.memory != driver_memory():
            given += ["--conf", f"spark.driver.memory={self.options.memory}"]
        command = [sys.executable, "-m", "cbx", "run", "--project", str(self.folder / "project")]
        return [*command, "--state", str(self.folder / state), *given, *arguments]

    def script(self, output: str, *arguments: str) -> list[str]:
        """The command that builds the tables by hand."""
        program = [sys.executable, str(HERE / "by_hand.py"), str(self.landing), str(self.folder / output)]
        return [*program, "--memory", self.options.memory, *arguments]

    def forget(self, *names: str) -> None:
        """Remove folders and files of the benchmark."""
        for name in names:
            shutil.rmtree(self.folder / name, ignore_errors=True)


def main() -> None:
    """Measure, compare, print."""
    parts = {"load": measure_load, "updates": measure_updates, "small": measure_small}
    parser = argparse.ArgumentParser(description="Measure cbx run on Circuit Box.")
    parser.add_argument("--part", action="append", choices=parts, help="only this one; repeatable")
    parser.add_argument("--engine", choices=("spark", "sail"), default="spark")
    parser.add_argument("--orders", type=int, default=300_000)
    parser.add_argument("--customers", type=int, help="a tenth of the orders by default")
    parser.add_argument("--updates", type=int, default=30, help="how many updates of equal size")
    parser.add_argument("--new", type=int, help="the orders of each; a thousandth of all by default")
    parser.add_argument("--rounds", type=int, default=1, help="of the first load and the small updates")
    parser.add_argument("--memory", default=driver_memory(), help="what Spark gets, such as 4g")
    parser.add_argument("--keep", type=Path, help="a folder for the files, which is reused")
    options = parser.parse_args()
    options.customers = options.customers or options.orders // 10
    options.new = options.new or max(options.orders // 1000, 1)
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, (options.keep or Path(scratch)).resolve())
        for part in options.part or parts:
            parts[part](bench)
    cores = os.cpu_count()
    print(f"\n{options.engine}, {options.orders:,} orders of {options.customers:,} customers, {cores} cores\n")
    print_figures(bench)
    print_targets(bench)


def measure_load(bench: Bench) -> None:
    """The first load, and the script."""
    prepare_landing(bench)
    for _ in range(bench.options.rounds):
        bench.forget("state", "alone", "by_hand", "checked")
        bench.measure(LOAD_ALONE, bench.run("alone", "--select", " ".join(TABLES)))
        bench.measure(BY_HAND, bench.script("by_hand"))
        bench.measure(LOAD, bench.run("state"))
        bench.measure(CHECKED, bench.script("checked", "--checks"))
        check_gold(bench)
    bench.forget("alone", "checked")


def measure_updates(bench: Bench) -> None:
    """What comes after the first load."""
    if LOAD not in bench.figures:
        prepare_landing(bench)
        bench.forget("state")
        bench.measure(LOAD, bench.run("state"))
    options = bench.options
    write_orders(bench.landing / "orders" / "two-more.json", random.Random(options.orders), 2)
    bench.measure(TWO_ROWS, bench.run("state"))
    for number in range(options.updates):
        write_new_rows(bench.landing, number, options.customers, options.orders, options.new)
        bench.measure(UPDATE, bench.run("state"))
    bench.measure(NOTHING_NEW, bench.run("state"))
    bench.notes["most files of a table"] = max(count_files(bench.folder / "state"))
    bench.forget("by_hand")
    bench.measure("by hand, at the end", bench.script("by_hand"))
    check_gold(bench)


def measure_small(bench: Bench) -> None:
    """Circuit Box's own landing files, and updates while `cbx run --watch` waits."""
    for _ in range(bench.options.rounds):
        bench.forget("landing", "small", "session")
        copy_project(bench)
        land_day(bench, FIRST_DAY)
        bench.measure(DAY_ONE, bench.run("small"))
        shutil.copy(PROJECT / "landing" / "orders" / f"{SECOND_DAY}.json", bench.landing / "orders")
        bench.measure(NEW_FILE, bench.run("small"))
        bench.measure(SMALL_NOTHING, bench.run("small"))
        if bench.options.engine == "spark":
            session = [sys.executable, str(HERE / "session_alone.py"), str(bench.folder / "session")]
            bench.measure(SESSION, session)
    chance = random.Random(SECOND_DAY)

    def land(number: int) -> None:
        write_orders(bench.landing / "orders" / f"warm-{number:03d}.json", chance, 8)

    for figure in measure_warm_updates(bench.run("small", "--watch"), bench.environment, land, FEW):
        bench.add(WARM, figure)


def prepare_landing(bench: Bench) -> None:
    """The landing files of the first load, and a copy of Circuit Box, so that a benchmark writes nothing there."""
    bench.forget("landing")
    write_landing(bench.landing, bench.options.customers, bench.options.orders)
    copy_project(bench)


def copy_project(bench: Bench) -> None:
    """Circuit Box as it is in the repository, with the landing folder of the benchmark."""
    folder = bench.folder / "project"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("models", "macros", "target"):
        shutil.copytree(PROJECT / name, folder / name)
    settings = (PROJECT / "project.toml").read_text(encoding="utf-8")
    landing = settings.replace(LANDING, f'"{bench.landing}"')
    (folder / "project.toml").write_text(landing, encoding="utf-8")


def land_day(bench: Bench, day: str) -> None:
    """Copy the landing files of a day."""
    for file in sorted((PROJECT / "landing").glob(f"*/{day}.*")):
        (bench.landing / file.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, bench.landing / file.parent.name)


def count_files(state: Path) -> Iterator[int]:
    """The files with rows of each table, those of the state of its merges included."""
    for table in (state / "tables").glob("*/*"):
        yield sum(1 for _ in table.rglob("*.parquet"))


def check_gold(bench: Bench) -> None:
    """Stop if the pipeline and the script did not build the same gold rows."""
    for table, key in GOLD.items():
        ours = first_rows(bench.folder / "state", table, 0)
        theirs = pq.read_table(bench.folder / "by_hand" / "tables" / table.replace(".", "/")).select(ours.column_names)
        ours, theirs = (rows.take(pc.sort_indices(rows, [(key, "ascending")])) for rows in (ours, theirs))
        if not ours.num_rows or not ours.equals(theirs.cast(ours.schema)):
            sys.exit(f"{table}: cbx has {ours.num_rows} rows, the script {theirs.num_rows}, and they differ")


def print_figures(bench: Bench) -> None:
    """The median of each figure."""
    print(f"{'':<34}{'runs':>6}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}")
    for what, figures in bench.figures.items():
        middle = median_figure(figures)
        print(f"{what:<34}{len(figures):>6}{middle.wall:>9.2f}{middle.cpu:>9.2f}{middle.memory:>9,.0f}")


def median_figure(figures: Sequence[Figure]) -> Figure:
    """The median of each number."""
    return Figure(*map(statistics.median, zip(*figures, strict=True)))


def print_targets(bench: Bench) -> None:
    """What issues and documentation promise, beside what was measured."""
    print(f"\n{'':<60}{'measured':>9}{'target':>8}")
    for what, measured, target in find_targets(bench):
        print(f"{what:<60}{measured:>9.2f}{'-' if target is None else f'{target:g}':>8}")


def find_targets(bench: Bench) -> Iterator[tuple[str, float, float | None]]:
    """What was measured, a number, and what it should be at most."""
    medians = {what: median_figure(figures) for what, figures in bench.figures.items()}
    ratios = ((LOAD_ALONE, BY_HAND, 1.25), (LOAD, CHECKED, 1.25), (LOAD, BY_HAND, None), (TWO_ROWS, LOAD, 0.1))
    for ours, theirs, target in ratios:
        if ours in medians and theirs in medians:
            yield f"CPU, {ours} / {theirs}", medians[ours].cpu / medians[theirs].cpu, target
            if theirs != LOAD:
                yield f"wall, {ours} / {theirs}", medians[ours].wall / medians[theirs].wall, None
    updates = bench.figures.get(UPDATE, [])
    if len(updates) >= 2 * FEW:
        first, last = (median_figure(some) for some in (updates[:FEW], updates[-FEW:]))
        yield f"CPU, the last {FEW} updates / the first {FEW}", last.cpu / first.cpu, 1.2
        yield f"CPU, the last {FEW} updates / {LOAD}", last.cpu / medians[LOAD].cpu, None
        yield "files of a table, the most", bench.notes["most files of a table"], 100
    if bench.options.engine == "spark" and LOAD in medians:
        most = max(
            figure.memory for what in (LOAD, LOAD_ALONE, TWO_ROWS, UPDATE) for figure in bench.figures.get(what, [])
        )
        yield (
            f"peak MB of all processes / {bench.options.memory} for Spark",
            most / megabytes(bench.options.memory),
            1.0,
        )
    for what, target in SMALL_TARGETS[bench.options.engine].items():
        if what in medians:
            yield f"wall s, {what}", medians[what].wall, target


def megabytes(size: str) -> float:
    """A size as Spark writes it, such as `4g`, in MB."""
    return float(size[:-1]) * {"m": 1.0, "g": 1024.0}[size[-1].lower()]


if __name__ == "__main__":
    main()
