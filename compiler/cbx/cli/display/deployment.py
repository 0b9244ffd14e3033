"""The output of ``cbx plan`` and ``cbx deploy``: the plan, the steps of a deployment, and the progress of an update."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from cbx.cli.display.aligned_lines import Line, LineColumn, aligned_lines
from cbx.cli.display.check_results import describe_violations
from cbx.cli.display.colours import DONE, ERROR, WARNING
from cbx.cli.display.console_text import open_console, print_plain, print_words

if TYPE_CHECKING:
    from cbx.changes.change_plan import ChangePlan
    from cbx.deploy.deployment import Deployment
    from cbx.deploy.events import ExpectationTotal
    from cbx.deploy.refresh import StartedUpdate
    from cbx.deploy.update import FinishedUpdate

_STYLES = {"+": DONE.style, "-": ERROR.style, "~": WARNING.style}
_FLOW_STYLES = {
    "COMPLETED": DONE.style,
    "FAILED": f"bold {ERROR.style}",
    "SKIPPED": WARNING.style,
    "EXCLUDED": WARNING.style,
}
_DETAIL = " " * 6
"""The start of a further line of a difference."""
_QUIET_STATUS = frozenset({"QUEUED", "PLANNING", "STARTING"})


def print_plan(plan: ChangePlan) -> None:
    """Print a plan to the standard output, in colour on a terminal."""
    from cbx.changes.plan_text import as_lines
    from cbx.cli.display.terminal_text import replace_controls

    console = open_console(sys.stdout)
    for line in as_lines(plan):
        print_words(console, replace_controls(line), _DETAIL, _STYLES.get(line[:1], ""))


class DeployDisplay:
    """Shows a deployment and its updates, with a line for the current step on a terminal.

    Attributes:
        url: The page of the pipeline whose update was started last.
    """

    def __init__(self) -> None:
        self._console = open_console(sys.stderr)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._is_live = self._console.is_terminal
        self._state = ""
        self._running: list[str] = []
        self._rows: dict[str, int] = {}
        self._checks: frozenset[str] = frozenset()
        self.url = ""

    def __enter__(self) -> DeployDisplay:  # noqa: PYI034 - Self is newer than Python 3.10
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Remove the line of the current step, before something else is printed."""
        if self._is_live:
            self._live.stop()
            self._is_live = False

    def show_step(self, step: str) -> None:
        """Show the current step, on a terminal only."""
        if self._is_live:
            self._live.update(Spinner("dots", text=Text(step)))

    def show_deployment(self, deployment: Deployment, host: str) -> None:
        """Print the result of a deployment."""
        target = deployment.target
        if not deployment.is_changed:
            self._print_line(f"{target.project} in {target.environment} is up to date: nothing was changed.")
            self._show_waiting(deployment)
            return
        self._print_line(f"Deployed {target.project} to {target.environment} ({host}, {target.root})")
        for line in _plan_lines(deployment):
            print_words(self._console, line.plain, f"  {_DETAIL}", str(line.style))
        steps = deployment.files
        counts = f"{len(steps.upload)} uploaded, {len(steps.unchanged)} unchanged, {len(steps.remove)} removed"
        self._print_line(f"  files      {counts}")
        if deployment.schemas:
            self._print_line(f"  schemas    {', '.join(deployment.schemas)} created")
        for name, pipeline in deployment.pipelines.items():
            words = "   ".join(word for word in (name, pipeline.outcome, _pipeline_url(host, pipeline.id)) if word)
            self._print_line(f"  pipeline   {words}")
        if target.job is not None:
            self._print_line(f"  job        {target.job['name']}   {_schedule(target.job)}")
        self._show_waiting(deployment)

    def _show_waiting(self, deployment: Deployment) -> None:
        self.show_waiting_tags(deployment.waiting_tags)
        self.show_waiting_owners(deployment.waiting_owners)

    def show_waiting_tags(self, count: int) -> None:
        """Print that tables and columns do not exist yet, whose tags have to be set."""
        if count:
            noun = "table or column gets its" if count == 1 else "tables and columns get their"
            self._print_line(f"  tags       {count} {noun} tags from a deployment after the next update")

    def show_waiting_owners(self, count: int) -> None:
        """Print that tables do not exist yet, whose owner has to be set."""
        if count:
            noun = "table gets its" if count == 1 else "tables get their"
            self._print_line(f"  owners     {count} {noun} owner from a deployment after the next update")

    def show_due(self, deployment: Deployment, environment: str) -> None:
        """Print what to type next if no update was started, and which tables need a full refresh."""
        if deployment.committed.deployed.due:
            models = ", ".join(deployment.committed.deployed.due)
            self._print_line(f"  next       `cbx deploy --env {environment} --start` refreshes fully: {models}")
        elif deployment.is_changed:
            self._print_line(f"  next       `cbx deploy --env {environment} --start` runs an update")

    def show_update(self, update: StartedUpdate, deployment: Deployment, host: str) -> None:
        """Print that an update was started."""
        name, identity, models = update.refreshing
        self._checks = frozenset(str(check["name"]) for check in update.committed.deployed.manifest["checks"])
        self.url = _pipeline_url(host, deployment.pipelines[name].id)
        words = "   ".join(word for word in (name, identity, f"{self.url}/updates/{identity}") if word)
        self._print_line(f"  update     {words}")
        if models:
            self._print_line(f"             full refresh of {', '.join(models)}")

    def show_progress(self, state: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Show the state of an update and its events since the last call."""
        from cbx.deploy.events import flow_progress

        if state != self._state:
            self._state = state
            if not self._is_live:
                self._print_line(f"             {state.lower().replace('_', ' ')}")
        for event in events:
            progress = flow_progress(event)
            if progress is not None:
                self._show_flow(*progress)
        self.show_step(f"{state.lower().replace('_', ' ')}  {', '.join(self._running)}".rstrip())

    def _show_flow(self, name: str, status: str, rows: int | None) -> None:
        if rows is not None:
            self._rows[name] = self._rows.get(name, 0) + rows
        if status == "RUNNING":
            if name not in self._running:
                self._running.append(name)
            return
        if status in _QUIET_STATUS:
            return
        if name in self._running:
            self._running.remove(name)
        if self._is_check(name) and status == "COMPLETED":
            return
        written = f"   {self._rows.pop(name):,} rows" if name in self._rows else ""
        style = _FLOW_STYLES.get(status, "")
        print_words(self._console, f"{status.lower():<10} {name}{written}", " " * 11, style)

    def show_end(self, result: FinishedUpdate) -> int:
        """Print the result of an update.

        Returns:
            The exit status of the command.
        """
        from cbx.cli.display.diagnostics import show_diagnostics
        from cbx.diagnostics import codes
        from cbx.diagnostics.diagnostic import Diagnostic

        self.stop()
        self._show_expectations([rule for rule in result.rules if not self._is_check(rule.dataset)])
        self._show_checks([rule for rule in result.rules if self._is_check(rule.dataset)])
        if result.state == "COMPLETED":
            self._print_line(f"The update {result.update_id} is complete.")
            return 0
        hint = "fix the models and deploy again, or see the event log in the workspace"
        messages = result.errors or (f"the update was {result.state.lower()}",)
        problems = [Diagnostic(codes.UPDATE_FAILED, message, hint=hint) for message in messages]
        show_diagnostics(problems, {}, 0, "text", "The deployment was not undone.")
        return 1

    def _is_check(self, dataset: str) -> bool:
        """Whether a dataset only checks other datasets; in a workspace its name may have a catalog and a schema."""
        return dataset.rpartition(".")[2] in self._checks

    def _show_expectations(self, rules: Sequence[ExpectationTotal]) -> None:
        if rules:
            self._console.print()
            for line in expectation_lines(rules, self._console.width):
                print_plain(self._console, line)
            self._console.print()

    def _show_checks(self, rules: Sequence[ExpectationTotal]) -> None:
        """Print a line with the number of checks that passed, and a line for each that failed."""
        failed = [rule for rule in rules if rule.failed]
        if rules:
            rest = f", {len(failed)} failed" if failed else ""
            self._print_line(f"checks on the data: {len(rules) - len(failed)} passed{rest}")
        for rule in failed:
            text = f"  {rule.dataset}   {describe_violations(rule.name, rule.failed, rule.passed + rule.failed)}"
            print_words(self._console, text, "    ", WARNING.style)

    def _print_line(self, text: str) -> None:
        print_words(self._console, text, " " * 13 if text.startswith("  ") else "")


def _pipeline_url(host: str, pipeline: str) -> str:
    """The page of a pipeline in the workspace."""
    return f"{host}/pipelines/{pipeline}"


def _plan_lines(deployment: Deployment) -> list[Text]:
    from cbx.changes.plan_text import as_lines
    from cbx.cli.display.terminal_text import replace_controls

    if deployment.changes.is_first:
        return []
    return [
        Text(f"  {replace_controls(line)}", style=_STYLES.get(line[:1], ""))
        for line in list(as_lines(deployment.changes))[:-1]
    ]


def _schedule(job: Mapping[str, Any]) -> str:
    schedule = job["schedule"]
    paused = ", paused" if schedule["pause_status"] == "PAUSED" else ""
    return f"{schedule['quartz_cron_expression']} {schedule['timezone_id']}{paused}"


_COLUMNS = (
    LineColumn("table"),
    LineColumn("expectation"),
    LineColumn("passed", is_number=True),
    LineColumn("failed", is_number=True),
)


def expectation_lines(rules: Sequence[ExpectationTotal], width: int) -> Iterator[Text]:
    """A line for each expectation of an update; those with violations in the colour of warnings."""
    lines = [
        Line(
            (rule.dataset, rule.name, f"{rule.passed:,}", f"{rule.failed:,}"),
            style=WARNING.style if rule.failed else "",
        )
        for rule in rules
    ]
    return aligned_lines(_COLUMNS, lines, width)
