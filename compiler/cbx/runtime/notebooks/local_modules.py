"""Modules in the folders of notebooks, which notebooks import."""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark import cloudpickle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LocalModules:
    """The imported modules from the folders of notebooks.

    Workers cannot import them, so their functions are sent by value.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._known = set(sys.modules)
        self._sent_by_value: list[types.ModuleType] = []

    def send_by_value(self) -> None:
        """Register newly imported modules; to be called after user code has run."""
        for module in self.modules():
            if module not in self._sent_by_value:
                cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
                self._sent_by_value.append(module)

    def modules(self) -> list[types.ModuleType]:
        """The modules, by their names."""
        return [sys.modules[name] for name in _local_modules(self._folders, set(sys.modules) - self._known)]

    def files(self) -> tuple[Path, ...]:
        """The modules' files."""
        return tuple(Path(module.__file__) for module in self.modules() if module.__file__)

    def forget(self) -> None:
        """Unload the modules, so that the next run imports them again."""
        for module in self._sent_by_value:
            cloudpickle.unregister_pickle_by_value(module)  # type: ignore[no-untyped-call]
        for name in _local_modules(self._folders, set(sys.modules) - self._known):
            del sys.modules[name]


@contextlib.contextmanager
def add_import_folders(folders: Sequence[Path]) -> Iterator[LocalModules]:
    """Let notebooks import modules from their folders while the context lasts."""
    before, modules = list(sys.path), LocalModules(folders)
    sys.path[:0] = [str(folder) for folder in dict.fromkeys(folders)]
    importlib.invalidate_caches()
    try:
        yield modules
    finally:
        sys.path[:] = before
        modules.forget()


def _local_modules(folders: Sequence[Path], names: set[str]) -> list[str]:
    """Those of the imported modules that were found below one of the folders, as source."""
    below = []
    for name in sorted(names):
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None) if isinstance(module, types.ModuleType) else None
        if file and "site-packages" not in Path(file).parts:
            below += [name for folder in folders if Path(file).is_relative_to(folder)][:1]
    return below
