"""The options of ``cbx run``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbx.cli.places import STATE, local_state, relative_folder
from cbx.cli.selection import SelectionOptions
from cbx.incremental.stamps import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cbx.runtime.results import EngineName


@dataclass(frozen=True)
class RunOptions:
    """The options of one run."""

    project: Path | None
    environment: str
    variables: tuple[str, ...]
    tables: tuple[str, ...]
    streams: tuple[str, ...]
    state: Path | None
    selection: SelectionOptions
    full_refresh: bool
    master: str | None
    dry_run: bool
    engine: EngineName | None = None
    with_trace: bool = True
    conf: tuple[str, ...] = ()

    def state_folder(self, root: Path) -> Path:
        """The state folder, as messages show it.

        Args:
            root: The folder of the project, or the working folder.

        Raises:
            CannotRunError: If it is a URL of other storage.
        """
        return relative_folder(root.resolve() / STATE) if self.state is None else local_state(self.state)

    def origin(self, root: Path, digests: Mapping[str, str]) -> str:
        """A hash of everything from which an update of a project is made; see ``RunRequest``.

        Args:
            root: The project's folder.
            digests: Hashes of the files that are compiled, by path.
        """
        parts = (
            *(str(folder) for folder in (root.resolve(), self.state_folder(root).resolve(), Path.cwd())),
            (self.environment, self.variables, self.tables, self.streams),
            (self.with_trace, self.engine, self.master, self.conf),
            sorted(digests.items()),
        )
        return digest(json.dumps(parts).encode())
