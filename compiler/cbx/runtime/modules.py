"""Putting the local ``dlt`` and ``pyspark.pipelines`` where ``import`` finds them, for the time of a run."""

from __future__ import annotations

import contextlib
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_NAMES = ("dlt", "pyspark.pipelines")


@contextlib.contextmanager
def importable_as_dlt(functions: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Let ``import dlt`` and ``from pyspark import pipelines`` give modules with these functions."""
    import pyspark  # noqa: PLC0415 - heavy, and only runs need it

    missing = object()
    before = {name: sys.modules.get(name) for name in _NAMES}
    attribute = getattr(pyspark, "pipelines", missing)
    for name in _NAMES:
        module = types.ModuleType(name, "The local implementation of declarative pipelines.")
        vars(module).update(functions, __all__=sorted(functions))
        sys.modules[name] = module
    pyspark.pipelines = sys.modules["pyspark.pipelines"]
    try:
        yield
    finally:
        for name, module in before.items():  # type: ignore[assignment]
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        if attribute is missing:
            del pyspark.pipelines
        else:
            pyspark.pipelines = attribute  # type: ignore[assignment]
