"""Errors of a deployment as diagnostics, and their translation from the workspace's errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

from databricks.sdk.errors import PermissionDenied, Unauthenticated
from databricks.sdk.errors.base import DatabricksError
from requests.exceptions import RequestException

from cbx.diagnostics import codes
from cbx.diagnostics.codes import Code
from cbx.diagnostics.diagnostic import Diagnostic

_DEBUG_INFO = re.compile(r"\.? (?:Config|Env): .*", re.DOTALL)


class DeployError(Exception):
    """Diagnostics that end a deployment."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, code: Code, message: str, hint: str | None = None) -> DeployError:
        """An error with one diagnostic."""
        return cls(Diagnostic(code, message, hint=hint))


def as_deploy_error(error: Exception, doing: str, host: str) -> DeployError:
    """An error of the workspace or of the network, as a diagnostic.

    Args:
        error: The error that the SDK raised.
        doing: The step, in words that follow "while", such as ``creating the job``.
        host: The workspace's address.
    """
    message = error_message(error)
    if _is_credentials_error(error, message):
        hint = "the token has expired or belongs to another workspace: create a new token, or log in again"
        return DeployError.of(codes.NOT_AUTHENTICATED, f"`{host}` does not accept the credentials: {message}", hint)
    if isinstance(error, PermissionDenied):
        hint = "ask for the permission, or deploy as a user who has it"
        return DeployError.of(codes.FORBIDDEN, f"not allowed while {doing}: {message}", hint)
    if isinstance(error, DatabricksError):
        hint = "deploy again; it continues from here"
        return DeployError.of(codes.WORKSPACE_FAILURE, f"the workspace failed while {doing}: {message}", hint)
    return unreachable_error(host, message)


def _is_credentials_error(error: Exception, message: str) -> bool:
    """Whether the credentials were refused, or the SDK could not get a token."""
    if isinstance(error, PermissionDenied):
        return "access token" in message
    return isinstance(error, Unauthenticated) or type(error) is ValueError


def unreachable_error(host: str, message: str) -> DeployError:
    """CBX602: no workspace answers at the address."""
    hint = "check `host` in project.toml, DATABRICKS_HOST and the network, then deploy again; it continues from here"
    return DeployError.of(codes.WORKSPACE_UNREACHABLE, f"`{host}` does not answer: {message}", hint)


def error_message(error: BaseException) -> str:
    """The message of an error on one line, without the configuration that the SDK adds."""
    if isinstance(error, TimeoutError) and error.__cause__ is not None:
        return error_message(error.__cause__)
    if isinstance(error, RequestException) and not isinstance(error, DatabricksError):
        return _network_message(error)
    text = " ".join(_DEBUG_INFO.sub("", str(error)).split())
    return text[:300] or type(error).__name__


def _network_message(error: RequestException) -> str:
    text = str(error)
    for sign, words in _NETWORK_MESSAGES:
        if sign in text:
            return words
    return "the connection was lost"


_NETWORK_MESSAGES: Iterable[tuple[str, str]] = (
    ("NameResolutionError", "unknown host name"),
    ("Name or service not known", "unknown host name"),
    ("refused", "the connection was refused"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("SSLError", "no secure connection is possible"),
    ("timed out", "the request timed out"),
    ("ProxyError", "the proxy refused the connection"),
)
