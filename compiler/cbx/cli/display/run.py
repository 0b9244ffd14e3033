"""The end of the output of ``cbx run``: a table, the checks and the problems."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines
from cbx.cli.display.check_results import describe_violations
from cbx.cli.display.colours import ERROR, WARNING
from cbx.cli.display.console_text import console_width, open_console, print_plain, print_words
from cbx.cli.display.diagnostics import as_text
from cbx.cli.display.terminal_text import wrap_words
from cbx.cli.places import relative_folder
from cbx.diagnostics.diagnostic import read_sources

if TYPE_CHECKING:
    from rich.console import Console

    from cbx.diagnostics.diagnostic import Diagnostic
    from cbx.runtime.results import DatasetResult, RunResult

_COLUMNS = (
    LineColumn("table"),
    LineColumn("kind", is_optional=True),
    LineColumn("", is_optional=False),
    LineColumn("read", is_number=True),
    LineColumn("written", is_number=True),
    LineColumn("dropped", is_number=True),
    LineColumn("time", is_number=True, is_optional=True),
)


def closing_lines(datasets: Sequence[DatasetResult], width: int) -> Iterator[Text]:
    """A line for each dataset: rows read, written and dropped, and the time; violated expectations are below it.

    A dataset that is unchanged has a line if its rows violate expectations.
    """
    lines = [_closing_line(dataset) for dataset in datasets]
    shown = [line for line, dataset in zip(lines, datasets, strict=True) if dataset.status != "unchanged" or line.notes]
    return aligned_lines(_COLUMNS, shown, width) if shown else iter(())


def _closing_line(dataset: DatasetResult) -> Line:
    style = {"failed": ERROR.style, "skipped": WARNING.style}.get(dataset.status, "")
    status = "" if dataset.status == "completed" else dataset.status
    head, time = (dataset.name, table_kind(dataset.kind), status), f"{dataset.seconds:.1f} s"
    if style or dataset.status == "unchanged":
        notes = () if style else tuple(_violations(dataset))
        return Line((*head, "", "", "", time if dataset.status == "failed" else ""), notes, style)
    dropped = f"{dataset.rows_dropped:,}" if _has_drops(dataset) else ""
    cells = (*head, f"{dataset.rows_read:,}", f"{dataset.rows_written:,}", dropped, time)
    return Line(cells, tuple(_violations(dataset)))


def _has_drops(dataset: DatasetResult) -> bool:
    takes_changes = dataset.kind.startswith("scd")
    return any(
        rule.on_violation == "drop" and (takes_changes or rule.dataset == dataset.name) for rule in dataset.expectations
    )


def _violations(dataset: DatasetResult) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The violated expectations by what they do; those of an unchanged dataset are of its last update with rows."""
    for on_violation, mark in (("fail", "failed"), ("drop", "dropped"), ("warn", "warned")):
        rules = [rule for rule in dataset.expectations if rule.failed and rule.on_violation == on_violation]
        if rules:
            yield mark, tuple(f"{rule.name} {rule.failed:,}" for rule in rules)


def _show_checks(console: Console, checks: Sequence[DatasetResult]) -> None:
    """Print a line with the number of checks that passed, and a line for each that failed."""
    if not checks:
        return
    refreshed = [check for check in checks if check.status in ("completed", "unchanged")]
    failed = [check for check in refreshed if any(rule.failed for rule in check.expectations)]
    parts = [f"{len(refreshed) - len(failed)} passed"]
    parts += [f"{len(failed)} failed"] if failed else []
    parts += [f"{len(checks) - len(refreshed)} not refreshed"] if len(refreshed) < len(checks) else []
    unchanged = sum(check.status == "unchanged" for check in refreshed)
    rest = f" ({'all' if unchanged == len(checks) else unchanged} unchanged)" if unchanged else ""
    print_words(console, f"checks on the data: {', '.join(parts)}{rest}", "  ")
    failed += [
        check for check in checks if check.status == "skipped" and any(rule.failed for rule in check.expectations)
    ]
    columns = (LineColumn("failed check"), LineColumn("violations"), LineColumn("", is_optional=True))
    for line in aligned_lines(columns, [_failed_check(check) for check in failed], console.width) if failed else ():
        print_plain(console, line)
    console.print()


def _failed_check(check: DatasetResult) -> Line:
    violations = [
        describe_violations(rule.name, rule.failed, rule.passed + rule.failed)
        for rule in check.expectations
        if rule.failed
    ]
    status = "" if check.status == "completed" else "unchanged"
    return Line((check.name, ", ".join(violations), status), style=WARNING.style)


_KINDS = {
    "streaming": "streaming table",
    "rewritten": "streaming table",
    "batch": "materialized view",
    "scd 1": "SCD type 1",
    "scd 2": "SCD type 2",
}


def table_kind(kind: str) -> str:
    """The kind of a dataset in words."""
    return _KINDS.get(kind, kind)


