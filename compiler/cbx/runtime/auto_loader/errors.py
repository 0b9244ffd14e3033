"""The error of this package, and which landing file a failed Spark query could not read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyspark

from cbx.diagnostics.codes import INVALID_DATA, INVALID_DEFINITION, UNSUPPORTED_STORAGE, Code
from cbx.files.storage import storage_scheme
from cbx.runtime.errors import RunError

ARRIVED_LATE: Final = "cbx: this file landed while the update was starting:"
MALFORMED: Final = "cbx: malformed record in"

_SCHEME: Final = "(?:file:|dbfs:|s3a?:|abfss?:|gs:|hdfs:)/"
_URI: Final = re.compile(_SCHEME + r"[^\s\"\]]+")
"""It may have commas, apostrophes and parentheses, but spaces, quotes and square brackets only encoded."""
_WITHOUT_FOOTER: Final = re.compile(f"({_SCHEME}.+)\\. Could not read footer")
"""In this message the path is not encoded."""


class AutoLoaderError(RunError):
    """A landing folder, a landing file or an option that Auto Loader cannot use.

    Attributes:
        path: The file or folder; None for an option.
        reason: What is wrong.
        hint: How to fix it, if that is known.
        is_restart_enough: Whether a restart of the flow solves it, as Databricks does for a new column.
    """

    def __init__(
        self,
        reason: str,
        *,
        path: str | None = None,
        hint: str | None = None,
        is_restart_enough: bool = False,
        code: Code | None = None,
    ) -> None:
        default = INVALID_DATA if path else INVALID_DEFINITION
        super().__init__(code or default, f"{path}: {reason}" if path else reason, hint=hint)
        self.path = path
        self.reason = reason
        self.hint = hint
        self.is_restart_enough = is_restart_enough


def explain_failure(error: BaseException, landing: str) -> AutoLoaderError | None:
    """Find the landing file that a failed Spark query could not read.

    Args:
        error: What Spark raised, while it listed, inferred or ran the stream.
        landing: The path given to `load`.

    Returns:
        The error to report; None if the failure has another cause.
    """
    # After this line Spark prints the plan of the query, which has other file names and messages.
    text = str(error).partition("=== Streaming Query ===")[0]
    file = _find_file(text) or landing
    if _raised_message(ARRIVED_LATE) in text:
        return AutoLoaderError(
            "the file landed while the update was starting",
            path=file,
            hint="run the update again; none of its rows were written",
            is_restart_enough=True,
        )
    if _raised_message(MALFORMED) in text:
        return malformed_record(file)
    missing = missing_file_system(error, landing)
    if missing is not None:
        return missing
    if "PATH_NOT_FOUND" in text:
        return missing_folder(landing)
    if "FILE_NOT_EXIST" in text or "FileNotFoundException" in text:
        return AutoLoaderError(
            "the file was deleted before it was read",
            path=file,
            hint="restore it, or set the option ignoreMissingFiles to true",
        )
    if any(sign in text for sign in ("Permission denied", "AccessControlException", "AccessDenied")):
        return AutoLoaderError("no permission to read the file", path=file, hint="grant read permission on it")
    if ":" in file.rpartition("/")[2] and "FAILED_READ_FILE" in text:
        return AutoLoaderError("Spark cannot read a local file with a colon in its name", path=file, hint="rename it")
    if any(sign in text for sign in ("FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "CANNOT_INFER_SCHEMA")):
        return AutoLoaderError(
            "the file cannot be read; it is corrupt or incomplete",
            path=file,
            hint="replace it and run again, or set the option ignoreCorruptFiles to true",
        )
    return None


_WITHOUT_FILE_SYSTEM: Final = re.compile(
    r'No FileSystem for scheme:? "?([A-Za-z0-9+.-]+)|Class org\.apache\.hadoop\.fs\.(\w+)\.\w+ not found'
)
_SCHEMES: Final = {"azurebfs": "abfss", "azure": "wasbs"}
"""The schemes of packages that have another name."""
_LIBRARIES: Final = {
    "s3": "org.apache.hadoop:hadoop-aws",
    "s3a": "org.apache.hadoop:hadoop-aws",
    "abfs": "org.apache.hadoop:hadoop-azure",
    "abfss": "org.apache.hadoop:hadoop-azure",
    "wasb": "org.apache.hadoop:hadoop-azure",
    "wasbs": "org.apache.hadoop:hadoop-azure",
    "gs": "com.google.cloud.bigdataoss:gcs-connector",
}
"""The libraries of file systems, which are no part of Spark, by scheme."""
_CLASSES: Final = {"s3": "org.apache.hadoop.fs.s3a.S3AFileSystem"}
"""The classes of file systems that Hadoop knows by another scheme."""


def missing_file_system(error: BaseException, path: str | None = None) -> AutoLoaderError | None:
    """The error for storage that Spark cannot read without another library; None if the failure has another cause.

    Args:
        error: What Spark raised.
        path: The path, if it is known.
    """
    found = _WITHOUT_FILE_SYSTEM.search(str(error))
    if found is None:
        return None
    scheme = storage_scheme(path or "") or found[1] or _SCHEMES.get(found[2], found[2])
    library = _LIBRARIES.get(scheme)
    hint = "copy the files to this machine, or mount the storage"
    if library is not None:
        version = _hadoop_version() if library.startswith("org.apache.hadoop:") else _VERSION
        hint = f"add one with --conf spark.jars.packages={library}:{version}"
    if scheme in _CLASSES:
        hint += f" --conf spark.hadoop.fs.{scheme}.impl={_CLASSES[scheme]}"
    return AutoLoaderError(f"Spark has no file system for `{scheme}`", path=path, hint=hint, code=UNSUPPORTED_STORAGE)


def _hadoop_version() -> str:
    """The version of Hadoop in the installed Spark, which its libraries must have, too."""
    jars = Path(pyspark.__file__).parent / "jars"
    versions = (file.stem.removeprefix(_HADOOP) for file in jars.glob(f"{_HADOOP}*.jar"))
    return next(versions, _VERSION)


_HADOOP: Final = "hadoop-client-api-"
_VERSION: Final = "VERSION"


def _find_file(text: str) -> str | None:
    """The path of the first file in a message."""
    without_footer = _WITHOUT_FOOTER.search(text)
    if without_footer:
        return _local(without_footer.group(1))
    uri = _URI.search(text)
    return _local(unquote(_without_punctuation(uri.group()))) if uri else None


def _local(uri: str) -> str:
    return re.sub(r"^/+", "/", uri.removeprefix("file:"))


def _without_punctuation(uri: str) -> str:
    """A URI without the punctuation behind it."""
    uri = uri.rstrip(".,:;'")
    return uri.removesuffix(")") if uri.count(")") > uri.count("(") else uri


def malformed_record(path: str) -> AutoLoaderError:
    """The error for a malformed record if the mode is FAILFAST."""
    return AutoLoaderError(
        "the file has a malformed record, and the mode of the reader is FAILFAST",
        path=path,
        hint="fix the record, or use mode PERMISSIVE, which keeps it in the rescued data column",
    )


def missing_folder(path: str) -> AutoLoaderError:
    """The error for a landing folder that does not exist."""
    hint = "create it, or correct the path"
    if "://" not in path and not path.startswith(("/", "dbfs:")):
        hint += ": it is relative to the project's folder, or to the working folder if notebooks are run"
    return AutoLoaderError("the landing folder does not exist", path=path, hint=hint)


def _raised_message(message: str) -> str:
    """The message of `raise_error`."""
    return f"[USER_RAISED_EXCEPTION] {message}"
