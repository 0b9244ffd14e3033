"""``import dlt`` and ``import pyspark.pipelines`` during a run."""

from __future__ import annotations

import contextlib
import sys
import types
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pyspark

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_NAMES = ("dlt", "pyspark.pipelines")
_ATTRIBUTE = "pipelines"


class UnknownFunctionError(RunError, AttributeError):
    """A name that the API does not have; also an ``AttributeError``, so that ``hasattr`` works."""


@contextlib.contextmanager
def install_dlt_modules(functions: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    """Install the modules ``dlt`` and ``pyspark.pipelines`` with these functions while the context lasts."""
    modules_before = {name: sys.modules[name] for name in _NAMES if name in sys.modules}
    attribute_before = vars(pyspark).get(_ATTRIBUTE)
    for name in _NAMES:
        module = types.ModuleType(name, "The local implementation of declarative pipelines.")
        vars(module).update(functions, __all__=sorted(functions), __getattr__=partial(_refuse_unknown, name, functions))
        sys.modules[name] = module
    setattr(pyspark, _ATTRIBUTE, sys.modules["pyspark.pipelines"])
    try:
        yield
    finally:
        for name in _NAMES:
            del sys.modules[name]
        sys.modules.update(modules_before)
        delattr(pyspark, _ATTRIBUTE)
        if attribute_before is not None:
            setattr(pyspark, _ATTRIBUTE, attribute_before)


def _refuse_unknown(module: str, functions: Mapping[str, Callable[..., Any]], name: str) -> NoReturn:
    hint = did_you_mean(name, functions, "see the Databricks reference of the pipeline API")
    raise UnknownFunctionError(
        INVALID_DEFINITION, f"`{module}` has no function `{name}`", span=calling_line(), hint=hint
    )
