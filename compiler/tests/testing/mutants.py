"""Mutants of Circuit Box: models and macros with one small mistake each, made mechanically, for its tests to find.

    python compiler/tests/testing/mutants.py [--every N]

prints what each mutant changes and which test finds it, and fails if one is not found. A mutant that the compiler
refuses is found without a test, and is counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cbx.testing.project.compile_once import DoesNotCompileError, compile_once

PROJECT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Mutation:
    """A way to make a mistake: what it is called, what it looks for, and what it puts there."""

    name: str
    pattern: str
    replacement: str
    files: str = ""


COLUMNS = "city|state|postcode|telephone|email|date_of_birth|customer_name|payment_method|order_status"
ORDERED = 'sequence_by="'
MUTATIONS = (
    Mutation("a rule that stops only drops", r"\bexpect_or_fail\(", "expect_or_drop("),
    Mutation("a rule that drops only warns", r"\bexpect_or_drop\(", "expect("),
    Mutation("a rule that warns drops", r"\bexpect\(", "expect_or_drop("),
    Mutation("a condition always holds", r'(\bexpect\w*\(\s*"\w+",\s*)"(?:[^"\\]|\\.)*"', r'\1"true"'),
    Mutation("a rule wants one more", r"(?<=', )(10|5)(?=\))", "1\\1"),
    Mutation("a rule wants one less", r"(?<=', )(10|5)(?=\))", "4"),
    Mutation("an earlier date is refused", r"1920-01-01", "1920-01-02"),
    Mutation("a later date is taken", r"1920-01-01", "1919-12-31"),
    Mutation("a known text is left out", r"'[\w ]+', (?='[\w ]+'(?:, |\]))", ""),
    Mutation("a text is another one", r"'(Cancelled|Pending)'(?=\"\)|\n)", r"'\1 '"),
    Mutation("an inner join is made left", r"\nJOIN ", "\nLEFT JOIN "),
    Mutation("a left join is made inner", r"\nLEFT JOIN ", "\nJOIN "),
    Mutation("an inner join is made left", r'\.join\((\w+), "(\w+)"\)', r'.join(\1, "\2", "left")'),
    Mutation("a left join is made inner", r', "left"\)', ")"),
    Mutation("a filter is dropped", r"\nWHERE [^\n]+", ""),
    Mutation("a filter is dropped", r'\.where\("[^"]+"\)', ""),
    Mutation("a filter is turned round", r" <> ", " = "),
    Mutation("a filter is turned round", r"(?<=\w) IS NULL", " IS NOT NULL"),
    Mutation("a distinct count counts all", r"count\(DISTINCT ", "count("),
    Mutation("a distinct count counts all", r"countDistinct\(", "count("),
    Mutation("a sum is a maximum", r"\bsum\(", "max("),
    Mutation("the newest is the oldest", r"\bmax_by\(", "min_by("),
    Mutation("the last is the first", r"\bmax\(", "min("),
    Mutation("a history is kept", r"scd_type=1", "scd_type=2"),
    Mutation("no history is kept", r"scd_type=2", "scd_type=1"),
    Mutation("changes are ordered by name", f"{ORDERED}created_date", 'sequence_by="customer_name', "customers.py"),
    Mutation("changes are ordered by postcode", f"{ORDERED}created_date", 'sequence_by="postcode', "addresses.py"),
    Mutation("empty lists leave a row", r"VIEW explode\(", "VIEW OUTER explode("),
    Mutation("dropped rows are not kept", r"    quarantine=True,\n", ""),
    Mutation("another fact of the file", r"_metadata\.file_path", "_metadata.file_name"),
    Mutation("a time of the day is lost", r"F\.current_timestamp\(\)", "F.current_date().cast('TIMESTAMP')"),
    Mutation("a digit is lost", r"\[\^0-9\]", "[^0-8]"),
    Mutation("prices are added", r"item_price(\"\))? \* ", r"item_price\1 + "),
    Mutation("cents are lost", r"DECIMAL\(18, 2\)(?=\"\)$| *\)\n)", "DECIMAL(18, 0)"),
    Mutation("a column is a constant", rf'\n        "({COLUMNS})",', r'\n        F.lit("x").alias("\1"),'),
    Mutation("a column is always NULL", rf"\n    (?:\w+\.)?({COLUMNS})(?=,|\n)", r"\n    NULL AS \1"),
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed file of the project."""

    path: str
    line: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.name}"


