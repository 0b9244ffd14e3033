"""``cbx plan`` and ``cbx deploy``: show and make the changes of a workspace."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cbx.cli.options import DeployedEnvOption, NoTraceOption, ProjectOption
from cbx.cli.selection import SelectionOptions
from cbx.cli.stop import stop
from cbx.incremental.options import Options

if TYPE_CHECKING:
    from cbx.cli.display.deployment import DeployDisplay
    from cbx.compiler import Compilation
    from cbx.deploy.deployment import Deployment, DeployRequest, Preview
    from cbx.deploy.refresh import StartedUpdate
    from cbx.deploy.workspace.problems import DeployError
    from cbx.deploy.workspace.session import WorkspaceSession


class PlanFormat(str, Enum):
    """The format of a plan."""

    text = "text"
    json = "json"
    markdown = "markdown"


@dataclass(frozen=True)
class StartOptions:
    """How an update is started after the deployment.

    Attributes:
        is_requested: Whether an update is started.
        waits: Whether the command waits for its end.
        stops_running: Whether an update that is already running is stopped.
    """

    is_requested: bool
    waits: bool
    stops_running: bool


def plan_command(
    project: ProjectOption = None,
    env: DeployedEnvOption = None,
    output_format: Annotated[
        PlanFormat,
        typer.Option("--format", help="markdown: for a comment on a pull request."),
    ] = PlanFormat.text,
    no_trace: NoTraceOption = False,
) -> None:
    """Show what a deployment would change. It also shows which tables need a full refresh."""
    compilation, env = _compile(project, env, with_trace=not no_trace)
    seen = _preview(compilation, _request(compilation, env))
    _print_plan(seen, env, output_format)


def deploy_command(
    project: ProjectOption = None,
    env: DeployedEnvOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; change nothing.")] = False,
    start: Annotated[bool, typer.Option("--start", help="Start an update after the deployment.")] = False,
    full_refresh: Annotated[
        list[str] | None,
        typer.Option(
            "--full-refresh",
            metavar="SELECTOR",
            help="With --start: fully refresh these models, such as 'silver.orders'.",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="With --start: wait for the end of the update.")] = False,
    allow_destructive: Annotated[
        bool, typer.Option("--allow-destructive", help="Proceed even if rows will be lost; `cbx plan` lists them.")
    ] = False,
    stop_running: Annotated[
        bool, typer.Option("--stop-running", help="With --start: stop an update that is already running.")
    ] = False,
    force_lock: Annotated[
        bool, typer.Option("--force-lock", help="Take over the lock of a deployment that was killed.")
    ] = False,
    no_trace: NoTraceOption = False,
) -> None:
    """Compile the project and deploy what has changed to a workspace."""
    from cbx.cli.display.deployment import DeployDisplay

    if (full_refresh or wait or stop_running) and not (start or dry_run):
        stop("--full-refresh, --wait and --stop-running need an update", "add --start")
    compilation, env = _compile(project, env, with_trace=not no_trace)
    if start and not wait and compilation.plan is not None and len(compilation.plan.pipelines) > 1:
        stop("several pipelines are updated one after the other, so that each reads new rows", "add --wait")
    full = _select_models(compilation, full_refresh)
    request = _request(compilation, env, full, allow_destructive=allow_destructive, force_lock=force_lock)
    if dry_run:
        _print_plan(_preview(compilation, request), env, PlanFormat.text)
        return
    with DeployDisplay() as display:
        status = _deploy(compilation, request, StartOptions(start, wait, stop_running), display)
    raise typer.Exit(status)


def _compile(project: Path | None, env: str | None, *, with_trace: bool) -> tuple[Compilation, str]:
    """Compile the project and write its target/; end the command if it cannot be deployed.

    Returns:
        The compilation, and the environment to deploy to.
    """
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.cli.places import print_waiting, project_folder
    from cbx.cli.selection import compile_or_exit
    from cbx.project.setting_types.sections import LOCAL
    from cbx.target.atomic_change import lock_target
    from cbx.target.write import write_target

    root = project_folder(project)
    compilation = compile_or_exit(root, Options(env or LOCAL, with_trace=with_trace))
    if env is None or env == LOCAL:
        _refuse_local(env, tuple(compilation.project.deployed_environments) if compilation.project else ())
    with lock_target(root, print_waiting):
        _, problems = write_target(root, compilation.artifacts)
    if problems:
        show_diagnostics(problems, {}, 0, "text", "Nothing was deployed.")
        raise typer.Exit(2)
    _require_sdk()
    return compilation, env


def _refuse_local(given: str | None, others: tuple[str, ...]) -> NoReturn:
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic

    message = (
        "no environment is named" if given is None else f"`{given}` is the environment of `cbx run`; it is not deployed"
    )
    named = " or ".join(f"`--env {other}`" for other in others)
    hint = f"add {named}" if others else "add one to project.toml, such as `[environments.dev]`"
    show_diagnostics([Diagnostic(codes.NOT_DEPLOYED, message, hint=hint)], {}, 0, "text", "Nothing was deployed.")
    raise typer.Exit(1)


def _require_sdk() -> None:

    try:
        spec = find_spec("databricks.sdk")
    except ModuleNotFoundError:
        spec = None
    if spec is None:
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


def _select_models(compilation: Compilation, selectors: list[str] | None) -> tuple[str, ...]:
    """The models that ``--full-refresh`` selects; for a flow its target."""
    from cbx.cli.selection import read_graph, select_nodes

    if not selectors:
        return ()
    graph = read_graph(compilation)
    ids = select_nodes(graph, SelectionOptions.of(selectors, None))
    models = [node_id for node_id in ids if graph.by_id[node_id].is_model]
    tables = [graph.children[model] if graph.by_id[model].kind == "flow" else (model,) for model in models]
    return tuple(dict.fromkeys(model for group in tables for model in group))


def _preview(compilation: Compilation, request: DeployRequest) -> Preview:
    from cbx.deploy.deployment import preview
    from cbx.deploy.workspace.problems import DeployError

    try:
        return preview(_connect(compilation, request.environment), request)
    except DeployError as error:
        _fail(error, compilation)


def _connect(compilation: Compilation, env: str) -> WorkspaceSession:
    from cbx.deploy.workspace.session import connect

    assert compilation.project is not None  # noqa: S101 - as above
    return connect(compilation.project.settings.environments[env].host)


def _print_plan(preview: Preview, env: str, output_format: PlanFormat) -> None:
    from cbx.changes.plan_document import as_document
    from cbx.changes.plan_text import as_markdown

    if output_format is PlanFormat.json:
        print(json.dumps(as_document(preview.changes, preview.target.project, env), indent=2))
    elif output_format is PlanFormat.markdown:
        print("\n".join(as_markdown(preview.changes, preview.target.project, env)))
    else:
        from cbx.cli.display.deployment import print_plan

        print_plan(preview.changes)


def _deploy(compilation: Compilation, request: DeployRequest, start: StartOptions, display: DeployDisplay) -> int:
    from cbx.deploy.deployment import deploy
    from cbx.deploy.workspace.problems import DeployError

    try:
        session = _connect(compilation, request.environment)
        deployment = deploy(session, request, display.show_step)
        display.show_deployment(deployment, session.host)
        if not start.is_requested:
            display.show_due(deployment, request.environment)
            return 0
        return _start_updates(session, deployment, start, display)
    except DeployError as error:
        display.stop()
        _fail(error, compilation)
    except KeyboardInterrupt:
        display.stop()
        print("Interrupted. Run `cbx deploy` again to continue.", file=sys.stderr)
        return 130


def _start_updates(
    session: WorkspaceSession, deployment: Deployment, start: StartOptions, display: DeployDisplay
) -> int:
    from cbx.deploy.refresh import start_refresh, update_pipelines
    from cbx.deploy.resources.owners import own_tables
    from cbx.deploy.resources.tags import tag_tables
    from cbx.deploy.workspace.folder import Folder

    def show(update: StartedUpdate) -> None:
        display.show_update(update, deployment, session.host)

    stops_running = start.stops_running
    if not start.waits:
        (only,) = deployment.pipelines
        show(start_refresh(session, deployment, deployment.committed, only, stop_running=stops_running))
        return 0
    try:
        for result in update_pipelines(session, deployment, show, display.show_progress, stop_running=stops_running):
            if display.show_end(result):
                return 1
        state = Folder(session, deployment.target.state)
        display.show_waiting_tags(tag_tables(session, state, deployment.committed.deployed))
        display.show_waiting_owners(own_tables(session, state, deployment.committed.deployed))
    except KeyboardInterrupt:
        display.stop()
        print(f"Interrupted. The update continues: {display.url}", file=sys.stderr)
        return 130
    return 0


def _fail(error: DeployError, compilation: Compilation) -> NoReturn:
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics import codes

    error_codes = {diagnostic.code for diagnostic in error.diagnostics}
    outcome = "Nothing was deployed."
    if error_codes == {codes.OWNER_REFUSED}:
        outcome = "Everything else was deployed."
    elif error_codes & {codes.WORKSPACE_UNREACHABLE, codes.FORBIDDEN, codes.PIPELINE_CHANGED, codes.WORKSPACE_FAILURE}:
        outcome = "The steps so far were not undone."
    elif error_codes == {codes.UPDATE_RUNNING}:
        outcome = "The project was deployed, but no update was started."
    show_diagnostics(error.diagnostics, compilation.sources, 0, "text", outcome)
    in_project = {
        codes.INVALID_PROJECT_SETTING,
        codes.MISSING_CATALOG,
        codes.FILE_TOO_LARGE,
        codes.DESTRUCTIVE_CHANGE,
        codes.UPDATE_FAILED,
    }
    raise typer.Exit(1 if error_codes <= in_project else 2)
