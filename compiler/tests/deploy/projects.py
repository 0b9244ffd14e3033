"""Small projects to deploy, compiled once, and a way to deploy them that never really waits."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from databricks.sdk.clock import Clock
from faults import KINDS, Fault
from literate import lay_out
from workspace import Workspace
from workspace_api import WorkspaceApi

from cbx.compiler import Compilation, compile_project
from cbx.deploy.deployment import Deployment, DeployRequest, deploy
from cbx.deploy.workspace.problems import DeployError
from cbx.deploy.workspace.session import WorkspaceSession, connect
from compiler.tests.command import invoke_cbx

SETTINGS = """
[project]
name = "shop"

[vars]
landing = "/Volumes/shop/landing"

[environments.dev]
catalog = "shop_dev"
development = true

[environments.prod]
catalog = "shop"
schedule = "0 0 5 * * ?"
permissions = [{ group = "analysts", level = "CAN_VIEW" }, { user = "bob@example.com", level = "CAN_RUN" }]
run_as = "11111111-2222-3333-4444-555555555555"
notifications = ["data-team@example.com"]
"""

ORDERS = """{{ streaming_table(
    columns={"order_id": "BIGINT", "amount": "DECIMAL(12, 2)"},
    expectations=[expect("has_amount", "amount > 0"), expect_or_drop("has_id", "order_id IS NOT NULL")],
) }}
SELECT * FROM {{ auto_loader(var("landing") ~ "/orders", format="json") }}
"""
CLEAN = """{{ streaming_table(columns={"order_id": "BIGINT"}) }}
SELECT order_id FROM {{ stream("bronze.orders") }}
"""
SALES = """{{ materialized_view(key="order_id") }}
SELECT order_id, sum(amount) AS amount FROM {{ ref("bronze.orders") }} GROUP BY order_id
"""
TOTALS = """{{ materialized_view() }}
SELECT count(*) AS orders FROM {{ ref("bronze.orders") }}
"""

FIRST = {
    "project.toml": SETTINGS,
    "models/bronze/orders.sql": ORDERS,
    "models/bronze/orders_clean.sql": CLEAN,
    "models/gold/sales.sql": SALES,
}
SECOND = {
    "project.toml": SETTINGS.replace("0 0 5", "0 0 6").replace("CAN_VIEW", "CAN_MANAGE"),
    "models/bronze/orders.sql": ORDERS.replace("DECIMAL(12, 2)", "DECIMAL(10, 2)"),
    "models/bronze/orders_clean.sql": CLEAN,
    "models/gold/totals.sql": TOTALS,
}

DIVIDED = SETTINGS.replace(
    "[vars]",
    """[pipelines.serve]
select = "layer:gold"

[pipelines.ingest]
select = "layer:bronze"

[vars]""",
)
TWO = {**FIRST, "project.toml": DIVIDED}


@cache
def compile_files(files: tuple[tuple[str, str], ...]) -> Compilation:
    with TemporaryDirectory() as folder:
        lay_out(dict(files), Path(folder))
        compilation = compile_project(Path(folder), with_trace=False)
    assert compilation.succeeded, compilation.diagnostics
    return compilation


def request(files: dict[str, str], environment: str = "prod", **options: object) -> DeployRequest:
    compilation = compile_files(tuple(sorted(files.items())))
    assert compilation.plan is not None
    return DeployRequest(compilation.plan, compilation.artifacts, environment, **options)  # type: ignore[arg-type]


@dataclass
class FastClock(Clock):
    """A clock on which waiting takes no time."""

    moment: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += seconds
        self.pauses.append(seconds)


def session(timeout: float = 20) -> WorkspaceSession:
    """A session that never waits between attempts, and for an answer as long as is said, in seconds."""
    return connect(None, clock=FastClock(), timeout=timeout)


def deploy_files(files: dict[str, str], environment: str = "prod", **options: object) -> Deployment:
    return deploy(session(), request(files, environment, **options), lambda _: None)


@dataclass(frozen=True)
class Ended:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


def cbx(*arguments: str, folder: Path) -> Ended:
    """The command, in this process."""
    result = invoke_cbx(*arguments, "--project", folder)
    return Ended(result.exit_code, result.stdout, result.stderr)


def create_tables(workspace: Workspace) -> None:
    """Create the tables of the project `FIRST`, as its first update does."""
    workspace.api.tables |= {"shop.bronze.orders", "shop.bronze.orders_clean", "shop.gold.sales"}


def find_unrepaired_faults(
    workspace: Workspace, files: dict[str, str], path: str, outcome: Callable[[WorkspaceApi], object]
) -> tuple[int, list[Fault]]:
    """Inject each kind of fault at each request of the second deployment about a path; then deploy again.

    Args:
        workspace: An empty workspace.
        files: The project.
        path: A part of the paths of the requests.
        outcome: What the second deployment sets.

    Returns:
        The number of requests about the path, and the faults after which the outcome is another one or not stable.
    """
    deploy_files(files)
    create_tables(workspace)
    begin = copy.deepcopy(workspace.api)
    workspace.strike(None)
    deploy_files(files)
    expected = copy.deepcopy(outcome(workspace.api))
    requests = [at for at, text in enumerate(workspace.requests, start=1) if path in text]
    wrong = []
    for fault in [Fault(kind, at) for at in requests for kind in KINDS if kind not in {"slow", "gone", "timeout"}]:
        workspace.api = copy.deepcopy(begin)
        workspace.strike(fault)
        with contextlib.suppress(DeployError):
            deploy_files(files)
        workspace.strike(None)
        deploy_files(files)
        if outcome(workspace.api) != expected or deploy_files(files).is_changed:
            wrong.append(fault)
    return len(requests), wrong
