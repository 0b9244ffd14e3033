"""A change plan as text: lines for a terminal, and Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cbx.changes.change_plan import ChangePlan, Difference, ModelChange
from cbx.changes.plan_document import counts

MARKS = {"add": "+", "remove": "-", "change": "~", "refresh": "~"}
_REFRESH = {
    "none": "no refresh",
    "incremental": "incremental refresh",
    "full_refresh": "full refresh",
    "recreate": "drop and recreate",
}

_AS_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\\": "&#92;", "[": "&#91;", "|": "\\|"})
_CALL = re.compile(r"(?<!\w)@(?=\w)")
"""A mention of a person or a team; an email address has a word before the at sign."""


def as_lines(plan: ChangePlan) -> Iterator[str]:
    """The plan for a terminal: lines that begin with ``+``, ``-`` or ``~``, and details indented below them."""
    width = max((len(change.model) for change in plan.models), default=0)
    kinds = max((len(_spell_kind(change.kind)) for change in plan.models), default=0)
    for change in plan.models:
        kind = _spell_kind(change.kind)
        yield f"{MARKS[change.action]} {change.model:<{width}}   {kind:<{kinds}}   {_verdict(change)}".rstrip()
        yield from _difference_lines(_differences_of(change))
    for heading, differences in _other_differences(plan):
        yield f"~ {heading}"
        yield from _difference_lines(differences)
    yield summary(plan)


def _spell_kind(kind: str) -> str:
    """The kind of a model in words."""
    return "AUTO CDC" if kind.startswith("auto_cdc") else kind.replace("_", " ")


def summary(plan: ChangePlan) -> str:
    """The plan in one sentence."""
    if plan.is_empty:
        return "Nothing has changed since the last deployment."
    numbers = counts(plan)
    parts = [f"{numbers[word]} {word}" for word in ("added", "changed", "removed", "refreshed") if numbers[word]]
    models = ", ".join(parts) or "No model changes"
    first = "First deployment: " if plan.is_first else ""
    tail = f" Full refresh: {', '.join(plan.full_refresh)}." if plan.full_refresh else ""
    lost = (
        f" Rows are lost: {', '.join(dict.fromkeys(name for name, _ in plan.destructive))}." if plan.destructive else ""
    )
    return f"{first}{models}.{tail}{lost}"


def _differences_of(change: ModelChange) -> list[Difference]:
    """The differences to show: of a new model only what follows from them."""
    return [difference for difference in change.differences if change.action != "add" or difference.reason]


def _verdict(change: ModelChange) -> str:
    if change.action == "add":
        return "new"
    verdict = "removed" if change.action == "remove" else _REFRESH[change.refresh]
    return f"{verdict}, rows are lost" if change.is_destructive else verdict


def _difference_lines(differences: Iterable[Difference]) -> Iterator[str]:
    for difference in differences:
        reason = f" ({difference.reason})" if difference.reason else ""
        yield f"    {difference.aspect}: {difference.detail}{reason}"


def _other_differences(plan: ChangePlan) -> Iterator[tuple[str, tuple[Difference, ...]]]:
    for heading, differences in (("pipeline", plan.settings), ("checks", plan.checks), ("project", plan.project)):
        if differences:
            yield heading, differences


def as_markdown(plan: ChangePlan, project: str, environment: str) -> Iterator[str]:
    """The plan as a comment on a pull request: a table of the models, and other differences to unfold."""
    yield f"### `{project}` in `{environment}`"
    yield ""
    yield _escape_markdown(summary(plan))
    if plan.models:
        yield ""
        yield "| | model | kind | next update | why |"
        yield "|---|---|---|---|---|"
        for change in plan.models:
            kind, verdict, reasons = _spell_kind(change.kind), _verdict_markdown(change), _reasons_markdown(change)
            yield f"| `{MARKS[change.action]}` | `{change.model}` | {kind} | {verdict} | {reasons} |"
    rows = [(heading, difference) for heading, differences in _other_differences(plan) for difference in differences]
    if rows:
        yield ""
        yield f"<details><summary>{len(rows)} more difference{'' if len(rows) == 1 else 's'}</summary>"
        yield ""
        yield "| | what | |"
        yield "|---|---|---|"
        for heading, difference in rows:
            yield f"| {heading} | {_escape_markdown(difference.aspect)} | {_escape_markdown(difference.detail)} |"
        yield ""
        yield "</details>"


def _verdict_markdown(change: ModelChange) -> str:
    verdict = _verdict(change)
    return f"**{verdict}**" if change.is_destructive or change.refresh in {"full_refresh", "recreate"} else verdict


def _reasons_markdown(change: ModelChange) -> str:
    return "<br>".join(
        _escape_markdown(
            f"{difference.aspect}: {difference.detail}" + (f" ({difference.reason})" if difference.reason else "")
        )
        for difference in _differences_of(change)
    )


def _escape_markdown(text: str) -> str:
    """Make a user's text safe in a table of GitHub Markdown: no tags, cells, lines, links or mentions."""
    return " ".join(_CALL.sub("@<!-- -->", text.translate(_AS_TEXT)).split())
