"""Storage of another machine: a server with the WebHDFS protocol, whose client is a part of Spark.

It serves the files of a local folder, and cannot be reached as one: Spark knows its files by ``webhdfs`` URLs only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

_ROOT = "/webhdfs/v1"


@dataclass
class Storage:
    """A running server.

    Attributes:
        folder: The folder whose files it has.
        port: Its port on this machine.
        opened: The paths of the files that were read, in their order.
    """

    folder: Path
    port: int = 0
    opened: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """The URL of a file or folder."""
        return f"webhdfs://127.0.0.1:{self.port}/{path}"

    def write(self, path: str, text: str) -> Path:
        """Write a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def answer(self, path: str, operation: str, values: dict[str, str]) -> tuple[int, Any]:
        """The status and the document, or the bytes, of a request."""
        file = self.folder / path.lstrip("/")
        if not file.exists():
            error = {"exception": "FileNotFoundException", "javaClassName": "java.io.FileNotFoundException"}
            return 404, {"RemoteException": {**error, "message": f"File does not exist: {path}"}}
        if operation == "GETFILESTATUS":
            return 200, {"FileStatus": _status(file, "")}
        if operation == "LISTSTATUS":
            files = sorted(file.iterdir()) if file.is_dir() else [file]
            names = [each.name if file.is_dir() else "" for each in files]
            return 200, {"FileStatuses": {"FileStatus": list(map(_status, files, names))}}
        if operation == "GETFILEBLOCKLOCATIONS":
            return 200, {"BlockLocations": {"BlockLocation": []}}
        if operation == "OPEN":
            self.opened.append(path)
            start = int(values.get("offset", 0))
            end = start + int(values["length"]) if "length" in values else None
            return 200, file.read_bytes()[start:end]
        error = {"exception": "UnsupportedOperationException", "message": operation}
        return 400, {"RemoteException": {**error, "javaClassName": "java.lang.UnsupportedOperationException"}}


def _status(file: Path, name: str) -> dict[str, Any]:
    status = file.stat()
    return {
        "pathSuffix": name,
        "type": "DIRECTORY" if file.is_dir() else "FILE",
        "length": 0 if file.is_dir() else status.st_size,
        "modificationTime": status.st_mtime_ns // 1_000_000,
        "accessTime": 0,
        "owner": "cbx",
        "group": "cbx",
        "permission": "755",
        "blockSize": 1 << 20,
        "replication": 1,
    }


@contextmanager
def serve(folder: Path) -> Iterator[Storage]:
    """Serve the files of a folder while the context lasts."""
    storage = Storage(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path.encode("latin-1").decode())
            values = {name: texts[0] for name, texts in parse_qs(parts.query).items()}
            path = unquote(parts.path).removeprefix(_ROOT)
            status, content = storage.answer(path, values.pop("op").upper(), values)
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)  # without a type of content, for which Spark's client lacks a library
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        storage.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield storage
        finally:
            server.shutdown()
            thread.join()
