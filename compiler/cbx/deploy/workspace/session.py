"""A connection to a workspace. Requests that fail on the server are repeated."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from databricks.sdk import WorkspaceClient
from databricks.sdk.clock import Clock, RealClock
from databricks.sdk.core import Config
from databricks.sdk.errors import DeadlineExceeded, InternalError, NotFound
from databricks.sdk.errors.base import DatabricksError
from requests.exceptions import RequestException

from cbx.deploy.workspace.problems import DeployError, as_deploy_error, error_message, unreachable_error
from cbx.diagnostics import codes
from cbx.version import __version__

T = TypeVar("T")

_PATIENCE = 300
_FIRST_PATIENCE = 10
_ATTEMPTS = 4
_FAILURES = (DatabricksError, RequestException, TimeoutError, ValueError)
"""What the SDK raises; a ValueError if it cannot get a token."""


@dataclass(frozen=True)
class WorkspaceSession:
    """A workspace, with valid credentials.

    Attributes:
        client: The SDK's client.
        host: The workspace's address.
        user: The name of the user, or the application id of the service principal.
        short_name: The same as one word, as in bundles.
        clock: The clock to wait with.
    """

    client: WorkspaceClient
    host: str
    user: str
    short_name: str
    clock: Clock

    def ask(self, doing: str, call: Callable[[], T], expected: tuple[type[DatabricksError], ...] = ()) -> T:
        """Send a request and return the response.

        The SDK repeats requests with the status 429 or 503 or a lost connection. Server failures (500, 502, 504) are
        repeated here. So a request may already have had an effect: callers send only requests that can be repeated, or
        look afterwards.

        Args:
            doing: The step, in words that follow "while", such as ``creating the job``.
            call: Sends the request.
            expected: Errors that the caller handles.

        Raises:
            DeployError: For any other error.
        """
        try:
            return _call_with_retries(call, self.clock)
        except expected:
            raise
        except _FAILURES as error:
            raise as_deploy_error(error, doing, self.host) from error


def _call_with_retries(call: Callable[[], T], clock: Clock) -> T:
    """Send a request, again if the server failed."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return call()
        except DatabricksError as error:
            if not _is_server_failure(error):
                raise
            clock.sleep(2 ** (attempt - 1))
    return call()


def _is_server_failure(error: Exception) -> bool:
    return isinstance(error, (InternalError, DeadlineExceeded)) or type(error) is DatabricksError


def connect(host: str | None, *, clock: Clock | None = None, timeout: float | None = None) -> WorkspaceSession:
    """Connect with the credentials that the SDK finds: environment variables, a profile, a login of the CLI.

    Args:
        host: The workspace's address, if the project has one.
        clock: The clock to wait with between attempts.
        timeout: Seconds to wait for a response; default: the SDK's minute.

    Raises:
        DeployError: CBX601 without credentials, CBX602 if no workspace answers, CBX603 if it refuses the credentials.
    """
    _set_up_logging()
    config = _config(host, clock, timeout)
    address = str(config.host)
    if not address.startswith("http"):
        raise DeployError.of(codes.NO_CREDENTIALS, "the workspace's address is missing", _HOW_TO_LOG_IN)
    try:
        user = _call_with_retries(WorkspaceClient(config=config).current_user.me, config.clock)
    except _FAILURES as error:
        raise _connection_error(error, address) from error
    config.retry_timeout_seconds = _PATIENCE
    name = user.user_name or ""
    return WorkspaceSession(
        client=WorkspaceClient(config=config),
        host=address,
        user=name,
        short_name=short_name(name, user.display_name),
        clock=config.clock,
    )


def _set_up_logging() -> None:
    """Log every request, without its headers, if CBX_DEBUG is set; else nothing, not even the SDK's warnings."""
    logger = logging.getLogger("databricks")
    if os.environ.get("CBX_DEBUG"):
        logging.basicConfig()
        logger.setLevel(logging.DEBUG)
    else:
        logger.addHandler(logging.NullHandler())


_HOW_TO_LOG_IN = (
    "set DATABRICKS_HOST with DATABRICKS_TOKEN, or with DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET; "
    "or run `databricks auth login`"
)


def _config(host: str | None, clock: Clock | None, timeout: float | None) -> Config:
    """The SDK's configuration, with a short timeout at first: a mistyped address looks like a lost connection."""
    address: dict[str, Any] = {"host": host} if host else {}
    try:
        return Config(
            product="cbx",
            product_version=__version__,
            clock=clock or RealClock(),
            retry_timeout_seconds=_FIRST_PATIENCE,
            http_timeout_seconds=timeout,
            **address,
        )
    except ValueError as error:
        message = error_message(error).removeprefix("default auth: ")
        reason = "" if "cannot configure default credentials" in message else f": {message}"
        raise DeployError.of(
            codes.NO_CREDENTIALS, f"no credentials for a workspace were found{reason}", _HOW_TO_LOG_IN
        ) from error


def _connection_error(error: Exception, address: str) -> DeployError:
    if isinstance(error, NotFound) or "unable to parse response" in str(error):
        return unreachable_error(address, "it is not a Databricks workspace")
    return as_deploy_error(error, "reading the current user", address)


def short_name(user: str, display_name: str | None) -> str:
    """A user as one word: the part before the at sign; for a service principal, its display name.

    This is ``${workspace.current_user.short_name}`` in bundles.
    """
    name = display_name if _is_uuid(user) and display_name else user
    return re.sub(r"[^\w]+", "_", name.partition("@")[0].lower()).strip("_")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
