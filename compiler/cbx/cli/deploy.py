"""``cbx deploy`` and ``cbx plan``: what a workspace would change to, and the change."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cbx.cli.selection import EnvOption, ProjectOption, Selection

if TYPE_CHECKING:
    from cbx.cli.display.deployment import DeployDisplay
    from cbx.compiler import Compilation
    from cbx.deploy.deployment import Deployment, DeployRequest, Preview
    from cbx.deploy.problems import DeployError
    from cbx.deploy.session import WorkspaceSession


class Format(str, Enum):
    """How a plan is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


@dataclass(frozen=True)
class Start:
    """Whether an update follows the deployment, and of what kind."""

    is_wanted: bool
    waits: bool
    stops_running: bool


def plan_command(
    project: ProjectOption = None,
    env: EnvOption = "local",
    output_format: Annotated[
        Format, typer.Option("--format", help="markdown: for a comment on a pull request.")
    ] = Format.text,
) -> None:
    """Show what deploying would change, and what has to be refreshed fully; change nothing."""
    compilation = _compiled(project, env)
    seen = _previewed(compilation, _request(compilation, env))
    _print_plan(seen, env, output_format)


def deploy_command(
    project: ProjectOption = None,
    env: EnvOption = "local",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    start: Annotated[bool, typer.Option("--start", help="Start an update afterwards.")] = False,
    full_refresh: Annotated[
        list[str] | None,
        typer.Option("--full-refresh", help="With --start: empty and fill these anew, such as 'silver.orders'."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --start: follow the update to its end.")] = False,
    allow_destructive: Annotated[
        bool, typer.Option("--allow-destructive", help="Go on where rows are lost; `cbx plan` says which.")
    ] = False,
    stop_running: Annotated[
        bool, typer.Option("--stop-running", help="With --start: stop an update that runs already.")
    ] = False,
    force_lock: Annotated[
        bool, typer.Option("--force-lock", help="Take over from a deployment that was killed elsewhere.")
    ] = False,
) -> None:
    """Compile the project, upload what has changed and bring its pipeline in line."""
    from cbx.cli.display.deployment import DeployDisplay
    from cbx.cli.selection import stop

    if (full_refresh or wait or stop_running) and not (start or dry_run):
        stop("--full-refresh, --wait and --stop-running are about the update that --start begins", "add --start")
    compilation = _compiled(project, env)
    full = _models(compilation, full_refresh)
    request = _request(compilation, env, full, allow_destructive=allow_destructive, force_lock=force_lock)
    if dry_run:
        _print_plan(_previewed(compilation, request), env, Format.text)
        return
    with DeployDisplay() as display:
        status = _deploy(compilation, request, Start(start, wait, stop_running), display)
    raise typer.Exit(status)


def _compiled(project: Path | None, env: str) -> Compilation:
    """The project, compiled, its target/ written; one that cannot be deployed ends the command."""
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.cli.places import project_folder, say_waiting
    from cbx.cli.selection import compiled
    from cbx.project.settings import LOCAL
    from cbx.target.atomic_change import lock_target
    from cbx.target.write import write_target

    root = project_folder(project)
    compilation = compiled(root, env)
    if env == LOCAL:
        _refuse_local(tuple(compilation.project.deployed_environments) if compilation.project else ())
    with lock_target(root, say_waiting):
        _, problems = write_target(root, compilation.artifacts)
    if problems:
        show_diagnostics(problems, {}, 0, "text", "Nothing was deployed.")
        raise typer.Exit(2)
    _need_sdk()
    return compilation


def _refuse_local(others: tuple[str, ...]) -> NoReturn:
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic

    message = "`local` is the environment of `cbx run`; it is not deployed"
    hint = f"the others are {', '.join(others)}" if others else "add one to project.toml, such as `[environments.dev]`"
    show_diagnostics([Diagnostic(codes.NOT_DEPLOYED, message, hint=hint)], {}, 0, "text", "Nothing was deployed.")
    raise typer.Exit(1)


def _need_sdk() -> None:
    from cbx.cli.selection import stop

    try:
        found = find_spec("databricks.sdk")
    except ModuleNotFoundError:
        found = None
    if found is None:
        stop("deploying needs databricks-sdk", "pip install 'circuit-box[deploy]'")


def _request(
    compilation: Compilation,
    env: str,
    full_refresh: tuple[str, ...] = (),
    *,
    allow_destructive: bool = False,
    force_lock: bool = False,
) -> DeployRequest:
    from cbx.deploy.deployment import DeployRequest

    assert compilation.plan is not None  # noqa: S101 - a compilation that failed has ended the command
    return DeployRequest(compilation.plan, compilation.artifacts, env, full_refresh, allow_destructive, force_lock)


def _models(compilation: Compilation, selectors: list[str] | None) -> tuple[str, ...]:
    """The models that ``--full-refresh`` chooses."""
    from cbx.cli.selection import chosen, graph_of

    if not selectors:
        return ()
    graph = graph_of(compilation)
    ids = chosen(graph, Selection.of(selectors, None))
    return tuple(one for one in ids if graph.by_id[one].resource_type == "model")


def _previewed(compilation: Compilation, request: DeployRequest) -> Preview:
    from cbx.deploy.deployment import preview
    from cbx.deploy.problems import DeployError

    try:
        return preview(_connected(compilation, request.environment), request)
    except DeployError as error:
        _fail(error)


def _connected(compilation: Compilation, env: str) -> WorkspaceSession:
    from cbx.deploy.session import connect

    assert compilation.project is not None  # noqa: S101 - as above
    return connect(compilation.project.settings.environments[env].host)


def _print_plan(seen: Preview, env: str, output_format: Format) -> None:
    from cbx.changes.plan_document import as_document
    from cbx.changes.plan_text import as_markdown

    if output_format is Format.json:
        print(json.dumps(as_document(seen.changes, seen.target.project, env), indent=2))
    elif output_format is Format.markdown:
        print("\n".join(as_markdown(seen.changes, seen.target.project, env)))
    else:
        from cbx.cli.display.deployment import print_plan

        print_plan(seen.changes)


def _deploy(compilation: Compilation, request: DeployRequest, begin: Start, display: DeployDisplay) -> int:
    from cbx.deploy.deployment import deploy
    from cbx.deploy.problems import DeployError

    try:
        session = _connected(compilation, request.environment)
        done = deploy(session, request, display.say)
        display.deployed(done, session.host)
        if not begin.is_wanted:
            display.due(done, request.environment)
            return 0
        return _start(session, done, begin, display)
    except DeployError as error:
        display.stop()
        _fail(error)
    except KeyboardInterrupt:
        display.stop()
        print("Interrupted. Deploying again goes on from here.", file=sys.stderr)
        return 130


def _start(session: WorkspaceSession, done: Deployment, begin: Start, display: DeployDisplay) -> int:
    from cbx.deploy.refresh import record_refreshed, start_refresh
    from cbx.deploy.update import wait_for_update

    pipeline = done.pipeline.id
    update = start_refresh(session, done, stop_running=begin.stops_running)
    display.started(update, done, session.host)
    if not begin.waits:
        return 0
    try:
        result = wait_for_update(session, pipeline, update.id, display.listen)
    except KeyboardInterrupt:
        display.stop()
        print(f"Interrupted. The update goes on: {display.place(session.host, pipeline)}", file=sys.stderr)
        return 130
    record_refreshed(session, done, update, result)
    return display.ended(result)


def _fail(error: DeployError) -> NoReturn:
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics import codes

    found = {one.code for one in error.diagnostics}
    outcome = "Nothing was deployed."
    if found & {codes.WORKSPACE_UNREACHABLE, codes.FORBIDDEN, codes.PIPELINE_CHANGED, codes.WORKSPACE_FAILURE}:
        outcome = "What was done so far stays."
    elif found == {codes.UPDATE_RUNNING}:
        outcome = "The deployment is done; no update was started."
    show_diagnostics(error.diagnostics, {}, 0, "text", outcome)
    in_project = {codes.MISSING_CATALOG, codes.FILE_TOO_LARGE, codes.DESTRUCTIVE_CHANGE, codes.UPDATE_FAILED}
    raise typer.Exit(1 if found <= in_project else 2)
