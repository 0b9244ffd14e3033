"""``dbutils`` of notebooks: widgets and secrets have values from the command line and from the environment.

The functions are those of the Databricks page "Databricks Utilities (dbutils) reference". What only a workspace can do
is refused.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

from cbx.diagnostics.codes import INVALID_DEFINITION, NOT_SUPPORTED_LOCALLY
from cbx.runtime.calling_line import calling_line
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from cbx.runtime.sql.parameters import Lookup

_INSTEAD: Final = {
    "notebook": "run the other notebook with %run, or import it as a module",
    "fs": "use os and pathlib, which work on volumes and local folders",
    "jobs": "put values into the configuration of the pipeline, and read them with spark.conf.get",
    "library": "install the packages in this environment",
    "data": "look at tables with cbx show",
}
_WIDGETS: Final = ("text", "dropdown", "combobox", "multiselect", "get", "getAll", "getArgument", "remove", "removeAll")
_SECRETS: Final = ("get", "getBytes")


def environment_name(*parts: str) -> str:
    """The environment variable of a widget or a secret: upper case, with underscores for all but letters and digits."""
    return "_".join(["CBX", *(re.sub(r"[^A-Za-z0-9]", "_", part).upper() for part in parts)])


@dataclass(slots=True)
class Widgets:
    """``dbutils.widgets``: values by name.

    Attributes:
        lookup: The configuration of the pipeline, with the values of ``--var``.
        defaults: The defaults of the widgets that the notebook has created.
        arguments: The values with which another notebook runs this one.
    """

    lookup: Lookup
    defaults: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:  # noqa: ARG002, N803 - as documented
        """Create a widget."""
        self.defaults[name] = str(defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803 - as documented
        choices: Sequence[str],  # noqa: ARG002 - as above
        label: str | None = None,
    ) -> None:
        """Create a widget with choices."""
        self.text(name, defaultValue, label)

    combobox = dropdown
    multiselect = dropdown

    def get(self, name: str) -> str:
        """The value of a widget.

        Raises:
            RunError: If it has none.
        """
        value = self._value(name)
        if value is None:
            raise RunError(
                INVALID_DEFINITION,
                f"the widget `{name}` has no value",
                span=calling_line(),
                hint=f"set it with --var {name}=..., with the environment variable {environment_name('widget', name)}, "
                f'or give it a default: dbutils.widgets.text("{name}", "...")',
            )
        return value

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803 - as documented
        """The value of a widget, or a default."""
        value = self._value(name)
        return (
            self.get(name) if value is None and defaultValue is None else str(defaultValue if value is None else value)
        )

    def getAll(self) -> dict[str, str]:  # noqa: N802 - as documented
        """The values of all widgets that the notebook has created."""
        return {name: self.get(name) for name in self.defaults}

    def remove(self, name: str) -> None:
        """Remove a widget."""
        self.defaults.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802 - as documented
        """Remove all widgets."""
        self.defaults.clear()

    def _value(self, name: str) -> str | None:
        places = (self.arguments.get(name), self.lookup(name), os.environ.get(environment_name("widget", name)))
        return next((value for value in places if value is not None), self.defaults.get(name))

    def __getattr__(self, name: str) -> NoReturn:
        raise _refusal(f"widgets.{name}", f"the functions are {', '.join(_WIDGETS)}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """``dbutils.secrets``: values by scope and key."""

    lookup: Lookup

    def get(self, scope: str, key: str) -> str:
        """The value of a secret.

        Raises:
            RunError: If it has none.
        """
        variable = environment_name("secret", scope, key)
        value = os.environ.get(variable, self.lookup(f"{scope}.{key}"))
        if value is None:
            raise RunError(
                INVALID_DEFINITION,
                f"the secret `{key}` of the scope `{scope}` has no value",
                span=calling_line(),
                hint=f"set the environment variable {variable}, or --var {scope}.{key}=...",
            )
        return value

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802 - as documented
        """The value of a secret as bytes."""
        return self.get(scope, key).encode()

    def __getattr__(self, name: str) -> NoReturn:
        raise _refusal(f"secrets.{name}", f"the functions are {', '.join(_SECRETS)}")


@dataclass(frozen=True, slots=True)
class Dbutils:
    """The functions of ``dbutils`` that a pipeline can use on a laptop; the others are refused."""

    widgets: Widgets
    secrets: Secrets

    @classmethod
    def of(cls, lookup: Lookup) -> Dbutils:
        """The functions with the values of a configuration."""
        return cls(Widgets(lookup), Secrets(lookup))

    def __getattr__(self, name: str) -> NoReturn:
        raise _refusal(name, _INSTEAD.get(name))


class UnavailableUtilityError(RunError, AttributeError):
    """A part of ``dbutils`` that needs a workspace; also an ``AttributeError``, so that ``hasattr`` works."""


def _refusal(name: str, hint: str | None) -> UnavailableUtilityError:
    reason = f"dbutils.{name} needs a Databricks workspace"
    return UnavailableUtilityError(NOT_SUPPORTED_LOCALLY, reason, span=calling_line(), hint=hint)


@contextlib.contextmanager
def install_dbutils_module(lookup: Lookup) -> Iterator[None]:
    """Install the module ``pyspark.dbutils``, from which files import ``DBUtils``, while the context lasts."""

    def create(*_: Any) -> Dbutils:
        return Dbutils.of(lookup)

    name = "pyspark.dbutils"
    before: Mapping[str, types.ModuleType] = {name: sys.modules[name]} if name in sys.modules else {}
    module = types.ModuleType(name, "The local implementation of dbutils.")
    vars(module).update(DBUtils=create)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]
        sys.modules.update(before)
