"""Every table that cbx prints, at 60 to 200 columns: no column is cut, no word is broken, no line is wrapped."""

from __future__ import annotations

import io
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from cbx.cli.display.console_text import print_words
from cbx.cli.display.deployment import expectation_lines
from cbx.cli.display.row_layout import RowColumn, lay_out_rows
from cbx.cli.display.run import closing_lines, show_result
from cbx.cli.display.terminal_text import text_width
from cbx.cli.doctor import Finding, finding_lines
from cbx.cli.events import event_lines
from cbx.deploy.events import ExpectationTotal
from cbx.runtime.results import DatasetResult, ExpectationMetrics, RunResult

WIDTHS = st.integers(60, 200)
NAMES = st.text("abcdefghij_", min_size=1, max_size=24).map("silver.{}".format)
WORDS = st.text("abc.é漢_", min_size=1, max_size=30)
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)
COUNTS = st.integers(0, 10**9)


def check_lines(lines: Iterable[Text | str], words: Iterable[str], width: int) -> None:
    """All lines fit, and all words are whole."""
    shown = [line.plain if isinstance(line, Text) else line for line in lines]
    everything = "\n".join(shown)

    assert [line for line in shown if text_width(line.rstrip()) > width] == []
    assert [word for word in words if word not in everything] == []


VALUES = st.one_of(st.none(), TEXTS, st.sampled_from(["2026-01-01 10:00:00", "ada@example.com", "a\nb", "\x1b[31mred"]))


@given(st.lists(st.text("abcdefghij_漢", min_size=1, max_size=40), min_size=1, max_size=9), WIDTHS, st.data())
def test_rows(names: list[str], width: int, data: st.DataObject) -> None:
    """Of `cbx show` and `cbx query`."""
    rows = data.draw(st.lists(st.lists(VALUES, min_size=len(names), max_size=len(names)), min_size=1, max_size=4))
    lines = list(lay_out_rows([RowColumn(name, is_number=False) for name in names], rows, width))
    values = [value.replace("\x1b", "\N{REPLACEMENT CHARACTER}") for row in rows for value in row if value]

    check_lines(lines, [*names, *(word for value in values for word in value.split())], width)


def make_result(name: str, data: st.DataObject) -> DatasetResult:
    rules = data.draw(st.lists(st.tuples(st.sampled_from(["warn", "drop", "fail"]), COUNTS), max_size=3))
    return DatasetResult(
        name,
        data.draw(st.sampled_from(["streaming", "batch", "scd 2", "view"])),
        data.draw(st.sampled_from(["completed", "unchanged", "failed", "skipped"])),
        rows_read=data.draw(COUNTS),
        rows_written=data.draw(COUNTS),
        expectations=tuple(
            ExpectationMetrics(f"valid_{place}", name, does, 5, failed) for place, (does, failed) in enumerate(rules)
        ),
        inputs=("bronze.some_table", "bronze.some_other_table"),
    )


def has_violations(result: DatasetResult) -> bool:
    return any(rule.failed for rule in result.expectations)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), WIDTHS, st.data())
def test_the_end_of_a_run(names: list[str], width: int, data: st.DataObject) -> None:
    """The table, the checks, and the lines below."""
    results = [make_result(name, data) for name in names]
    written = io.StringIO()
    console = Console(file=written, width=width, color_system=None, force_terminal=True)
    show_result(console, RunResult(tuple(results), (), 12.3), ".cbx/", frozenset(names[:1]))

    shown = {result.name for result in results if result.status != "unchanged" or has_violations(result)}

    check_lines(closing_lines(results, width), shown, width)
    check_lines(written.getvalue().splitlines(), shown - {names[0]}, width)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), WIDTHS, st.data())
def test_events(names: list[str], width: int, data: st.DataObject) -> None:
    """A dataset, its expectations, and why it was recomputed."""
    rows = []
    for name in names:
        rule = {"name": "valid_email", "passed_records": data.draw(COUNTS), "failed_records": data.draw(COUNTS)}
        quality = {"dropped_records": data.draw(COUNTS), "expectations": [rule]}
        metrics = {"num_output_rows": data.draw(COUNTS)}
        progress = {"status": "COMPLETED", "metrics": metrics, "data_quality": quality}
        rows.append({"origin": {"dataset_name": name}, "details": {"flow_progress": progress}, "error": None})

    check_lines(event_lines(rows, width), [*names, "valid_email"], width)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), WIDTHS, st.data())
def test_expectations_of_a_deployed_update(names: list[str], width: int, data: st.DataObject) -> None:
    """As `cbx deploy --wait` shows them."""
    rules = [ExpectationTotal(name, "valid_email", data.draw(COUNTS), data.draw(COUNTS)) for name in names]

    check_lines(expectation_lines(rules, width), [*names, "valid_email"], width)


SHORT_TEXTS = st.lists(st.text("abc.é漢_", min_size=1, max_size=18), max_size=30).map(" ".join)


@given(WORDS, SHORT_TEXTS, SHORT_TEXTS, WIDTHS)
def test_the_findings_of_the_doctor(part: str, found: str, way_out: str, width: int) -> None:
    lines = finding_lines(Finding(part[:12], False, found, way_out), width)

    check_lines(lines, [*found.split(), *way_out.split()], width)


@given(st.lists(NAMES, min_size=1, max_size=4), TEXTS, WIDTHS)
def test_lines_of_a_plan(names: list[str], text: str, width: int) -> None:
    """A verdict is longer than a terminal at times."""
    written = io.StringIO()
    console = Console(file=written, width=width, color_system=None, force_terminal=True)
    for name in names:
        print_words(console, f"~ {name}   streaming_table   {text}", "      ")

    check_lines(written.getvalue().splitlines(), [*names, *text.split()], width)
