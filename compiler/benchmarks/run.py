"""Measures `cbx run` on Circuit Box against a hand-written PySpark script that builds the same tables.

Both start a session, read the same landing files and leave the same fifteen tables as Parquet: bronze as landed, with
values that do not fit rescued; silver with its rules, its quarantine, a table of the newest and one of the history;
gold. The script is a batch script with given schemas: it keeps no state, so it could neither go on tomorrow nor after a
kill, and looks for no new columns. The pipeline does all that besides: it compiles the project, looks whether the
files hold columns that it does not know, streams with checkpoints, counts every rule of every table, keeps what
merging changes needs tomorrow, and switches each table in one step.

The script is measured as it is, and with the checks that the pipeline also makes: rules counted, keys and references
checked. So is the pipeline, whose checks of keys and references are tables of their own. A run with nothing new is
measured against what any Spark script pays: the session and one trivial query.

Everything runs in fresh processes, in turn, so that what else the machine does meanwhile falls on all of them; the
table shows medians. After each round it makes sure that both gave the same gold rows.

Usage: ``python compiler/benchmarks/run.py [--customers N] [--orders N] [--rounds N] [--master MASTER]``
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from processes import Figure, measure

from cbx.runtime.spark.java import java_home
from cbx.runtime.tables.show_table import first_rows
from landing import write_landing

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
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

CBX, WITHOUT, AGAIN, BY_HAND, CHECKED, SESSION = (
    "cbx run",
    "cbx run, without the checks",
    "cbx run, nothing new",
    "by hand",
    "by hand, with the checks",
    "session alone",
)
RATIOS = ((WITHOUT, BY_HAND, 1.25), (CBX, CHECKED, 1.25), (CBX, BY_HAND, None), (AGAIN, SESSION, 1.5))
"""What is held against what, and how many times its wall time it may take."""


def main() -> None:
    """Measure, compare, print."""
    parser = argparse.ArgumentParser(description="Measure cbx run against a hand-written PySpark script.")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--master", default=f"local[{min(os.cpu_count() or 2, 8)}]")
    parser.add_argument("--keep", type=Path, help="a folder for the files and the last round's tables")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        landing = folder / "landing"
        if not landing.is_dir():
            write_landing(landing, arguments.customers, arguments.orders)
        copy_project(folder / "project")
        environment = {**os.environ, "JAVA_HOME": str(java_home(folder))}
        figures: dict[str, list[Figure]] = {}
        for number in range(arguments.rounds):
            for what, command in commands(folder, arguments.master).items():
                figures.setdefault(what, []).append(measure(command, folder, environment))
                print(f"round {number + 1}: {what:<26}{figures[what][-1].wall:>8.1f} s", flush=True)
            check_gold(folder)
    print_table(figures, f"{arguments.customers:,} customers, {arguments.orders:,} orders, {arguments.master}")


def copy_project(folder: Path) -> None:
    """Circuit Box as it stands in the repository, so that a benchmark writes nothing there."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("models", "macros", "target"):
        shutil.copytree(PROJECT / name, folder / name)
    shutil.copy(PROJECT / "project.toml", folder)


def commands(folder: Path, master: str) -> Mapping[str, Sequence[str]]:
    """What to run in a round, in this order; what the last round left is removed."""
    state, without, tables, checked = (folder / name for name in ("state", "without", "by_hand", "checked"))
    for left in (state, without, tables, checked):
        shutil.rmtree(left, ignore_errors=True)
    landing = str(folder / "landing")
    run = [sys.executable, "-m", "cbx", "run", "--project", str(folder / "project"), "--master", master]
    run += ["--var", f"landing={landing}", "--state"]
    script = [sys.executable, str(HERE / "by_hand.py"), landing]
    return {
        WITHOUT: [*run, str(without), "--select", " ".join(TABLES)],
        BY_HAND: [*script, str(tables), "--master", master],
        CBX: [*run, str(state)],
        CHECKED: [*script, str(checked), "--master", master, "--checks"],
        AGAIN: [*run, str(state)],
        SESSION: [sys.executable, str(HERE / "session_alone.py"), str(folder / "alone"), master],
    }


def check_gold(folder: Path) -> None:
    """Stop if the two did not build the same gold rows."""
    for table, key in GOLD.items():
        ours = first_rows(folder / "state", table, 0)
        theirs = pq.read_table(folder / "by_hand" / "tables" / table.replace(".", "/")).select(ours.column_names)
        ours, theirs = (rows.take(pc.sort_indices(rows, [(key, "ascending")])) for rows in (ours, theirs))
        if not ours.num_rows or not ours.equals(theirs.cast(ours.schema)):
            sys.exit(f"{table}: cbx made {ours.num_rows} rows, the script {theirs.num_rows}, and they differ")


def print_table(figures: Mapping[str, Sequence[Figure]], title: str) -> None:
    """Medians, then ratios of wall time with the bound that they should keep."""
    rounds = len(figures[CBX])
    print(f"\n{title}; median of {rounds} rounds\n\n{'':<28}{'wall s':>9}{'cpu s':>9}{'peak MB':>9}")
    medians = {what: Figure(*map(statistics.median, zip(*some, strict=True))) for what, some in figures.items()}
    for what, figure in medians.items():
        print(f"{what:<28}{figure.wall:>9.1f}{figure.cpu:>9.1f}{figure.memory:>9.0f}")
    print(f"\n{'':<50}{'wall':>7}{'cpu':>7}{'target':>8}")
    for ours, theirs, most in RATIOS:
        first, second = medians[ours], medians[theirs]
        target = f"{most:.2f}" if most else "-"
        print(f"{f'{ours} / {theirs}':<50}{first.wall / second.wall:>7.2f}{first.cpu / second.cpu:>7.2f}{target:>8}")


if __name__ == "__main__":
    main()
