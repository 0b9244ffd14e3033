"""``cbx events``: prints the result of the last update, from its event log."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines
from cbx.cli.options import ProjectOption, StateOption

if TYPE_CHECKING:
    from rich.text import Text


class EventFormat(str, Enum):
    """The format of events."""

    table = "table"
    json = "json"


def events(
    format: Annotated[  # noqa: A002 - the name of the option
        EventFormat, typer.Option(help="json: the lines of the event log.")
    ] = EventFormat.table,
    project: ProjectOption = None,
    state: StateOption = None,
) -> None:
    """Print rows, expectations and refreshes of the last run. They come from its event log."""
    from cbx.cli.display.run import error_console, show_run_errors
    from cbx.cli.places import state_folder
    from cbx.runtime.errors import CannotRunError
    from cbx.runtime.log.last_update import last_update

    try:
        rows = last_update(state_folder(state, project))
    except CannotRunError as error:
        show_run_errors(error_console(), [error.diagnostic])
        raise typer.Exit(2) from None
    if format is EventFormat.json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
    else:
        _print_table(rows)


def _print_table(rows: list[dict[str, Any]]) -> None:
    from cbx.cli.display.console_text import open_console, print_plain, print_words

    console = open_console(sys.stdout)
    print_words(console, describe_update(rows))
    console.print()
    for line in event_lines(rows, console.width):
        print_plain(console, line)
    for row in rows:
        if row["error"] and not _is_skipped(row):
            for line in row["error"]["exceptions"][0]["message"].split("\n"):
                print_words(console, line, "  ")


def _is_skipped(row: dict[str, Any]) -> bool:
    """Whether an event is about a dataset that was skipped because another failed, whose error is there, too."""
    flow = row["details"].get("flow_progress")
    return flow is not None and flow["status"] == "SKIPPED"


def describe_update(rows: Sequence[dict[str, Any]]) -> str:
    """When an update started, in the time of this machine, and how it ended."""
    started = datetime.fromisoformat(rows[0]["timestamp"].replace("Z", "+00:00")).astimezone()
    states = [row["details"]["update_progress"]["state"] for row in rows if "update_progress" in row["details"]]
    end = states[-1] if states and states[-1] in _ENDS else "not finished, or killed"
    return f"Update of {started:%Y-%m-%d %H:%M:%S}: {end.lower()}"


_ENDS = frozenset({"COMPLETED", "FAILED", "CANCELED"})


def event_lines(rows: Sequence[dict[str, Any]], width: int) -> Iterator[Text]:
    """A line for each dataset and each expectation of an update.

    Args:
        rows: The events.
        width: The width of the terminal.
    """
    columns = (
        LineColumn("dataset"),
        LineColumn("status"),
        LineColumn("refresh", is_optional=True),
        *(LineColumn(name, is_number=True) for name in ("passed", "failed", "written", "dropped")),
    )
    refreshes = {row["origin"]["dataset_name"]: _refresh(row) for row in rows if _PLANNING in row["details"]}
    lines = [line for row in rows for line in _lines(row, refreshes)]
    return aligned_lines(columns, lines, width, note_style="dim")


_PLANNING = "planning_information"
_NAMES = {"NO_OP": "", "COMPLETE_RECOMPUTE": "full"}
_USUAL = "CHANGE_SET_MISSING"


def _refresh(row: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """How a materialized view was refreshed, and why not incrementally, if that needs saying."""
    techniques = row["details"][_PLANNING]["technique_information"]
    chosen = next(each["maintenance_type"] for each in techniques if each.get("is_chosen"))
    issues = [issue for each in techniques for issue in each.get("incrementalization_issues", ())]
    reasons = tuple(issue["reason"] for issue in issues if issue["issue_type"] != _USUAL)
    return _NAMES.get(chosen.removeprefix("MAINTENANCE_TYPE_"), "incremental"), reasons


def _lines(row: dict[str, Any], refreshes: dict[str, tuple[str, tuple[str, ...]]]) -> list[Line]:
    """The lines of the table for an event: the dataset, then its expectations."""
    progress = row["details"].get("flow_progress")
    if progress is None or progress["status"] == "RUNNING":
        return []
    metrics, quality = progress.get("metrics", {}), progress.get("data_quality", {})
    written = metrics.get("num_output_rows", metrics.get("num_upserted_rows"))
    is_unchanged = progress["status"] == "COMPLETED" and progress.get("unchanged")
    status = "unchanged" if is_unchanged else progress["status"].lower()
    name = row["origin"]["dataset_name"]
    refresh, reasons = refreshes.get(name, ("", ()))
    tail = ["" if value is None else f"{value:,}" for value in (written, quality.get("dropped_records"))]
    notes = (("because", reasons),) if reasons else ()
    rules = [
        Line((f"  {rule['name']}", "", "", f"{rule['passed_records']:,}", f"{rule['failed_records']:,}", "", ""))
        for rule in quality.get("expectations", [])
    ]
    return [Line((name, status, refresh, "", "", *tail), notes), *rules]
