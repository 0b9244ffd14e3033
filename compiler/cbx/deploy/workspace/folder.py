"""Files and folders of a workspace."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectInfo

from cbx.deploy.workspace.files import ObjectKind, WorkspaceFile
from cbx.deploy.workspace.session import WorkspaceSession

_KINDS: dict[str, ObjectKind] = {"NOTEBOOK": "NOTEBOOK", "DIRECTORY": "DIRECTORY"}
_ROOT = "/Workspace"


@dataclass(frozen=True)
class Folder:
    """A folder of a workspace and what is below it; paths are relative to it."""

    session: WorkspaceSession
    path: str

    def objects(self) -> dict[str, ObjectKind]:
        """The kinds of all objects below, by path; empty if the folder does not exist."""
        kinds: dict[str, ObjectKind] = {}
        waiting = [self.path]
        while waiting:
            for info in self._list_folder(waiting.pop(0)):
                kind = _KINDS.get(info.object_type.value if info.object_type else "", "FILE")
                path = _below_root(info.path or "")
                kinds[path.removeprefix(f"{self.path}/")] = kind
                if kind == "DIRECTORY":
                    waiting.append(path)
        return kinds

    def _list_folder(self, path: str) -> list[ObjectInfo]:
        workspace = self.session.client.workspace
        try:
            return self.session.ask(f"listing `{path}`", lambda: list(workspace.list(path)), (NotFound,))
        except NotFound:
            return []

    def make(self, path: str = "") -> None:
        """Create a folder and its parents, if they do not exist."""
        full = self._full(path)
        self.session.ask(f"creating the folder `{full}`", lambda: self.session.client.workspace.mkdirs(full))

    def remove(self, path: str) -> None:
        """Remove an object and everything below it, if it exists."""
        full = self._full(path)
        workspace = self.session.client.workspace
        try:
            self.session.ask(f"removing `{full}`", lambda: workspace.delete(full, recursive=True), (NotFound,))
        except NotFound:
            return

    def upload(self, file: WorkspaceFile) -> None:
        """Upload a compiled file, over one of the same kind."""
        is_notebook = file.kind == "NOTEBOOK"
        self._import(
            file.path,
            file.content,
            ImportFormat.SOURCE if is_notebook else ImportFormat.AUTO,
            Language.PYTHON if is_notebook else None,
            overwrite=True,
        )

    def write(self, path: str, content: bytes) -> None:
        """Write a file, over an existing one."""
        self._import(path, content, ImportFormat.AUTO, None, overwrite=True)

    def write_new(self, path: str, content: bytes) -> bool:
        """Write a file that does not exist yet; False if it exists. Of two processes, one succeeds."""
        try:
            self._import(path, content, ImportFormat.AUTO, None, overwrite=False)
        except ResourceConflict:
            return False
        return True

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        full = self._full(path)
        workspace = self.session.client.workspace
        try:
            response = self.session.ask(
                f"reading `{full}`", lambda: workspace.export(full, format=ExportFormat.AUTO), (NotFound,)
            )
        except NotFound:
            return None
        return base64.b64decode(response.content or "")

    def _import(
        self, path: str, content: bytes, kind: ImportFormat, language: Language | None, *, overwrite: bool
    ) -> None:
        full = self._full(path)
        encoded = base64.b64encode(content).decode()
        expected = () if overwrite else (ResourceConflict, NotFound)
        self.session.ask(
            f"uploading `{full}`",
            lambda: self.session.client.workspace.import_(
                full, content=encoded, format=kind, language=language, overwrite=overwrite
            ),
            expected,
        )

    def _full(self, path: str) -> str:
        return f"{self.path}/{path}" if path else self.path


def _below_root(path: str) -> str:
    """A path that begins with ``/Workspace``, which the API omits in some responses."""
    return path if path.startswith(f"{_ROOT}/") else f"{_ROOT}{path}"
