"""Making datasets: each when it is first read, once an update."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame as Frame

from cbx.diagnostics import did_you_mean
from cbx.runtime.events import EventLog, FlowFinished, FlowStarted, Noted
from cbx.runtime.failures import missing_table, problem_of
from cbx.runtime.filling import Filled, fill
from cbx.runtime.flow import FlowContext, UpstreamFailedError
from cbx.runtime.nothing_new import signature
from cbx.runtime.problems import Problem, RunError, UnknownTableError
from cbx.runtime.reading import read_stream, read_table
from cbx.runtime.results import DatasetResult, RunRequest
from cbx.runtime.session import settings
from cbx.runtime.sinks import fill_sink
from cbx.runtime.store import TableFolder, tables
from cbx.runtime.views import checked_view, view_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import Dataset, Flow, Query, Registry, Sink
    from cbx.runtime.names import DatasetName


class Making:
    """Answers what notebooks read, and makes it first where that is due.

    Attributes:
        spark: The session.
        landings: The folders that Auto Loader watches, with what was in them before they were read.
    """

    def __init__(
        self,
        request: RunRequest,
        spark: SparkSession,
        registry: Registry,
        roots: Sequence[Path],
        log: EventLog,
        user_code_ran: Callable[[], None],
    ) -> None:
        self._request = request
        self._state = request.state.resolve()
        self.spark = spark
        self._registry = registry
        self._roots = roots
        self._log = log
        self._user_code_ran = user_code_ran
        self._results: dict[str, DatasetResult] = {}
        self._under_way: list[str] = []
        self._contexts: list[FlowContext] = []
        self._waited = [0.0]
        self._inputs: dict[str, dict[str, None]] = {}
        self.landings: dict[str, str] = {}
        self._certain: dict[str, bool] = {}

    def make_all(self) -> None:
        """Make everything that is selected, in the order of definition but for what is read earlier."""
        for key, dataset in self._registry.datasets.items():
            if dataset.kind != "view" and self._is_selected(key):
                self._make(key, dataset.name, partial(self._fill, dataset))
        for key, sink in self._registry.sinks.items():
            if self._is_selected(key):
                flows = self._registry.flows.get(key, [])
                self._make(key, sink.name, partial(self._fill_sink, sink, flows))

    def results(self) -> tuple[DatasetResult, ...]:
        """What happened so far, in the order in which it ended."""
        return tuple(self._results.values())

    def view_graph(self) -> tuple[DatasetResult, ...]:
        """The views that were read, as far as they matter to a graph."""
        views = [one for one in self._registry.datasets.values() if one.kind == "view" and one.name.key in self._inputs]
        return tuple(
            DatasetResult(view.name.written, "view", "completed", inputs=tuple(self._inputs[view.name.key]))
            for view in views
        )

    def is_certain(self) -> bool:
        """Whether everything was made, and everything that it depends on is known."""
        request, wanted = self._request, len(self._results)
        is_whole = request.select is None and not request.dry_run
        return is_whole and len(self._certain) == wanted and all(self._certain.values())

    def check(self) -> list[Problem]:
        """What is wrong with the definitions as a whole, before anything is made."""
        problems = []
        known = {**self._registry.datasets, **self._registry.sinks}
        for key, flows in self._registry.flows.items():
            if key not in known:
                problems += [
                    Problem(
                        f"the flow `{flow.name}` fills `{flow.target.written}`, which nothing defines",
                        flow.place,
                        "define it with create_streaming_table",
                    )
                    for flow in flows
                ]
        return problems + [
            Problem(f"`{name}` is selected, and no dataset has that name", hint=did_you_mean(name, known))
            for name in sorted(self._request.select or ())
            if name.lower() not in known
        ]

    def batch(self, name: DatasetName) -> DataFrame | None:
        """A table's rows; None if the name is not ours."""
        dataset = self._registry.datasets.get(name.key)
        self._remember_input(dataset)
        if dataset is not None and dataset.kind == "view":
            frame = self._view(dataset)
            if frame.isStreaming:
                raise RunError(
                    f"the view `{name.written}` is a stream and is read as a batch",
                    hint="read it with spark.readStream.table",
                )
            return frame
        return self._table(name, dataset, read_table)

    def stream(self, name: DatasetName, options: Mapping[str, str]) -> DataFrame | None:
        """A table's rows as they come; None if the name is not ours."""
        dataset = self._registry.datasets.get(name.key)
        self._remember_input(dataset)
        if dataset is not None and dataset.kind == "view":
            frame = self._view(dataset)
            if not frame.isStreaming:
                raise RunError(
                    f"the view `{name.written}` is a batch and is read as a stream",
                    hint="let the view read its own input with spark.readStream",
                )
            return frame
        return self._table(name, dataset, lambda folder, spark: read_stream(folder, spark, self.context(name), options))

    def files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""
        from cbx.runtime.auto_loader import open_stream

        context = self._contexts[-1] if self._contexts else None
        if context is None:
            raise RunError(
                "Auto Loader is used outside a dataset's function",
                hint="move the read into the function below @dlt.table",
            )
        context.landings.append(path)
        self.landings.setdefault(path, signature(path, self._request.working_folder))
        return open_stream(self.spark, options, path, schema, context.next_schema_folder(), note=self._note)

    def _note(self, text: str) -> None:
        self._log(Noted(text))

    @staticmethod
    def _called(view: Dataset) -> DataFrame:
        frame = view.query() if view.query is not None else None
        if not isinstance(frame, Frame):
            raise RunError(
                f"the view `{view.name.written}` returns {type(frame).__name__} and not a DataFrame",
                place=view.place,
                hint="return the DataFrame that the query builds",
            )
        return frame

    def evaluate(self, query: Query, context: FlowContext) -> DataFrame:
        """Call a dataset's function on behalf of a flow."""
        self._contexts.append(context)
        try:
            frame = query()
        finally:
            self._contexts.pop()
            self._user_code_ran()
        if not isinstance(frame, Frame):
            raise RunError(
                f"`{context.folder.name.written}` returns {type(frame).__name__} and not a DataFrame",
                hint="return the DataFrame that the query builds",
            )
        return frame

    def opened(self, name: DatasetName, context: FlowContext, *, is_stream: bool) -> DataFrame:
        """Read a dataset on behalf of a flow that names it."""

        def query() -> DataFrame:
            frame = self.stream(name, {}) if is_stream else self.batch(name)
            if frame is None:
                raise UnknownTableError(name.written)
            return frame

        return self.evaluate(query, context)

    def context(self, name: DatasetName) -> FlowContext:
        """The flow that a dataset is read for.

        Raises:
            RunError: If it is read outside a dataset's function.
        """
        if not self._contexts:
            raise RunError(
                f"`{name.written}` is read outside a dataset's function",
                hint="move the read into the function below @dlt.table",
            )
        return self._contexts[-1]

    def _table(
        self,
        name: DatasetName,
        dataset: Dataset | None,
        read: Callable[[TableFolder, SparkSession], DataFrame],
    ) -> DataFrame | None:
        folder = TableFolder(self._state, name if dataset is None else dataset.name)
        if dataset is None:
            return read(folder, self.spark) if folder.current() is not None else None
        self.context(name)
        if self._is_selected(name.key):
            self._make(name.key, dataset.name, partial(self._fill, dataset))
            result = self._results[name.key]
            if result.status in ("failed", "skipped"):
                raise UpstreamFailedError(f"it reads `{result.name}`, which {_FAILED[result.status]}")
        elif folder.current() is None:
            raise RunError(
                f"`{name.written}` has no rows yet and is not selected",
                hint=f"select it too: --select {name.key}",
            )
        return read(folder, self.spark)

    def _view(self, view: Dataset) -> DataFrame:
        context = self.context(view.name)
        known = context.view_frames.get(view.name.key)
        if known is None:
            with self._entered(view.name.key):
                self._inputs.setdefault(view.name.key, {})
                known = checked_view(view, self._called(view), context)
            context.view_frames[view.name.key] = known
        return known

    def _remember_input(self, dataset: Dataset | None) -> None:
        """Note that what is being made reads a dataset."""
        if dataset is not None and self._under_way:
            self._inputs.setdefault(self._under_way[-1], {})[dataset.name.written] = None

    def _fill(self, dataset: Dataset) -> Filled:
        flows = self._registry.flows.get(dataset.name.key, [])
        folder = TableFolder(self._state, dataset.name)
        request = self._request
        with settings(self.spark, dataset.spark_conf):
            return fill(dataset, flows, folder, self, full_refresh=request.full_refresh, is_dry=request.dry_run)

    def _fill_sink(self, sink: Sink, flows: Sequence[Flow]) -> Filled:
        request = self._request
        return fill_sink(
            sink,
            flows,
            self._state,
            self,
            self._note,
            full_refresh=request.full_refresh,
            is_dry=request.dry_run,
        )

    def _make(self, key: str, name: DatasetName, work: Callable[[], Filled]) -> None:
        if key in self._results:
            return
        with self._entered(key):
            self._log(FlowStarted(name.written))
            started = time.monotonic()
            self._waited.append(0.0)
            result = self._outcome(key, name, work)
            whole = time.monotonic() - started
            own = whole - self._waited.pop()
            self._waited[-1] += whole
            self._results[key] = replace(result, seconds=own, inputs=tuple(self._inputs.get(key, ())))
            self._log(FlowFinished(self._results[key]))

    def _outcome(self, key: str, name: DatasetName, work: Callable[[], Filled]) -> DatasetResult:
        definition = self._registry.datasets.get(key) or self._registry.sinks[key]
        try:
            filled = work()
        except UpstreamFailedError as error:
            problem = Problem(error.problem.reason, definition.place)
            return DatasetResult(name.written, self._last_kind(name), "skipped", problem=problem)
        except Exception as error:  # noqa: BLE001 - whatever a query or Spark raises is this dataset's failure
            problem = self._with_near_name(error, problem_of(error, self._roots, definition.place))
            return DatasetResult(name.written, self._last_kind(name), "failed", problem=problem)
        self._certain[key] = filled.is_certain
        counts, of_views = filled.counts, view_counts(filled.contexts)
        return DatasetResult(
            name=name.written,
            kind=filled.kind,
            status="completed" if filled.did_work else "unchanged",
            rows_read=counts.rows_read,
            rows_written=counts.written,
            rows_dropped=of_views.dropped if filled.kind.startswith("scd") else counts.dropped,
            rows_deleted=counts.deleted,
            expectations=(*counts.rules, *of_views.rules),
        )

    def _with_near_name(self, error: Exception, problem: Problem) -> Problem:
        """A table that does not exist, in our own words and with the name that may have been meant."""
        missing = error.name if isinstance(error, UnknownTableError) else missing_table(problem)
        if missing is None:
            return problem
        known = {*self._registry.datasets, *tables(self._state)}
        hint = did_you_mean(missing, known, "define it in the pipeline, or correct the name")
        return Problem(f"there is no table `{missing}`", problem.place, hint)

    def _last_kind(self, name: DatasetName) -> str:
        """What a table was after the last update, for a dataset that did not get so far as to tell."""
        table = TableFolder(self._state, name).current()
        return table.kind if table is not None else ""

    @contextmanager
    def _entered(self, key: str) -> Iterator[None]:
        """Remember that a dataset is being made, and notice when it needs itself."""
        if key in self._under_way:
            cycle = [*self._under_way[self._under_way.index(key) :], key]
            raise RunError(
                f"the datasets read each other in a circle: {' -> '.join(cycle)}",
                hint="let one of them read something else",
            )
        self._under_way.append(key)
        try:
            yield
        finally:
            self._under_way.pop()

    def _is_selected(self, key: str) -> bool:
        select = self._request.select
        return select is None or key in {name.lower() for name in select}


_FAILED = {"failed": "failed", "skipped": "was skipped"}
