"""Lets tests import the macros and models of the project that they belong to.

One run of pytest may hold the tests of several projects, each with a package ``macros``: while the files of a project
are imported and run, its own is the one that is found, wherever pytest has its root.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

PROJECT_FILE = "project.toml"
_PACKAGES = ("macros", "models")


def project_above(starts: Iterable[Path]) -> Path | None:
    """The nearest folder with a ``project.toml``, at or above the first place that has one."""
    for start in starts:
        for folder in (start, *start.parents):
            if (folder / PROJECT_FILE).is_file():
                return folder
    return None


class ProjectImports:
    """Puts one project's folder in front of the places where Python looks for modules."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._modules: dict[Path, dict[str, object]] = {}

    def use(self, root: Path | None) -> None:
        """Let imports find a project's macros and models, and no other project's."""
        if root is None or root == self._root:
            return
        if self._root is not None:
            sys.path.remove(str(self._root))
            self._modules[self._root] = _taken_modules()
        sys.path.insert(0, str(root))
        sys.modules.update(self._modules.pop(root, {}))  # type: ignore[arg-type] # modules
        self._root = root


def _taken_modules() -> dict[str, object]:
    """The modules of macros and models that are loaded, which are loaded no longer."""
    names = [name for name in sys.modules if name.partition(".")[0] in _PACKAGES]
    return {name: sys.modules.pop(name) for name in names}
