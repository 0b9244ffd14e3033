"""Refreshes each dataset once per update, before it is first read."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame as Frame

from cbx.diagnostics.codes import INVALID_DEFINITION, UNKNOWN_TABLE
from cbx.runtime.definitions import AppendFlow, ReplaceFlow, Sink
from cbx.runtime.errors import RunError, UnknownTableError
from cbx.runtime.flow_context import FlowContext, UpstreamFailedError
from cbx.runtime.log.events import FlowFinished, FlowPlanned, FlowStarted, NoteAdded
from cbx.runtime.results import DatasetResult, RunRequest
from cbx.runtime.spark.configuration import settings
from cbx.runtime.tables.store import TableFolder
from cbx.runtime.update.dataset_results import completed_result, failed_result, order_results
from cbx.runtime.update.file_reads import FileReads
from cbx.runtime.update.file_signatures import has_signature
from cbx.runtime.update.started_engine import EngineUnableError
from cbx.runtime.update.workers import DatasetWorkers, cycle_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from cbx.runtime.definitions import Dataset, Query, Registry
    from cbx.runtime.flows.refresh_result import RefreshResult
    from cbx.runtime.log.events import Event
    from cbx.runtime.names import DatasetName
    from cbx.runtime.spark.format_read import FormatRead
    from cbx.runtime.update.started_engine import StartedEngine


class _ThreadState(threading.local):
    """What one thread is doing, the innermost last.

    Attributes:
        under_way: The datasets that it is refreshing, each with the views that are read for it.
        contexts: The flows whose queries it is calling.
        waited: The seconds that each of the datasets waited for others.
    """

    def __init__(self) -> None:
        self.under_way: list[list[str]] = []
        self.contexts: list[FlowContext] = []
        self.waited: list[float] = [0.0]


class Materializer:
    """Provides the datasets that notebooks read, and refreshes them first.

    Attributes:
        engine: Runs the queries.
    """

    def __init__(
        self,
        request: RunRequest,
        started: StartedEngine,
        registry: Registry,
        roots: Sequence[Path],
        log: Callable[[Event], None],
        user_code_ran: Callable[[], None],
        landings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._request = request
        self._state = request.state.resolve()
        self.engine = started.engine
        self._refresh_dataset = started.refresh
        self._write_rows = started.write_sink
        self._is_parallel = started.is_parallel
        self._is_unable = started.is_unable
        self._registry = registry
        self._roots = roots
        self._log = log
        self._files = FileReads(started.engine, started.outside, self._state, request.working_folder, self._note)
        self._files.signatures.update(landings)
        self._user_code_ran = user_code_ran
        self._results: dict[str, DatasetResult] = {}
        self._here = _ThreadState()
        self._inputs: dict[str, dict[str, None]] = {}
        self._certain: dict[str, bool] = {}

    @cached_property
    def _workers(self) -> DatasetWorkers:
        registry = self._registry
        flows = [
            flow for flows in registry.flows.values() for flow in flows if isinstance(flow, (AppendFlow, ReplaceFlow))
        ]
        has_settings = any(definition.spark_conf for definition in registry.datasets.values()) or any(
            flow.spark_conf for flow in flows
        )
        # A setting holds for the whole session.
        is_alone = has_settings or self._request.dry_run or not self._is_parallel
        size = 1 if is_alone else _THREADS
        return DatasetWorkers(tuple(registry.datasets), size, self.engine.make_active)

    @cached_property
    def _selected(self) -> list[str]:
        tables = [key for key, dataset in self._registry.datasets.items() if dataset.kind != "view"]
        return [key for key in (*tables, *self._registry.sinks) if self._is_selected(key)]

    def continue_from(self, other: Materializer) -> None:
        """Take over the datasets that another one has refreshed in this update."""
        self._results.update(other._results)
        self._inputs.update({key: inputs for key, inputs in other._inputs.items() if key in other._results})
        self._certain.update(other._certain)
        self._files.signatures.update(other._files.signatures)

    def count_selected(self) -> int:
        """How many datasets and sinks are refreshed."""
        return len(self._selected)

    def refresh_all(self) -> None:
        """Refresh all selected datasets, in the order of definition, but inputs first."""
        self._workers.work(self._selected, self._refresh)

    def landings(self) -> dict[str, str]:
        """The landing folders and files that were read, each with a signature of its files before that."""
        return dict(self._files.signatures)

    def results(self) -> tuple[DatasetResult, ...]:
        """The results so far, in the order of definition, but inputs first."""
        return order_results(self._results, (*self._registry.datasets, *self._registry.sinks), self._inputs)

    def view_graph(self) -> tuple[DatasetResult, ...]:
        """The views that were read, for a graph."""
        datasets = self._registry.datasets.values()
        views = [dataset for dataset in datasets if dataset.kind == "view" and dataset.name.key in self._inputs]
        return tuple(
            DatasetResult(view.name.written, "view", "completed", inputs=self._input_names(view.name.key))
            for view in views
        )

    def is_certain(self) -> bool:
        """Whether all datasets were refreshed, and all their inputs are known."""
        request, wanted = self._request, len(self._results)
        is_whole = request.select is None and not request.dry_run and all(map(has_signature, self._files.signatures))
        return is_whole and len(self._certain) == wanted and all(self._certain.values())

    def batch(self, name: DatasetName, options: Mapping[str, str] = MappingProxyType({})) -> DataFrame | None:
        """The rows of a table; None for a table that is not in the pipeline."""
        dataset = self._registry.datasets.get(name.key)
        stand_in = self._files.read_stand_in(name, dataset, {}, self._flow, is_stream=False)
        if stand_in is not None:
            return stand_in
        self._remember_input(dataset)
        if dataset is not None and dataset.kind == "view":
            frame = self._view(dataset)
            if self.engine.is_stream(frame):
                raise RunError(
                    INVALID_DEFINITION,
                    f"the view `{name.written}` is a stream but is read as a batch",
                    hint="read it with spark.readStream.table",
                )
            return frame
        return self._table(name, dataset, partial(self.engine.read_table, options=options))

    def stream(self, name: DatasetName, options: Mapping[str, str]) -> DataFrame | None:
        """The rows of a table as a stream; None for a table that is not in the pipeline."""
        dataset = self._registry.datasets.get(name.key)
        stand_in = self._files.read_stand_in(name, dataset, options, self._flow, is_stream=True)
        if stand_in is not None:
            return stand_in
        self._remember_input(dataset)
        if dataset is not None and dataset.kind == "view":
            frame = self._view(dataset)
            if not self.engine.is_stream(frame):
                raise RunError(
                    INVALID_DEFINITION,
                    f"the view `{name.written}` is a batch but is read as a stream",
                    hint="read the input of the view with spark.readStream",
                )
            return frame

        def read(folder: TableFolder) -> DataFrame:
            return self.engine.read_stream(folder, options, self.context(name))

        return self._table(name, dataset, read)

    def files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """New files of a folder, as Auto Loader reads them."""
        with self._workers.let_others_call():
            return self._files.open_files(options, path, schema, self._flow)

    def batch_files(self, options: Mapping[str, str], path: str, schema: StructType | None) -> DataFrame:
        """All files of a folder, as ``read_files`` reads them."""
        with self._workers.let_others_call():
            return self._files.read_files(options, path, schema, self._flow)

    def delta(self, options: Mapping[str, str], path: str, *, is_stream: bool) -> DataFrame | None:
        """The rows of the Delta table at a path; None if Spark itself can read it."""
        return self._files.read_delta(options, path, self._flow, is_stream=is_stream)

    def messages(self, service: str, options: Mapping[str, str], *, is_stream: bool) -> DataFrame | None:
        """The messages of a streaming service; None if Spark itself can read them."""
        return self._files.read_messages(service, options, self._flow, is_stream=is_stream)

    def table_outside(self, name: DatasetName, *, is_stream: bool) -> DataFrame | None:
        """The rows of the files that stand in for a table of another system; None if there are none."""
        files = self._files.outside.tables.find(name, None)
        return None if files is None else self._files.read_outside(files, {}, self._flow, is_stream=is_stream)

    def given_files(self, path: str) -> None:
        """Nothing: in a run files are not given."""

    def files_of_format(self, files: FormatRead) -> DataFrame | None:
        """The rows of files, as ``spark.read`` and ``spark.readStream`` read them; None if these themselves do."""
        return self._files.read_format(files, self._flow)

    @property
    def _flow(self) -> FlowContext | None:
        """The flow whose query this thread is calling."""
        return self._here.contexts[-1] if self._here.contexts else None

    def _note(self, text: str) -> None:
        self._log(NoteAdded(text))

    @staticmethod
    def _call_view(view: Dataset) -> DataFrame:
        frame = view.query() if view.query is not None else None
        if not isinstance(frame, Frame):
            raise RunError(
                INVALID_DEFINITION,
                f"the view `{view.name.written}` returns {type(frame).__name__} instead of a DataFrame",
                span=view.span,
                hint="return the DataFrame of the query",
            )
        return frame

    def evaluate(self, query: Query, context: FlowContext) -> DataFrame:
        """Call the function of a dataset for a flow."""
        here, started = self._here, time.monotonic()
        with self._workers.calling_user_code():
            here.waited[-1] += time.monotonic() - started
            here.contexts.append(context)
            try:
                frame = query()
            finally:
                here.contexts.pop()
                self._user_code_ran()
        if not isinstance(frame, Frame):
            raise RunError(
                INVALID_DEFINITION,
                f"`{context.folder.name.written}` returns {type(frame).__name__} instead of a DataFrame",
                hint="return the DataFrame of the query",
            )
        frame = self.engine.show_metadata(frame)
        self._remember_landings(frame, context)
        return frame

    def _remember_landings(self, frame: DataFrame, context: FlowContext) -> None:
        """Keep the signatures of the folders that a stream reads without Auto Loader."""
        tables = (self._state / "tables").as_posix()
        for path in self.engine.stream_paths(frame):
            if path and path not in context.reads.landings and not path.removeprefix("file:").startswith(tables):
                self._files.watch(path)

    def read_dataset(self, name: DatasetName, context: FlowContext, *, is_stream: bool) -> DataFrame:
        """Read a dataset for a flow."""

        def query() -> DataFrame:
            frame = self.stream(name, {}) if is_stream else self.batch(name)
            if frame is None:
                raise UnknownTableError(name.written)
            return frame

        return self.evaluate(query, context)

    def context(self, name: DatasetName) -> FlowContext:
        """The flow that a dataset is read for.

        Raises:
            RunError: If it is read outside the function of a dataset.
        """
        flow = self._flow
        if flow is None:
            raise RunError(
                INVALID_DEFINITION,
                f"`{name.written}` is read outside the function of a dataset",
                hint="move the read into the decorated function",
            )
        return flow

    def _table(
        self,
        name: DatasetName,
        dataset: Dataset | None,
        read: Callable[[TableFolder], DataFrame],
    ) -> DataFrame | None:
        folder = TableFolder(self._state, name if dataset is None else dataset.name)
        if dataset is None:
            return read(folder) if folder.read_state() is not None else None
        self.context(name)
        if self._is_selected(name.key):
            self._refresh(name.key)
            result = self._results[name.key]
            if result.status in ("failed", "skipped"):
                raise UpstreamFailedError(f"its input `{result.name}` {_FAILED[result.status]}")
        elif folder.read_state() is None:
            raise RunError(
                UNKNOWN_TABLE,
                f"`{name.written}` has no rows yet and is not selected",
                hint=f"add --select {name.key}",
            )
        return read(folder)

    def _view(self, view: Dataset) -> DataFrame:
        context = self.context(view.name)
        frame = context.reads.view_frames.get(view.name.key)
        if frame is None:
            with self._reading(view.name.key):
                self._inputs.setdefault(view.name.key, {})
                frame = self.engine.check_view(view, self._call_view(view), context)
            context.reads.view_frames[view.name.key] = frame
        return frame

    def _remember_input(self, dataset: Dataset | None) -> None:
        """Add a dataset to the inputs of the one that is being refreshed."""
        if dataset is not None and self._here.under_way:
            self._inputs.setdefault(self._here.under_way[-1][-1], {})[dataset.name.key] = None

    def _input_names(self, key: str) -> tuple[str, ...]:
        return tuple(self._registry.datasets[other].name.written for other in self._inputs.get(key, ()))

    def _refresh_table(self, dataset: Dataset) -> RefreshResult:
        flows = self._registry.flows.get(dataset.name.key, [])
        folder = TableFolder(self._state, dataset.name)
        request = self._request
        with settings(self.engine.spark, dataset.spark_conf):
            return self._refresh_dataset(
                dataset, flows, folder, self, full_refresh=request.full_refresh, is_dry=request.dry_run
            )

    def _write_sink(self, sink: Sink) -> RefreshResult:
        request = self._request
        return self._write_rows(
            sink,
            self._registry.flows.get(sink.name.key, []),
            self._state,
            self,
            self._note,
            full_refresh=request.full_refresh,
            is_dry=request.dry_run,
        )

    def _refresh(self, key: str) -> None:
        """Refresh a dataset or a sink, for the dataset that this thread is refreshing if there is one."""
        if key in self._results:
            return
        here, started = self._here, time.monotonic()
        needed_by = here.under_way[-1] if here.under_way else ()
        try:
            self._workers.run_once(key, partial(self._refresh_now, key), needed_by)
        finally:
            here.waited[-1] += time.monotonic() - started

    def _refresh_now(self, key: str) -> None:
        here, started = self._here, time.monotonic()
        definition = self._registry.datasets.get(key) or self._registry.sinks[key]
        self._log(FlowStarted(definition.name.written))
        here.under_way.append([key])
        here.waited.append(0.0)
        try:
            result = self._result(definition)
        finally:
            here.under_way.pop()
            waited = here.waited.pop()
        seconds = time.monotonic() - started - waited
        self._results[key] = replace(result, seconds=seconds, inputs=self._input_names(key))
        if result.refresh is not None:
            self._log(FlowPlanned(result.name, result.refresh))
        self._log(FlowFinished(self._results[key]))

    def _result(self, definition: Dataset | Sink) -> DatasetResult:
        try:
            filled = self._write_sink(definition) if isinstance(definition, Sink) else self._refresh_table(definition)
        except Exception as error:  # whatever a query or Spark raises, the dataset failed
            if self._is_unable(error):
                raise EngineUnableError(definition.name.written, error) from error
            trace_back = self._request.trace_back
            return failed_result(definition, error, self._state, self._roots, self._registry.datasets, trace_back)
        self._certain[definition.name.key] = filled.is_certain
        return completed_result(definition, filled)

    @contextmanager
    def _reading(self, view: str) -> Iterator[None]:
        """Keep track of the views that are being read, and find a view that reads itself."""
        chain = self._here.under_way[-1]
        if view in chain:
            raise cycle_error([*chain[chain.index(view) :], view])
        chain.append(view)
        try:
            yield
        finally:
            chain.pop()

    def _is_selected(self, key: str) -> bool:
        select = self._request.select
        return select is None or key in {name.lower() for name in select}


_FAILED = {"failed": "failed", "skipped": "was skipped"}

_THREADS = max(4, min(os.cpu_count() or 1, 8))
"""More than the cores, since some threads wait for others and for files."""
