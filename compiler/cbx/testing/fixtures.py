"""What the fixtures give to tests: models that run, one engine for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cbx.diagnostics.diagnostic import did_you_mean, listing
from cbx.testing.coverage.exercised import Exercised
from cbx.testing.errors import ModelTestError, UnsupportedByEngine, at_the_line_of_the_test
from cbx.testing.project.compile_once import DoesNotCompileError, compiled_project
from cbx.testing.project.compiled_project import CompiledModel, CompiledProject
from cbx.testing.run.engine import Engine, start_engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from cbx.testing.results.result import Result

EXERCISED = pytest.StashKey[Exercised]()
"""Where a run of pytest keeps what its tests exercised."""


def models_of(config: pytest.Config, root: Path) -> Models:
    """The models of the project in a folder, with what the run of pytest says of them."""
    return Models(
        root,
        config.getoption("--cbx-engine"),
        config.getoption("--cbx-env"),
        config.stash.setdefault(EXERCISED, Exercised()),
        frozenset(config.getoption("--cbx-models").split()),
    )


class Runner:
    """A fixture: a function by its name, with the session beside it."""

    def __init__(self, name: str, function: Callable[..., Any], models: Models) -> None:
        self._name = name
        self._function = function
        self._models = models
        self.__doc__ = function.__doc__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function; what the engine cannot do is said and skipped."""
        __tracebackhide__ = True
        try:
            return self._function(*arguments, **named)
        except UnsupportedByEngine as error:
            pytest.skip(str(error))

    def __repr__(self) -> str:
        return self._name

    @property
    def spark(self) -> SparkSession:
        """The session, for frames of the test's own."""
        return self._models.engine.spark


class Models:
    """The models of one project."""

    def __init__(
        self,
        root: Path,
        engine: str | None,
        environment: str,
        exercised: Exercised,
        chosen: frozenset[str],
        project: CompiledProject | None = None,
    ) -> None:
        self._root = root
        self._engine_name = engine
        self._environment = environment
        self._exercised = exercised
        self._chosen = chosen
        self._project = project
        self._does_not_compile: ModelTestError | None = None
        self.listener: Callable[[Result], None] | None = None
        self.default_now: str | None = None

    @property
    def project(self) -> CompiledProject:
        """The project, compiled when a test first needs it."""
        if self._does_not_compile is not None:
            raise self._does_not_compile
        if self._project is None:
            try:
                self._project = compiled_project(self._root, self._environment)
            except DoesNotCompileError as error:
                self._does_not_compile = ModelTestError(str(error), "`cbx compile` shows the lines")
                raise self._does_not_compile from None
        return self._project

    @property
    def engine(self) -> Engine:
        """The engine, started when a test first needs it."""
        return start_engine(self._engine_name or self.project.engine, self._root / ".cbx" / "tests")

    @at_the_line_of_the_test
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
            given: Rows by what the model reads: a model id, a table, a folder or a parameter's name. Rows are a list of
                dicts, a list of tuples below one that names the columns, a text table or a DataFrame; several batches
                are a list of lists. What is left out has no rows.
            now: What ``current_timestamp()`` returns, in UTC.
            variables: Values of the project's variables, in the place of those of the local environment.

        Returns:
            The rows that it made, and what its rules said.

        Raises:
            ExpectationFailed: If a row breaks a rule that must hold.
            ModelTestError: If there is no such model or input, or the rows do not fit.
            UnsupportedByEngine: If the engine cannot run it.
        """
        __tracebackhide__ = True
        return self.run_models([model], given, now=now, variables=variables)[model]

    @at_the_line_of_the_test
    def run_models(
        self,
        models: Sequence[str],
        given: Mapping[str, Any] | None = None,
        *,
        now: datetime | date | str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> dict[str, Result]:
        """Run a few models, each on the rows of those that it reads; arguments are those of `run_model`.

        Returns:
            The results by model id.
        """
        __tracebackhide__ = True
        from cbx.testing.rows.input_frames import given_batches
        from cbx.testing.run.frozen_clock import moment
        from cbx.testing.run.run_model import Run

        wanted = self._in_order([self.model(name) for name in models])
        if self._chosen and not self._chosen & set(models):
            pytest.skip(f"`{models[0]}` is not selected")
        spark = self.engine.spark
        made = [one.id for one in wanted]
        frames = given_batches(wanted, given or {}, made, spark)
        results: dict[str, Result] = {}
        for model in wanted:
            configuration = self._configuration(variables or {})
            clock = self.default_now if now is None else now
            time = None if clock is None else moment(clock)
            run = Run(self.project, model, self.engine, frames, time, configuration, self._exercised)
            try:
                result = run.result()
            except UnsupportedByEngine as error:
                self._exercised.add_skipped((name for name in made if name not in results), str(error))
                raise
            results[model.id] = result
            if self.listener is not None:
                self.listener(result)
            if model.id != wanted[-1].id:
                frames[model.dataset.lower()] = (result.df,)
        return results

    def model(self, name: str) -> CompiledModel:
        """A model by its id.

        Raises:
            ModelTestError: If there is none.
        """
        found = self.project.models.get(name)
        if found is None:
            hint = did_you_mean(name, self.project.models, otherwise="`cbx list` prints the models")
            raise ModelTestError(f"the project has no model `{name}`", hint)
        return found

    @staticmethod
    def _in_order(models: Sequence[CompiledModel]) -> list[CompiledModel]:
        """Models after those that they read."""
        waiting, ordered = {one.id: one for one in models}, []
        while waiting:
            ready = [one for one in waiting.values() if not any(read.name in waiting for read in one.inputs)]
            ordered += [waiting.pop(one.id) for one in ready]
        return ordered

    def _configuration(self, variables: Mapping[str, Any]) -> dict[str, str]:
        """The variables of the local environment, and those that a test sets in their place."""
        project = self.project
        unknown = sorted(set(variables) - set(project.variables))
        if unknown:
            known = listing(project.variables) if project.variables else "none"
            hint = did_you_mean(unknown[0], project.variables, otherwise=f"it has {known}")
            raise ModelTestError(f"the project has no variable `{unknown[0]}`", hint)
        given = {
            name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in variables.items()
        }
        values = {**project.variables, **given}
        return {f"{project.name}.{name}": value for name, value in values.items()}

    @at_the_line_of_the_test
    def render_macro(self, name: str, *arguments: Any, **named: Any) -> str:
        """Render a Jinja macro of the project.

        Args:
            name: The macro.
            arguments: Its arguments: texts, numbers, lists and dicts.
            named: Its arguments by name.

        Raises:
            ModelTestError: If there is no such macro, or it fails.
        """
        from cbx.testing.project.render_macro import rendered_macro

        return rendered_macro(self._root, name, arguments, named, self.project.variables)
