"""What ``cbx deploy`` and ``cbx plan`` show: the plan, each step as it is taken, and the update as it goes on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from cbx.changes.change_plan import ChangePlan
    from cbx.deploy.deployment import Deployment
    from cbx.deploy.events import ExpectationTotal
    from cbx.deploy.refresh import StartedUpdate
    from cbx.deploy.update import FinishedUpdate

_STYLES = {"+": "green", "-": "red", "~": "yellow"}
_FLOW_STYLES = {"COMPLETED": "green", "FAILED": "bold red", "SKIPPED": "yellow", "EXCLUDED": "yellow"}
_QUIET_STATUS = frozenset({"QUEUED", "PLANNING", "STARTING"})


def print_plan(plan: ChangePlan) -> None:
    """Print a plan to the standard output, in colour on a terminal."""
    from cbx.changes.plan_text import as_lines
    from cbx.cli.display.diagnostics import visible

    console = _console(sys.stdout)
    for line in as_lines(plan):
        console.print(Text(visible(line), style=_STYLES.get(line[:1], "")), soft_wrap=True)


class DeployDisplay:
    """Shows a deployment and its update: a moving line on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = _console(sys.stderr)
        self._live = Live(console=self._console, refresh_per_second=8, transient=True)
        self._is_live = self._console.is_terminal
        self._state = ""
        self._running: list[str] = []
        self._rows: dict[str, int] = {}
        self._checks: frozenset[str] = frozenset()

    def __enter__(self) -> DeployDisplay:  # noqa: PYI034 - Self is newer than Python 3.10
        if self._is_live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the moving line away; what follows is printed by others."""
        if self._is_live:
            self._live.stop()
            self._is_live = False

    def say(self, step: str) -> None:
        """Show what is being done; only on a terminal, where it goes away again."""
        if self._is_live:
            self._live.update(Spinner("dots", text=Text(step)))

    def deployed(self, done: Deployment, host: str) -> None:
        """Print what a deployment has done."""
        target = done.target
        if not done.is_changed:
            self._line(f"{target.project} in {target.environment} is up to date: nothing was changed.")
            return
        self._line(f"{target.project} -> {target.environment} ({host}, {target.root})")
        for line in _plan_lines(done):
            self._console.print(line, soft_wrap=True)
        steps = done.files
        counts = f"{len(steps.upload)} uploaded, {len(steps.unchanged)} unchanged, {len(steps.remove)} removed"
        self._line(f"  files      {counts}")
        if done.schemas:
            self._line(f"  schemas    {', '.join(done.schemas)} created")
        self._line(f"  pipeline   {done.pipeline.outcome}   {self.place(host, done.pipeline.id)}")
        if target.job is not None:
            self._line(f"  job        {target.job['name']}   {_schedule(target.job)}")

    def due(self, done: Deployment, environment: str) -> None:
        """Say what still has to be refreshed fully, where no update was started."""
        if done.committed.deployed.due:
            models = ", ".join(done.committed.deployed.due)
            self._line(f"  next       `cbx deploy --env {environment} --start` refreshes fully: {models}")

    def place(self, host: str, pipeline: str) -> str:
        """Where to look at a pipeline in a browser."""
        return f"{host}/pipelines/{pipeline}"

    def started(self, update: StartedUpdate, done: Deployment, host: str) -> None:
        """Say that an update has begun."""
        pipeline = done.pipeline.id
        self._checks = frozenset(str(one["name"]) for one in done.committed.deployed.manifest["checks"])
        self._line(f"  update     {update.id}   {self.place(host, pipeline)}/updates/{update.id}")
        if update.full_refresh:
            self._line(f"             full refresh of {', '.join(update.full_refresh)}")

    def listen(self, state: str, events: Sequence[Mapping[str, Any]]) -> None:
        """Take in the state of an update and what has happened since the last time."""
        from cbx.deploy.events import flow_progress

        if state != self._state:
            self._state = state
            if not self._is_live:
                self._line(f"             {state.lower().replace('_', ' ')}")
        for event in events:
            progress = flow_progress(event)
            if progress is not None:
                self._flow(*progress)
        self.say(f"{state.lower().replace('_', ' ')}  {', '.join(self._running)}".rstrip())

    def _flow(self, name: str, status: str, rows: int | None) -> None:
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
        self._console.print(Text(f"{status.lower():<10} {name}{written}", style=style), soft_wrap=True)

    def ended(self, result: FinishedUpdate) -> int:
        """Print how an update ended; the exit status of the command."""
        from cbx.cli.display.diagnostics import show_diagnostics
        from cbx.diagnostics import codes
        from cbx.diagnostics.diagnostic import Diagnostic

        self.stop()
        self._show_rules([one for one in result.rules if not self._is_check(one.dataset)])
        self._show_checks([one for one in result.rules if self._is_check(one.dataset)])
        if result.state == "COMPLETED":
            self._line(f"The update {result.update_id} is complete.")
            return 0
        hint = "mend the models and deploy again, or look at the event log in the workspace"
        messages = result.errors or (f"the update was {result.state.lower()}",)
        problems = [Diagnostic(codes.UPDATE_FAILED, message, hint=hint) for message in messages]
        show_diagnostics(problems, {}, 0, "text", "What was deployed stays.")
        return 1

    def _is_check(self, dataset: str) -> bool:
        """Whether a dataset only checks others; a workspace may put catalog and schema before its name."""
        return dataset.rpartition(".")[2] in self._checks

    def _show_rules(self, rules: Sequence[ExpectationTotal]) -> None:
        if rules:
            self._console.print()
            self._console.print(_table(rules), highlight=False)
            self._console.print()

    def _show_checks(self, rules: Sequence[ExpectationTotal]) -> None:
        """One line on the checks, and one for each that does not hold: a pipeline has more checks than tables."""
        broken = [one for one in rules if one.failed]
        if rules:
            rest = f", {len(broken)} do not" if broken else ""
            self._line(f"checks on keys and relationships: {len(rules) - len(broken)} hold{rest}")
        for one in broken:
            total = one.passed + one.failed
            text = f"  {one.dataset}   {one.name} {one.failed:,} of {total:,}"
            self._console.print(Text(text, style="yellow"), soft_wrap=True)

    def _line(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True)


def _plan_lines(done: Deployment) -> list[Text]:
    from cbx.changes.plan_text import as_lines
    from cbx.cli.display.diagnostics import visible

    if done.changes.is_first:
        return []
    return [Text(f"  {visible(line)}", style=_STYLES.get(line[:1], "")) for line in list(as_lines(done.changes))[:-1]]


def _schedule(job: Mapping[str, Any]) -> str:
    schedule = job["schedule"]
    paused = ", paused" if schedule["pause_status"] == "PAUSED" else ""
    return f"{schedule['quartz_cron_expression']} {schedule['timezone_id']}{paused}"


def _table(rules: Sequence[ExpectationTotal]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    table.add_column("table", overflow="fold")
    table.add_column("expectation", overflow="fold")
    for name in ("passed", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    for rule in rules:
        style = "yellow" if rule.failed else ""
        table.add_row(rule.dataset, rule.name, f"{rule.passed:,}", f"{rule.failed:,}", style=style)
    return table


def _console(stream: Any) -> Console:
    """A console; a file has no width, so lines in it are not broken."""
    console = Console(file=stream, highlight=False)
    return console if console.is_terminal else Console(file=stream, width=200, highlight=False)