def mutants() -> Iterator[Mutant]:
    """Every mutation at every place, and columns of a query that change places."""
    for path in sorted([*PROJECT.glob("models/*/*.*"), *PROJECT.glob("macros/*.*")]):
        if path.suffix not in {".py", ".sql"}:
            continue
        name, text = path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8")
        for mutation in MUTATIONS:
            if mutation.files and not name.endswith(f"/{mutation.files}"):
                continue
            for match in re.finditer(mutation.pattern, text):
                changed = text[: match.start()] + match.expand(mutation.replacement) + text[match.end() :]
                yield Mutant(name, text.count("\n", 0, match.start()) + 1, mutation.name, changed)
        if path.suffix == ".sql" and name.startswith("models/"):
            yield from swap_columns(name, text)


_PAIR = re.compile(
    r"\n    (?P<first>[\w.]+)(?: AS (?P<as_first>\w+))?,\n    (?P<second>[\w.]+)(?: AS (?P<as_second>\w+))?(?=,?\n)"
)


def swap_columns(path: str, text: str) -> Iterator[Mutant]:
    """Swap two consecutive columns of a select list, which keep each other's names."""
    start = text.index(") }}")
    while (match := _PAIR.search(text, start)) is not None:
        first, second = match["first"], match["second"]
        names = [match["as_first"] or first.rpartition(".")[2], match["as_second"] or second.rpartition(".")[2]]
        changed = f"\n    {second} AS {names[0]},\n    {first} AS {names[1]}"
        line = text.count("\n", 0, match.start()) + 2
        yield Mutant(path, line, "two columns change places", text[: match.start()] + changed + text[match.end() :])
        start = match.start() + 1


class FirstFailure:
    """Remembers the first test that failed, and its message."""

    def __init__(self) -> None:
        self.test = self.message = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.test:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.test = report.nodeid
            self.message = str(report.longrepr if crash is None else crash.message)


@dataclass(frozen=True)
class Outcome:
    """The result of a mutant: ``found`` by a test, ``refused`` by the compiler, or it ``lives``."""

    verdict: str
    by: str = ""
    message: str = ""


def try_mutant(mutant: Mutant, folder: Path) -> Outcome:
    """Put a mutant into a copy of the project and run the tests of its model."""
    original = folder / mutant.path
    before = original.read_text(encoding="utf-8")
    original.write_text(mutant.text, encoding="utf-8")
    try:
        project = compile_once(folder, with_trace=False)
        models = [model.id for model in project.models.values() if model.path == mutant.path]
        failure, output = FirstFailure(), io.StringIO()
        selection = [f"--cbx-models={' '.join(models)}"] if models else []
        arguments = [
            str(PROJECT / "tests"),
            "--cbx-engine=sail",
            f"--cbx-project={folder}",
            "-x",
            "-p",
            "no:cacheprovider",
            *selection,
        ]
        with contextlib.redirect_stdout(output):
            status = pytest.main(["-q", "-W", _LOADED_BEFORE, *arguments], plugins=[failure])
    except DoesNotCompileError as error:
        return Outcome("refused", "the compiler", str(error).splitlines()[1].strip())
    finally:
        original.write_text(before, encoding="utf-8")
    return (
        Outcome("found", failure.test, failure.message)
        if status == pytest.ExitCode.TESTS_FAILED
        else Outcome("lives", message=output.getvalue()[-500:])
    )


_LOADED_BEFORE = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"


def copy_project(folder: Path) -> None:
    """Copy the models and what they need; the tests stay in the project."""
    for part in ("models", "macros"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "project.toml", folder)


def main() -> int:
    """Try every mutant, or every Nth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="Try every Nth mutant only.")
    parser.add_argument("--verbose", action="store_true", help="Show what the failing tests say.")
    options = parser.parse_args()
    started, counts = time.monotonic(), {"found": 0, "refused": 0, "lives": 0}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        copy_project(folder)
        unchanged = Mutant("project.toml", 1, "nothing", (folder / "project.toml").read_text(encoding="utf-8"))
        if try_mutant(unchanged, folder).verdict != "lives":
            sys.exit("the tests fail without any mistake")
        for mutant in list(mutants())[:: options.every]:
            result = try_mutant(mutant, folder)
            counts[result.verdict] += 1
            print(f"{result.verdict:<8} {mutant}{f'  ({result.by})' if result.by else ''}", flush=True)
            if options.verbose or result.verdict == "lives":
                print("".join(f"           {line}\n" for line in result.message.splitlines()[:12]))
    seconds = time.monotonic() - started
    print(
        f"\n{counts['found']} mutants found by tests, {counts['refused']} refused by the compiler, "
        f"{counts['lives']} alive, in {seconds:.0f} s"
    )
    return int(counts["lives"] > 0)


if __name__ == "__main__":
    sys.exit(main())
