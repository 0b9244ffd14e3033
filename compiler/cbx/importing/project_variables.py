"""The variables of a project that stand for the configuration of a pipeline."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cbx.importing.reading.pipeline_sources import PythonFile

CONFIGURATION_READERS: Final = ("spark.conf.get", "dbutils.widgets.get")
_DECLARERS: Final = ("dbutils.widgets.text", "dbutils.widgets.dropdown", "dbutils.widgets.combobox")
UNKNOWN_TEXT: Final = "TODO"


class ProjectVariables(Mapping[str, str]):
    """The name of a variable for each key of the configuration; every key gets one when it is first looked up."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        if key not in self._names:
            self._names[key] = self._free_name(key)
        return self._names[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, _: object) -> bool:
        return True

    def _free_name(self, key: str) -> str:
        last = re.sub(r"\W+", "_", key.rpartition(".")[2], flags=re.ASCII)
        name = last if last not in self._names.values() else re.sub(r"\W+", "_", key, flags=re.ASCII)
        return f"v_{name}" if name[:1].isdigit() else name


def configuration_defaults(files: Iterable[PythonFile]) -> dict[str, str]:
    """The defaults of the configuration that code gives: ``spark.conf.get("landing", "/data")``."""
    defaults: dict[str, str] = {}
    for file in files:
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {*CONFIGURATION_READERS, *_DECLARERS}:
                values = [part.value for part in node.args if isinstance(part, ast.Constant)]
                if len(values) > 1 and all(isinstance(value, str) for value in values[:2]):
                    defaults.setdefault(str(values[0]), str(values[1]))
    return defaults
