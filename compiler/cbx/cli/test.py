"""``cbx test``: runs the unit tests of the models with pytest."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cbx.cli.options import ConfOption, Engines, EnvOption, ProjectOption
from cbx.cli.stop import stop
from cbx.cli.usage import CommandWithExamples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.testing.coverage.exercised import Exercised
    from cbx.testing.project.compiled_project import CompiledProject

TESTS = "tests"
_PYTEST = "pytest"
_HYPOTHESIS = "hypothesispytest"
_FEWER_COLLECTIONS = 100_000
"""Loading an engine creates many objects that stay; collecting garbage would take a tenth of a short run."""
_IMPORTED_BEFORE = "Module already imported so cannot be rewritten; cbx:pytest.PytestAssertRewriteWarning"
"""pytest's warning about a plugin whose package is imported before pytest starts."""


class TestCommand(CommandWithExamples):
    """A command that passes the arguments after ``--`` to pytest."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments before ``--``, and keep those after it for pytest."""
        index = args.index("--") if "--" in args else len(args)
        ctx.meta[_PYTEST] = args[index + 1 :]
        return super().parse_args(ctx, args[:index])


def run_tests(
    context: typer.Context,
    select: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SELECTOR", help="Run only tests of these models, such as 'silver.orders' or '+gold.sales'."
        ),
    ] = None,
    engine: Annotated[
        Engines | None,
        typer.Option(help="The engine for the models; default: from project.toml."),
    ] = None,
    conf: ConfOption = None,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", "-x", help="Stop at the first failed test.")] = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="List models, expectations and kinds of changes that no test exercises.")
    ] = False,
    fail_under: Annotated[
        float | None,
        typer.Option(
            "--fail-under", min=0, max=100, metavar="PERCENT", help="Fail if coverage is below this percentage."
        ),
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a JUnit report to this file.")] = None,
    generate: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Write a first test of a model, with example rows.")
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
) -> None:
    """Run the unit tests of the models. Arguments after -- are passed to pytest."""
    from cbx.cli.places import project_folder

    root = project_folder(project)
    given, engine = _given_settings(conf, engine)
    compiled = _compile(root, env)
    if generate is not None:
        _generate(replace(compiled, spark_settings={**compiled.spark_settings, **given}), generate, engine)
        return
    selected = _select_models(compiled, select)
    exercised, status = _run_pytest(compiled, selected, engine, env, [
        *(f"--cbx-conf={name}={value}" for name, value in given.items()),
        *(["--exitfirst"] if fail_fast else []),
        *([f"--junit-xml={junit}"] if junit else []),
        *context.meta.get(_PYTEST, []),
    ])  # fmt: skip
    if (coverage or fail_under is not None) and status in {0, 1}:
        from cbx.cli.display.coverage import show_coverage

        is_enough = show_coverage(root, env, compiled, exercised, selected, fail_under)
        status = status if is_enough else 1
    raise typer.Exit(status)


def _given_settings(conf: list[str] | None, engine: Engines | None) -> tuple[Mapping[str, str], Engines | None]:
    """The settings of Spark of the command line, which are for Spark, and the engine."""
    if not conf:
        return {}, engine
    from cbx.cli.local_run.named_values import spark_settings
    from cbx.runtime.errors import CannotRunError

    if engine is Engines.SAIL:
        stop("--conf is for Spark, and --engine is sail", "remove one of them")
    try:
        return spark_settings(conf, {}), Engines.SPARK
    except CannotRunError as error:
        stop(error.diagnostic.message, error.diagnostic.hint)


def _compile(root: Path, env: str) -> CompiledProject:
    """Compile the project; if it has errors, show them as ``cbx compile`` does and end the command."""
    from cbx.testing.project.compile_once import DoesNotCompileError, compile_once

    try:
        return compile_once(root, env)
    except DoesNotCompileError as error:
        from cbx.cli.display.diagnostics import show_diagnostics

        show_diagnostics(error.diagnostics, error.sources, error.model_count, "text", "No test was run.")
        raise typer.Exit(1 if (root / "project.toml").is_file() else 2) from None


def _select_models(compiled: CompiledProject, select: list[str] | None) -> tuple[str, ...] | None:
    """The ids of the selected models; None if there are no selectors."""
    if not select:
        return None
    import json

    from cbx.cli.selection import SelectionOptions, select_nodes
    from cbx.graph.read_manifest import read_manifest

    graph = read_manifest(json.loads(compiled.manifest))
    ids = select_nodes(graph, SelectionOptions(select, (), None))
    return tuple(node_id for node_id in ids if graph.by_id[node_id].is_model)


class _Collector:
    """A pytest plugin that collects what the tests exercise."""

    def __init__(self) -> None:
        from cbx.testing.coverage.exercised import Exercised

        self.exercised: Exercised = Exercised()

    def pytest_configure(self, config: Any) -> None:
        from cbx.testing.fixtures import EXERCISED

        config.stash[EXERCISED] = self.exercised

    def pytest_sessionfinish(self, session: Any) -> None:
        """Keep the plugin of Hypothesis from loading Hypothesis for its report if no test has used it."""
        if "hypothesis" not in sys.modules:
            session.config.pluginmanager.unregister(name=_HYPOTHESIS)


def _run_pytest(
    compiled: CompiledProject, selected: tuple[str, ...] | None, engine: Engines | None, env: str, more: list[str]
) -> tuple[Exercised, int]:
    """Run pytest in this process.

    Returns:
        What the tests exercised, and the exit status.
    """
    try:
        import pytest
    except ImportError:
        stop("pytest is not installed", "pip install 'circuit-box[test]'")
    folder = compiled.root / TESTS
    hint = "`cbx test --generate MODEL` writes a first test of a model"
    if not folder.is_dir():
        _exit_without_tests(f"there is no folder {TESTS}/ in the project", hint)
    collector = _Collector()
    gc.set_threshold(_FEWER_COLLECTIONS)
    status = pytest.main(
        [
            str(folder),
            "-q",
            "-rfEs",
            f"-W=ignore:{_IMPORTED_BEFORE}",
            f"--cbx-engine={engine.value if engine else compiled.engine}",
            f"--cbx-project={compiled.root}",
            f"--cbx-env={env}",
            *([f"--cbx-models={' '.join(selected)}"] if selected is not None else []),
            *more,
        ],
        plugins=[collector],
    )
    if status == pytest.ExitCode.NO_TESTS_COLLECTED:
        names = ", ".join(f"`{model}`" for model in (selected or ())[:3])
        _exit_without_tests(f"no test runs {names}" if selected else f"no test was found in {TESTS}/", hint)
    return collector.exercised, int(status) if status in {0, 1} else 2


def _exit_without_tests(reason: str, hint: str) -> None:
    from cbx.cli.display.diagnostics import show_diagnostics
    from cbx.diagnostics import codes
    from cbx.diagnostics.diagnostic import Diagnostic

    show_diagnostics([Diagnostic(codes.NO_TESTS, reason, hint=hint)], {}, 0, "text", "No test was run.")
    raise typer.Exit(2)


def _generate(compiled: CompiledProject, model: str, engine: Engines | None) -> None:
    """Write a first test of a model."""
    from cbx.testing.errors import ModelTestError
    from cbx.testing.generate_test import generate_test

    try:
        path, text = generate_test(compiled, model, engine.value if engine else None)
    except ModelTestError as error:
        stop(error.reason, error.hint)
    file = compiled.root / path
    if file.exists():
        stop(f"{path} already exists; nothing was written", "rename it to generate another test")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"Wrote {path} with example rows and the model's current result. Check both, then run:\n")
    print(f"    cbx test {model}")
