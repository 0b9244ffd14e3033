"""Lets tests import the macros and models of their own project.

One pytest run may contain the tests of several projects, each with a package ``macros``. While the test files of a
project are imported and run, ``macros`` is the package of that project, wherever the root of pytest is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

PROJECT_FILE = "project.toml"
_PACKAGES = ("macros", "models")


def find_project_above(starts: Iterable[Path]) -> Path | None:
    """The nearest folder with a ``project.toml``, at or above the first path that has one; None if there is none."""
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder
    return None


class ProjectImports:
    """Puts the folder of one project at the front of ``sys.path``."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._modules: dict[Path, dict[str, object]] = {}

    def use(self, root: Path | None) -> None:
        """Let imports find the macros and models of one project, and no others."""
        if root is None or root == self._root:
            return
        if self._root is not None:
            sys.path.remove(str(self._root))
            self._modules[self._root] = _unload_modules()
        sys.path.insert(0, str(root))
        sys.modules.update(self._modules.pop(root, {}))  # type: ignore[arg-type] # modules
        self._root = root


def _unload_modules() -> dict[str, object]:
    """Remove the modules of macros and models from ``sys.modules``, and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
