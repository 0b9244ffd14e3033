"""What keeps a deployment from its end, as diagnostics; and from the workspace's errors to them."""

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
    """Diagnostics on their way to the command line: a deployment stops where it finds them."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("; ".join(diagnostic.message for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    @classmethod
    def of(cls, code: Code, message: str, hint: str | None = None) -> DeployError:
        """An error of one diagnostic."""
        return cls(Diagnostic(code, message, hint=hint))


def as_deploy_error(error: Exception, doing: str, host: str) -> DeployError:
    """An error of the workspace or of the way there, as a diagnostic.

    Args:
        error: What the SDK raised.
        doing: What was being done, as the end of a sentence that begins with "while".
        host: The workspace's address.
    """
    message = error_message(error)
    if _is_credentials_error(error, message):
        hint = "the token has expired or is not of this workspace: make a new one, or log in again"
        return DeployError.of(codes.NOT_AUTHENTICATED, f"`{host}` does not accept the credentials: {message}", hint)
    if isinstance(error, PermissionDenied):
        hint = "ask for the permission, or deploy as somebody who has it"
        return DeployError.of(codes.FORBIDDEN, f"not allowed while {doing}: {message}", hint)
    if isinstance(error, DatabricksError):
        hint = "what was done so far stays; deploying again goes on from there"
        return DeployError.of(codes.WORKSPACE_FAILURE, f"the workspace failed while {doing}: {message}", hint)
    return unreachable_error(host, message)


def _is_credentials_error(error: Exception, message: str) -> bool:
    """Whether it is the credentials that are refused: by their status, their words, or before there is a token."""
    if isinstance(error, PermissionDenied):
        return "access token" in message
    return isinstance(error, Unauthenticated) or type(error) is ValueError


def unreachable_error(host: str, message: str) -> DeployError:
    """Nothing answers at the workspace's address."""
    hint = "look at `host` in project.toml, at DATABRICKS_HOST and at the network; deploying again goes on from here"
    return DeployError.of(codes.WORKSPACE_UNREACHABLE, f"`{host}` does not answer: {message}", hint)


def error_message(error: BaseException) -> str:
    """What an error says, on one line, without what the SDK adds about its configuration."""
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
    return "the connection broke"


_NETWORK_MESSAGES: Iterable[tuple[str, str]] = (
    ("NameResolutionError", "no such name"),
    ("Name or service not known", "no such name"),
    ("refused", "the connection was refused"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
    ("SSLError", "no secure connection could be made"),
    ("timed out", "it took too long"),
    ("ProxyError", "the proxy does not let it through"),
)
