"""Breaks each rule of the analysis, one at a time, and tells what finds out: ``make mutants``.

    python compiler/tests/analysis/mutants.py [QUERIES] [PART OF A NAME]

The cases are tried first. Where they find nothing, random queries are, and the number says how many it took. The exit
status is 1 if a mutant is found by neither within QUERIES.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = HERE.parent.parent / "cbx"
ALIVE = "ALIVE"
CASES = (
    "test_grain_cases.py", "test_verdicts.py", "test_comparable_types.py", "test_equal_values.py", "test_columns.py",
    "test_closed_world.py", "test_provable_keys.py", "test_streams.py", "test_understood_is_read.py",
)  # fmt: skip
MEASURE_CASES = ("test_measures.py",)
TRACING_CASES = ("test_tracing_models.py", "test_tracing.py")


@dataclass(frozen=True)
class Mutant:
    """A rule that is broken: in a file of the analysis, one text makes way for another."""

    name: str
    file: Path
    old: str
    new: str
    is_of_aggregates: bool = False


def read_mutants() -> list[Mutant]:
    """The mutants of ``mutants.txt``."""
    of_keys, _, of_aggregates = (HERE / "mutants.txt").read_text(encoding="utf-8").partition("\n# Aggregates\n")
    found = []
    for text in (of_keys, of_aggregates):
        for block in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            name, file, *lines = block.splitlines()
            old, new = ("\n".join(line[1:] for line in lines if line.startswith(sign)) for sign in "-+")
            found.append(Mutant(name, Path("analysis") / file, old, new, text is of_aggregates))
    return found


def _try(mutant: Mutant, queries: int) -> tuple[Mutant, str]:
    """Whether the cases find a mutant, or how many queries it took."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "cbx"
        shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
        file = copied / mutant.file
        file.write_text(file.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{HERE}"}
        names = MEASURE_CASES if mutant.is_of_aggregates else CASES
        names += TRACING_CASES if mutant.file.parts[1] == "tracing" else ()
        cases = [str(HERE / name) for name in names]
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *cases]
        done = subprocess.run(command, capture_output=True, check=False, env=environment)
        if done.returncode:
            return mutant, "cases"
        search_name = "search_measures" if mutant.is_of_aggregates else "search"
        code = f"import mutants; mutants.{search_name}({queries})"
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
        )
    count = int(found.stdout.split()[-1])
    return mutant, str(count) if count >= 0 else ALIVE


def search(queries: int) -> None:
    """Print the number of the query whose verdicts the data disproves; -1 if there is none."""
    from random_data import Data
    from random_queries import random_query
    from random_schemas import random_schema
    from test_grain_on_data import QUERIES_A_SCHEMA, SEED, check_query

    for number in range(0, queries, QUERIES_A_SCHEMA):
        chance = random.Random(f"{SEED} {number}")
        schema = random_schema(chance)
        data = Data(schema, chance)
        for at in range(QUERIES_A_SCHEMA):
            try:
                check_query(random_query(schema, chance), schema, data, chance)
            except Exception:  # noqa: BLE001 - a mutant may break anything
                print(number + at + 1)
                return
        data.engine.close()
    print(-1)


def search_measures(queries: int) -> None:
    """Print the number of the query whose verdicts on aggregates the data disproves; -1 if there is none."""
    from measure_claims import QUERIES_PER_SCHEMA, random_cases
    from test_measures_on_data import SEED, hold_claims

    tried = 0
    try:
        for number in range(queries // QUERIES_PER_SCHEMA + 1):
            for data, claims in random_cases(SEED, number):
                if claims is not None:
                    hold_claims(claims, data)
                tried += 1
    except Exception:  # noqa: BLE001 - a mutant may break anything
        print(tried + 1)
    else:
        print(-1)


def main() -> int:
    """Try all mutants, or those whose names hold a text."""
    queries = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    chosen = [mutant for mutant in read_mutants() if len(sys.argv) < 3 or sys.argv[2] in mutant.name]
    survivors = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for mutant, how in pool.map(lambda mutant: _try(mutant, queries), chosen):
            survivors += how == ALIVE
            print(f"{how:>6}  {mutant.name}", flush=True)
    print(f"{len(chosen)} mutants, {survivors} alive")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
