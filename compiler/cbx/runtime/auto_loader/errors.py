"""The one error of this package: a landing file, the reason, and the way out."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from cbx.runtime.problems import RunError

ARRIVED_LATE: Final = "cbx: this file landed while the update was starting:"
MALFORMED: Final = "cbx: malformed record in"

_FILE: Final = re.compile(r"(?:file:|dbfs:|s3a?:|abfss?:|gs:|hdfs:)/[^\s,'\"\])]+")


class AutoLoaderError(RunError):
    """A landing folder, a landing file or an option that Auto Loader cannot work with.

    Attributes:
        path: The file or folder that it is about; None for an option.
        reason: What is wrong, in one sentence.
        hint: The way out, if one is known.
        is_restart_enough: Opening the stream again and running it once more resolves it, as Databricks restarts
            a flow by itself when a new column arrives while it runs.
    """

    def __init__(
        self,
        reason: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        is_restart_enough: bool = False,
    ) -> None:
        super().__init__(f"{path}: {reason}" if path else reason, hint=hint)
        self.path = path
        self.reason = reason
        self.hint = hint
        self.is_restart_enough = is_restart_enough


def explain_failure(error: BaseException, landing: str) -> AutoLoaderError | None:
    """Say which landing file a failed Spark query stumbled over.

    Args:
        error: What Spark raised, while it listed, inferred or ran the stream.
        landing: The path given to `load`.

    Returns:
        The error to report, or None if the failure is not about a landing file.
    """
    # Behind this line Spark prints the query's plan, which holds file names and messages of its own.
    text = str(error).partition("=== Streaming Query ===")[0]
    found = _FILE.search(text)
    file = unquote(found.group().rstrip(".:;")).removeprefix("file:") if found else landing
    file = re.sub(r"^/+", "/", file)
    if _raised_message(ARRIVED_LATE) in text:
        return AutoLoaderError(
            "the file landed while the update was starting",
            path=file,
            hint="run the update again; nothing of it was written",
            is_restart_enough=True,
        )
    if _raised_message(MALFORMED) in text:
        return AutoLoaderError(
            "the file holds a malformed record, and the reader's mode is FAILFAST",
            path=file,
            hint="repair the record, or use mode PERMISSIVE, which keeps it in the rescued data column",
        )
    if "PATH_NOT_FOUND" in text:
        return AutoLoaderError(
            "the landing folder does not exist",
            path=landing,
            hint="create it, or correct the path given to load",
        )
    if "FILE_NOT_EXIST" in text or "FileNotFoundException" in text:
        return AutoLoaderError(
            "the file vanished before it was read",
            path=file,
            hint="put it back, or set the option ignoreMissingFiles to true to go on without it",
        )
    if any(sign in text for sign in ("Permission denied", "AccessControlException", "AccessDenied")):
        return AutoLoaderError("the file may not be read", path=file, hint="grant read permission on it")
    if ":" in file.rpartition("/")[2] and "FAILED_READ_FILE" in text:
        return AutoLoaderError(
            "Spark cannot read a local file with a colon in its name", path=file, hint="land it under another name"
        )
    if any(sign in text for sign in ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "CANNOT_INFER_SCHEMA")):
        return AutoLoaderError(
            "the file cannot be read; it is damaged or was only half written",
            path=file,
            hint="replace it by a whole file and run again, or set the option ignoreCorruptFiles to true",
        )
    return None


def _raised_message(message: str) -> str:
    """As `raise_error` puts it."""
    return f"[USER_RAISED_EXCEPTION] {message}"
