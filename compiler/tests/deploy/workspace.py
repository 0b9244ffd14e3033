"""A Databricks workspace for tests: an HTTP server that the real SDK talks to.

Paths, status codes, error codes and messages are those of the REST API reference and of the Databricks CLI's own
acceptance tests. It keeps everything in memory, lets things go wrong at a request of one's choice, and runs "updates"
of whatever notebooks were uploaded to it.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from faults import Fault
from workspace_api import ROBOT, Answer, ApiError, WorkspaceApi

SLOW, PATIENCE = 0.01, 60.0
"""Seconds that a slow answer takes, and for which the server waits until a client without an answer gives up."""

INSTEAD = {
    "429": ApiError(429, "RESOURCE_EXHAUSTED", "Rate limited."),
    "503": ApiError(503, "TEMPORARILY_UNAVAILABLE", "The service is temporarily unavailable."),
    "500": ApiError(500, "INTERNAL_ERROR", "Something is wrong on our side."),
    "forbidden": ApiError(403, "PERMISSION_DENIED", "You do not have the permission."),
}
"""What is answered instead of the answer."""


class Workspace:
    """A running workspace: ``with Workspace() as workspace: connect(workspace.host)``.

    Attributes:
        api: What it holds.
        token: The one that it accepts.
        secret: That of the service principal, for which the token is given.
        fault: What goes wrong, and when.
        requests: What it was asked.
        broken: The endpoints that only ever fail, with what they say.
        before: Called before each request takes effect.
    """

    def __init__(self) -> None:
        self.api = WorkspaceApi()
        self.token = "dapi-canary-0123456789abcdef"
        self.secret = "dose-canary-fedcba9876543210"
        self.fault: Fault | None = None
        self.requests: list[str] = []
        self.broken: dict[tuple[str, str], str] = {}
        self.before: Callable[[str, str], None] = lambda *_: None
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.workspace = self
        self.api.host = self.host

    @property
    def host(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client's environment says."""
        return {"DATABRICKS_HOST": self.host, "DATABRICKS_TOKEN": self.token}

    def __enter__(self) -> Workspace:  # noqa: PYI034 - Self is newer than Python 3.10
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def strike(self, fault: Fault | None) -> None:
        """Let something go wrong from now on; requests are counted anew."""
        self.fault = fault
        self.requests.clear()

    def count_request(self, method: str, path: str) -> Fault | None:
        """Count a request, and say what happens to it."""
        with self._lock:
            self.requests.append(f"{method} {path}")
            number = len(self.requests)
        return self.fault if self.fault is not None and self.fault.strikes(number) else None

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any], token: str | None) -> Answer:
        if not path.startswith(("/.well-known/", "/oidc/")):
            if token is None:
                raise ApiError(
                    401, "UNAUTHENTICATED", "Credential was not sent or was of an unsupported type for this API."
                )
            if token != f"Bearer {self.token}":
                raise ApiError(403, "403", "Invalid access token.")
        self.before(method, path)
        if (method, path) in self.broken:
            raise ApiError(500, "INTERNAL_ERROR", self.broken[method, path])
        with self._lock:
            return self.api.answer(method, path, query, body)


class Server(ThreadingHTTPServer):
    """The server of a workspace; connections that clients leave behind are no concern of a test."""

    daemon_threads = True
    workspace: Workspace

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class Handler(BaseHTTPRequestHandler):
    """One connection: requests in, answers or faults out."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer goes out in one piece, as soon as it is complete
    server: Server

    def serve(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.workspace.count_request(self.command, parts.path)
        kind = fault.kind if fault else "none"
        if kind in {"drop", "gone"}:
            self.drop()
        elif kind == "502":
            self.send(502, b"<html><body><pre>bad gateway</pre></body></html>", {"Content-Type": "text/html"})
        elif kind in INSTEAD:
            self.refuse(INSTEAD[kind])
        else:
            if kind == "slow":
                time.sleep(SLOW)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/oidc/v1/token":
                self.give_token()
            else:
                self.answer(kind, parts.path, query, json.loads(content or b"{}"))

    def give_token(self) -> None:
        """A token for a service principal that knows its secret."""
        given = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if given != f"{ROBOT}:{self.server.workspace.secret}":
            refusal = {"error": "invalid_client", "error_description": "Client authentication failed"}
            self.send(401, json.dumps(refusal).encode())
            return
        token = {"access_token": self.server.workspace.token, "token_type": "Bearer", "expires_in": 3600}
        self.send(200, json.dumps(token).encode())

    def answer(self, kind: str, path: str, query: dict[str, str], body: dict[str, Any]) -> None:
        token = self.headers.get("Authorization")
        try:
            answer = self.server.workspace.answer(self.command, path, query, body, token)
        except ApiError as error:
            self.refuse(error)
            return
        if kind == "drop afterwards":
            self.drop()
        elif kind == "500 afterwards":
            self.refuse(INSTEAD["500"])
        else:
            if kind == "timeout":
                self.await_disconnection()
            self.send(200, json.dumps(answer).encode())

    def await_disconnection(self) -> None:
        """Answer nothing until the client has given up, or a test that hangs would."""
        self.connection.settimeout(PATIENCE)
        with suppress(OSError):
            self.connection.recv(1)

    def refuse(self, error: ApiError) -> None:
        body = json.dumps({"error_code": error.code, "message": error.message}).encode()
        self.send(error.status, body, {"Retry-After": "1"} if error.status == 429 else {})

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            given = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
            for name, value in given.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()
        except OSError:
            self.close_connection = True  # the client has gone

    def drop(self) -> None:
        self.close_connection = True
        self.connection.close()

    def log_message(self, *arguments: object) -> None:
        pass

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - the names that http.server asks for
