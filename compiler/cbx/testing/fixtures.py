"""The models that the fixtures run, all on one engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.spark_spelling import value_text
from cbx.testing.coverage.exercised import Exercised
from cbx.testing.errors import ModelTestError, UnsupportedByEngine, report_at_test_line
from cbx.testing.project.compile_once import DoesNotCompileError, compile_once
from cbx.testing.project.compiled_project import CompiledModel, CompiledProject
from cbx.testing.run.engine import RunningEngine, start_engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.testing.results.result import Result

EXERCISED = pytest.StashKey[Exercised]()
"""The key under which pytest's configuration keeps what the tests exercised."""


def create_models(config: pytest.Config, root: Path) -> Models:
    """The models of the project in a folder, with the options of this pytest run."""
    return Models(
        root,
        config.getoption("--cbx-engine"),
        config.getoption("--cbx-env"),
        config.stash.setdefault(EXERCISED, Exercised()),
        frozenset(config.getoption("--cbx-models").split()),
        spark_settings=dict(setting.split("=", 1) for setting in config.getoption("--cbx-conf")),
    )


class Runner:
    """The value of a fixture: a function, with the session as an attribute."""

    def __init__(self, name: str, function: Callable[..., Any], models: Models) -> None:
        self._name = name
        self._function = function
        self._models = models
        self.__doc__ = function.__doc__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function; skip the test with a reason if the engine cannot run the model."""
        __tracebackhide__ = True
        try:
            return self._function(*arguments, **named)
        except UnsupportedByEngine as error:
            pytest.skip(str(error))

    def __repr__(self) -> str:
        return self._name

    @property
    def spark(self) -> SparkSession:
        """The session, with which a test creates DataFrames."""
        return self._models.engine.spark


class Models:
    """The models of one project."""

    def __init__(
        self,
        root: Path,
        engine: str | None,
        environment: str,
        exercised: Exercised,
        selected: frozenset[str],
        project: CompiledProject | None = None,
        spark_settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._root = root
        self._engine_name = engine
        self._environment = environment
        self._exercised = exercised
        self._selected = selected
        self._project = project
        self._spark_settings = spark_settings
        self._does_not_compile: ModelTestError | None = None
        self.listener: Callable[[Result], None] | None = None
        self.default_now: str | None = None

    @property
    def project(self) -> CompiledProject:
        """The project, compiled when a test first needs it.

        Raises:
            ModelTestError: If it does not compile.
        """
        if self._does_not_compile is not None:
            raise self._does_not_compile
        if self._project is None:
            try:
                self._project = compile_once(self._root, self._environment)
            except DoesNotCompileError as error:
                self._does_not_compile = ModelTestError(str(error), "`cbx compile` shows the lines")
                raise self._does_not_compile from None
        return self._project

    @property
    def engine(self) -> RunningEngine:
        """The engine, started when a test first needs it."""
        settings = {**self.project.spark_settings, **self._spark_settings}
        return start_engine(self._engine_name or self.project.engine, self._root / ".cbx" / "tests", settings)

    @report_at_test_line
    def run_model(
        self,
        model: str,
        given: Mapping[str, Any] | None = None,
        *,
        now: datetime | date | str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> Result:
        """Run a model on rows.

        Args:
            model: Its id.
            given: Rows by input: a model id, a table, a folder or a parameter's name. Rows are a list of dicts, a list
                of tuples of which the first names the columns, a text table or a DataFrame; several batches are a list
                of these. An input that is omitted has no rows, except for a seed, which has its own.
            now: The value of ``current_timestamp()``, in UTC.
            variables: Values of the project's variables, which override those of the local environment.

        Returns:
            The rows of the model, and the counts of its expectations.

        Raises:
            ExpectationFailed: If a row breaks an expectation that must hold.
            ModelTestError: If there is no such model or input, or the rows do not fit.
            UnsupportedByEngine: If the engine cannot run it.
        """
        __tracebackhide__ = True
        return self.run_models([model], given, now=now, variables=variables)[model]

    @report_at_test_line
    def run_models(
        self,
        models: Sequence[str],
        given: Mapping[str, Any] | None = None,
        *,
        now: datetime | date | str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> dict[str, Result]:
        """Run a few models, each on the results of its inputs among them; arguments are those of `run_model`.

        Returns:
            The results by model id.
        """
        __tracebackhide__ = True
        from cbx.testing.rows.input_frames import given_batches, omitted_inputs
        from cbx.testing.run.frozen_clock import parse_time
        from cbx.testing.run.run_model import Run

        asked = [self.model(name) for name in models]
        seeds = [self.project.models[name] for name in omitted_inputs(asked, given or {})]
        sorted_models = self._sort_by_inputs([*asked, *(model for model in seeds if model.kind == "seed")])
        if self._selected and not self._selected & set(models):
            pytest.skip(f"`{models[0]}` is not selected")
        spark = self.engine.spark
        computed = [model.id for model in sorted_models]
        frames = given_batches(sorted_models, given or {}, computed, spark)
        results: dict[str, Result] = {}
        for model in sorted_models:
            configuration = self._configuration(variables or {})
            clock = self.default_now if now is None else now
            time = None if clock is None else parse_time(clock)
            run = Run(self.project, model, self.engine, frames, time, configuration, self._exercised)
            try:
                result = run.result()
            except UnsupportedByEngine as error:
                self._exercised.add_skipped((name for name in computed if name not in results), str(error))
                raise
            results[model.id] = result
            if self.listener is not None and model.id in models:
                self.listener(result)
            if model.id != sorted_models[-1].id:
                frames[model.dataset.lower()] = (result.df,)
        return {name: result for name, result in results.items() if name in models}

    def model(self, name: str) -> CompiledModel:
        """A model by its id.

        Raises:
            ModelTestError: If there is none.
        """
        model = self.project.models.get(name)
        if model is None:
            hint = did_you_mean(name, self.project.models, otherwise="`cbx list` prints the models")
            raise ModelTestError(f"the project has no model `{name}`", hint)
        return model

    @staticmethod
    def _sort_by_inputs(models: Sequence[CompiledModel]) -> list[CompiledModel]:
        """The models in an order in which each comes after its inputs."""
        waiting, ordered = {model.id: model for model in models}, []
        while waiting:
            ready = [model for model in waiting.values() if not any(read.name in waiting for read in model.inputs)]
            ordered += [waiting.pop(model.id) for model in ready]
        return ordered

    def _configuration(self, variables: Mapping[str, Any]) -> dict[str, str]:
        """The configuration of the pipeline: the variables of the local environment, overridden by those of a test."""
        project = self.project
        unknown = sorted(set(variables) - set(project.variables))
        if unknown:
            names = listing(project.variables) if project.variables else "none"
            hint = did_you_mean(unknown[0], project.variables, otherwise=f"it has {names}")
            raise ModelTestError(f"the project has no variable `{unknown[0]}`", hint)
        overrides = {name: value_text(value) for name, value in variables.items()}
        values = {**project.variables, **overrides}
        return {f"{project.name}.{name}": value for name, value in values.items()}

    @report_at_test_line
    def render_macro(self, name: str, *arguments: Any, **named: Any) -> str:
        """Render a Jinja macro of the project.

        Args:
            name: The macro.
            arguments: Its positional arguments: texts, numbers, lists and dicts.
            named: Its keyword arguments.

        Raises:
            ModelTestError: If there is no such macro, or it fails.
        """
        from cbx.testing.project.render_macro import render_macro

        return render_macro(self._root, name, arguments, named, self.project.variables)
