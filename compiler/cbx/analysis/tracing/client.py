"""Traces models in the worker process, or takes the outcome from the cache."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

from cbx.analysis.facts import TableColumn
from cbx.analysis.tracing.cache import Cache, cache_key
from cbx.analysis.tracing.process import return_worker, take_worker
from cbx.analysis.tracing.requests import Function, Limits, MissingExtra, Outcome, Traced, Unknown

_NEEDED = ("grpc", "pandas", "pyarrow", "pysail", "pyspark")


class Tracer:
    """Traces one model after the other; a context that ends its process and saves its cache at the end.

    Example:
        >>> with Tracer(root / ".cbx/cache/trace.json") as tracer:
        ...     outcome = tracer.trace(function)
    """

    def __init__(self, cache_file: Path | None = None, limits: Limits | None = None) -> None:
        """Prepare; the worker is started when the first model is not in the cache."""
        self._limits = limits or Limits()
        self._cache_file = cache_file
        self._cache: Cache | None = None
        self._worker = take_worker(self._limits)

    def __enter__(self) -> Tracer:  # noqa: PYI034 - `typing.Self` came with Python 3.11
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def trace(self, function: Function) -> Outcome:
        """Trace a model. Exceptions of its code are never raised here.

        Returns:
            `Traced`, `Unknown` with a reason, or `MissingExtra`.
        """
        for frame in function.inputs:
            if frame.columns is None:
                return Unknown(f"the columns of `{frame.name}` are not known", is_for_inputs=True)
        if not _is_installed():
            return MissingExtra()
        self._cache = self._cache or Cache(self._cache_file)
        key = cache_key(function, self._limits)
        outcome = self._cache.get(key)
        if outcome is None:
            outcome = self._worker.trace(function)
            if not isinstance(outcome, Unknown) or outcome.is_lasting:
                self._cache.put(key, outcome)
        return outcome

    def close(self) -> None:
        """End the worker, unless it is kept, and save the cache."""
        return_worker(self._worker)
        if self._cache is not None:
            self._cache.save()


def trace(
    functions: Iterable[Function], cache_file: Path | None = None, limits: Limits | None = None
) -> Mapping[str, Outcome]:
    """Trace models, each after those that it reads.

    Args:
        functions: The models, each after those that it reads. If the columns of an input are unknown, those that
            were inferred for its model are used.
        cache_file: The file of the cache; None for no cache.
        limits: How much time and memory a model may use.

    Returns:
        The outcome of each, by the model's id.
    """
    outcomes: dict[str, Outcome] = {}
    with Tracer(cache_file, limits) as tracer:
        for function in functions:
            inputs = tuple(
                frame
                if frame.columns is not None
                else replace(frame, columns=_traced_columns(outcomes.get(frame.name)))
                for frame in function.inputs
            )
            outcomes[function.model] = tracer.trace(replace(function, inputs=inputs))
    return outcomes


def _traced_columns(outcome: Outcome | None) -> tuple[TableColumn, ...] | None:
    return outcome.columns if isinstance(outcome, Traced) else None


def _is_installed() -> bool:
    return all(find_spec(name) is not None for name in _NEEDED)