def show_error(console: Console, message: str, hint: str | None = None) -> None:
    """Print an error in the use of a command, which has no code."""
    width = console_width(console)
    first, *more = wrap_words(f"error: {message}", width, "  ")
    print_plain(console, Text.assemble(("error", f"bold {ERROR.style}"), first.removeprefix("error")))
    for line in [*more, *(wrap_words(f"  = hint: {hint}", width, "    ") if hint else ())]:
        print_plain(console, Text(line))


def show_run_errors(
    console: Console,
    diagnostics: Sequence[Diagnostic],
    root: Path | None = None,
    sources: Mapping[str, str] | None = None,
) -> None:
    """Print the errors of a run in the layout of `cbx compile`, and how to learn more.

    Args:
        console: Where to print.
        diagnostics: The errors.
        root: The folder of relative paths in spans; None for the current one.
        sources: The texts by path, if they are not those of files.
    """
    if not diagnostics:
        return
    if sources is None:
        sources = {_short(path): text for path, text in read_sources(root or Path.cwd(), diagnostics).items()}
    for diagnostic in map(_with_short_paths, diagnostics):
        headline, *more = diagnostic.message.split("\n")
        width = console_width(console)
        text = as_text(diagnostic._replace(message=headline), sources, in_colour=True, width=width, details=more)
        console.print(Text.from_ansi(text), soft_wrap=True)
    first = min(diagnostic.code.id for diagnostic in diagnostics)
    print_words(console, f"For more information, run `cbx explain {first}`.")


def _with_short_paths(diagnostic: Diagnostic) -> Diagnostic:
    span = diagnostic.span and diagnostic.span._replace(path=_short(diagnostic.span.path))
    related = (other._replace(span=other.span._replace(path=_short(other.span.path))) for other in diagnostic.related)
    return diagnostic._replace(span=span, related=tuple(related))


def _short(path: str) -> str:
    """An absolute path below the current folder as a relative one."""
    return relative_folder(Path(path)).as_posix() if Path(path).is_absolute() else path


def show_result(
    console: Console,
    result: RunResult,
    state: str,
    checks: frozenset[str] = frozenset(),
    root: Path | None = None,
) -> None:
    """Print the end of an update: the table, the checks, the problems, and where the tables are.

    Args:
        console: The console.
        result: The result.
        state: The state folder, as the user would write it.
        checks: The datasets that only check other datasets, which are counted.
        root: The folder of relative paths in spans; None for the current one.
    """
    datasets = [dataset for dataset in result.datasets if dataset.name not in checks]
    lines = [*closing_lines(datasets, console.width)]
    if lines:
        console.print()
        for line in lines:
            print_plain(console, line)
        console.print()
    _show_checks(console, [dataset for dataset in result.datasets if dataset.name in checks])
    errors = run_errors(result)
    show_run_errors(console, errors, root)
    if errors:
        console.print()
    refreshed = [dataset for dataset in datasets if dataset.status in ("completed", "unchanged")]
    tables = [dataset for dataset in refreshed if dataset.kind not in ("view", "sink")]
    if datasets:
        print_words(console, _closing_sentence(datasets, result.seconds))
    if tables:
        views = [dataset for dataset in tables if dataset.kind == "batch"]
        name = (views or tables)[-1].name
        print_words(console, f"Tables are in {state}. Try `cbx show {name}`.")


def _closing_sentence(datasets: Sequence[DatasetResult], seconds: float) -> str:
    """How many tables were refreshed and how many not, and how long it took."""
    counts = Counter(dataset.status for dataset in datasets)
    unchanged = counts["unchanged"]
    if unchanged == len(datasets):
        is_one = unchanged == 1
        tables = "the table is" if is_one else f"all {unchanged:,} tables are"
        return f"Nothing new: {tables} up to date ({seconds:.1f} s)."
    others = [f"{counts[status]:,} {status}" for status in ("unchanged", "failed", "skipped") if counts[status]]
    tables = f"{counts['completed']:,} table{'' if counts['completed'] == 1 else 's'}"
    return f"Refreshed {tables} in {seconds:.1f} s{': ' * bool(others)}{', '.join(others)}."


def run_errors(result: RunResult) -> list[Diagnostic]:
    """The errors of an update; those of a dataset start with its name."""
    errors = list(result.diagnostics)
    for dataset in result.datasets:
        if dataset.diagnostic is not None and dataset.status == "failed":
            message = dataset.diagnostic.message
            start = f"{dataset.name}: "
            errors.append(dataset.diagnostic._replace(message=f"{start}{message.removeprefix(start)}"))
    return errors


def show_graph(console: Console, result: RunResult, root: Path | None = None) -> None:
    """Print the datasets and their inputs after a dry run."""
    out = open_console(sys.stdout)
    columns = (LineColumn("dataset"), LineColumn("kind", is_optional=True))
    lines = [
        Line((dataset.name, table_kind(dataset.kind)), (("reads", dataset.inputs),) if dataset.inputs else ())
        for dataset in result.datasets
    ]
    for line in aligned_lines(columns, lines, out.width, "dim") if lines else ():
        print_plain(out, line)
    show_run_errors(console, run_errors(result), root)


def error_console() -> Console:
    """The console for progress and problems; lines in a file are not wrapped."""
    return open_console(sys.stderr)
