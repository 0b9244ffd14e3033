"""Loads compiled notebooks with a recorder in place of the pipeline API, to see what they would define."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any


@dataclass
class Recorded:
    """What a notebook defined: datasets with their arguments and expectations, and other calls in order."""

    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Configuration:
    """Stands for ``spark.conf``: a variable's value is its name between angle brackets."""

    def get(self, key: str) -> str:
        return f"<{key}>"


class Session:
    """Stands for ``spark`` while definitions load; they must not read anything."""

    conf = Configuration()


class Recorder(ModuleType):
    """A module with the names of the pipeline API that keeps what it is told."""

    def __init__(self, name: str, recorded: Recorded) -> None:
        super().__init__(name)
        self._recorded = recorded
        for kind in ("table", "view", "materialized_view", "temporary_view"):
            setattr(self, kind, self._dataset(kind))
        for rule in ("expect", "expect_or_drop", "expect_or_fail"):
            setattr(self, rule, self._rule(rule))
        for word in ("create_streaming_table", "create_auto_cdc_flow"):
            setattr(self, word, self._call(word))

    def _dataset(self, kind: str) -> Any:
        def decorator(**arguments: Any) -> Any:
            def keep(function: Any) -> Any:
                rules = getattr(function, "rules", [])
                self._recorded.datasets[arguments["name"]] = {"kind": kind, **arguments, "rules": rules}
                return function

            return keep

        return decorator

    def _rule(self, rule: str) -> Any:
        def decorator(name: str, condition: str) -> Any:
            def keep(function: Any) -> Any:
                function.rules = [(rule, name, condition), *getattr(function, "rules", [])]
                return function

            return keep

        return decorator

    def _call(self, word: str) -> Any:
        def call(**arguments: Any) -> None:
            self._recorded.calls.append((word, arguments))

        return call


@contextmanager
def pipeline_api(recorded: Recorded) -> Iterator[None]:
    """Puts the recorder in the place of both APIs."""
    import pyspark

    before = {name: sys.modules.get(name) for name in ("dlt", "pyspark.pipelines")}
    recorder = Recorder("dlt", recorded)
    sys.modules["dlt"] = sys.modules["pyspark.pipelines"] = recorder
    attribute = getattr(pyspark, "pipelines", None)
    pyspark.pipelines = recorder  # type: ignore[attr-defined] # the module may not exist in this version
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
        if attribute is None:
            del pyspark.pipelines  # type: ignore[attr-defined] # as above
        else:
            pyspark.pipelines = attribute  # type: ignore[attr-defined] # as above


def load(text: str) -> Recorded:
    """Execute a notebook's definitions."""
    recorded = Recorded()
    with pipeline_api(recorded):
        exec(compile(text, "notebook", "exec"), {"spark": Session(), "__name__": "notebook"})
    return recorded
