"""The options of `cloudFiles`, sorted into what is emulated, what is noted and what is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cbx.runtime.auto_loader.errors import AutoLoaderError

FORMATS: Final = ("json", "csv", "parquet", "orc", "text", "binaryFile")
MODES: Final = ("addNewColumns", "rescue", "failOnNewColumns", "none")

# https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/options
_EMULATED: Final = (
    "cloudFiles.format",
    "cloudFiles.includeExistingFiles",
    "cloudFiles.inferColumnTypes",
    "cloudFiles.maxBytesPerTrigger",
    "cloudFiles.maxFilesPerTrigger",
    "cloudFiles.partitionColumns",
    "cloudFiles.rescuedDataColumn",
    "cloudFiles.schemaEvolutionMode",
    "cloudFiles.schemaHints",
    "cloudFiles.validateOptions",
    "cloudFiles.allowOverwrites",
)
_WITHOUT_EFFECT: Final = {
    "cloudFiles.schemaLocation": "the schema is kept with the update's state",
    "cloudFiles.useStrictGlobber": "globs are Spark's own",
    "cloudFiles.useIncrementalListing": "the landing folder is listed whole",
    "cloudFiles.backfillInterval": "every update lists the whole landing folder",
    "cloudFiles.maxFileAge": "files are remembered for good",
    "cloudFiles.cleanSource": "landing files are never moved or deleted",
    "cloudFiles.cleanSource.retentionDuration": "landing files are never moved or deleted",
    "cloudFiles.cleanSource.moveDestination": "landing files are never moved or deleted",
    "cloudFiles.fetchParallelism": "there is no queue",
    "cloudFiles.pathRewrites": "there is no queue",
    "cloudFiles.resourceTag": "there is no queue",
    "cloudFiles.useNotifications": "the landing folder is listed instead",
    "cloudFiles.useManagedFileEvents": "the landing folder is listed instead",
    "cloudFiles.listOnStart": "every update lists the whole landing folder",
    "cloudFiles.region": "there is no queue",
    "cloudFiles.queueUrl": "there is no queue",
    "cloudFiles.queueName": "there is no queue",
    "cloudFiles.connectionString": "there is no queue",
    "cloudFiles.resourceGroup": "there is no queue",
    "cloudFiles.subscriptionId": "there is no queue",
    "cloudFiles.tenantId": "there is no queue",
    "cloudFiles.clientId": "there is no queue",
    "cloudFiles.clientSecret": "there is no queue",
    "cloudFiles.projectId": "there is no queue",
    "cloudFiles.subscription": "there is no queue",
    "cloudFiles.roleArn": "there is no queue",
    "cloudFiles.awsAccessKey": "there is no queue",
    "cloudFiles.awsSecretKey": "there is no queue",
}
_REFUSED_READER_OPTIONS: Final = {
    "badrecordspath": "leave it out: malformed records are kept in the rescued data column",
    "singlevariantcolumn": "read the columns one by one; the local reader keeps no record as one variant",
    "modifiedafter": "Spark's file streams have no filter on time; filter on _metadata.file_modification_time",
    "modifiedbefore": "Spark's file streams have no filter on time; filter on _metadata.file_modification_time",
}
_OWN_READER_OPTIONS: Final = frozenset(
    ("rescueddatacolumn", "readercasesensitive", "recursivefilelookup", "columnnameofcorruptrecord", "mode")
)


@dataclass(frozen=True, slots=True)
class LoaderOptions:
    """What a notebook asked of `cloudFiles`, checked.

    Attributes:
        file_format: One of `FORMATS`.
        evolution: One of `MODES`, or None where the notebook leaves the default.
        infer_types: Whether JSON and CSV columns get their inferred types; strings otherwise.
        hints: The text of `cloudFiles.schemaHints`.
        rescued_column: The name given by `rescuedDataColumn`, if any.
        partition_columns: The names of `cloudFiles.partitionColumns`; None to take what the folders say.
        include_existing: Whether files that are there at the first update are read.
        is_case_sensitive: Whether a field whose name differs in case only is another field.
        malformed: PERMISSIVE, DROPMALFORMED or FAILFAST.
        reader: The options that go to Spark's reader as they are.
        notes: One sentence for each option that is accepted and has no effect here.
    """

    file_format: str
    evolution: str | None
    infer_types: bool
    hints: str
    rescued_column: str | None
    partition_columns: tuple[str, ...] | None
    include_existing: bool
    is_case_sensitive: bool
    malformed: str
    reader: Mapping[str, str]
    notes: tuple[str, ...]

    def is_reader_set(self, name: str) -> bool:
        """Whether a boolean option of Spark's reader is on."""
        return self.reader_value(name, "false").lower() == "true"

    def reader_value(self, name: str, default: str) -> str:
        """An option of Spark's reader, whatever case its name was written in."""
        return next((value for key, value in self.reader.items() if key.lower() == name.lower()), default)


def read_options(options: Mapping[str, str]) -> LoaderOptions:
    """Check the options of a `cloudFiles` reader.

    Args:
        options: As given to `option` and `options`; values as text.

    Raises:
        AutoLoaderError: An unknown or impossible option, with the nearest name that exists.
    """
    given = {key.lower(): str(value) for key, value in options.items()}
    file_format = _choice(given, "cloudFiles.format", (*FORMATS, "avro", "xml"))
    if file_format is None:
        _notes(options, given)
        raise AutoLoaderError(
            "cloudFiles.format is missing",
            hint=f"add .option('cloudFiles.format', ...): {', '.join(FORMATS)}",
        )
    if file_format not in FORMATS:
        raise AutoLoaderError(
            f"the format {file_format} cannot be read locally, since Spark needs an extra package for it",
            hint=f"the local formats are {', '.join(FORMATS)}",
        )
    _refuse_impossible(given)
    return LoaderOptions(
        file_format=file_format,
        evolution=_choice(given, "cloudFiles.schemaEvolutionMode", MODES),
        infer_types=_boolean(given, "cloudFiles.inferColumnTypes", default=False),
        hints=given.get("cloudfiles.schemahints", ""),
        rescued_column=given.get("rescueddatacolumn", given.get("cloudfiles.rescueddatacolumn")),
        partition_columns=_names(given.get("cloudfiles.partitioncolumns")),
        include_existing=_boolean(given, "cloudFiles.includeExistingFiles", default=True),
        is_case_sensitive=_boolean(given, "readerCaseSensitive", default=True),
        malformed=given.get("mode", "PERMISSIVE").upper(),
        reader=_reader_options(options, given),
        notes=_notes(options, given),
    )


def _refuse_impossible(given: Mapping[str, str]) -> None:
    if _boolean(given, "cloudFiles.allowOverwrites", default=False):
        raise AutoLoaderError(
            "cloudFiles.allowOverwrites cannot be true here: Spark's file streams read each path once",
            hint="land changed data under a new file name",
        )
    for name, hint in _REFUSED_READER_OPTIONS.items():
        if name in given:
            raise AutoLoaderError(f"the option {name} is not supported locally", hint=hint)


def _reader_options(options: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    reader = {
        key: str(value)
        for key, value in options.items()
        if not key.lower().startswith("cloudfiles.") and key.lower() not in _OWN_READER_OPTIONS
    }
    if "cloudfiles.maxfilespertrigger" in given:
        reader["maxFilesPerTrigger"] = given["cloudfiles.maxfilespertrigger"]
    elif "cloudfiles.maxbytespertrigger" in given:
        reader["maxBytesPerTrigger"] = _bytes(given["cloudfiles.maxbytespertrigger"])
    return reader


def _notes(options: Mapping[str, str], given: Mapping[str, str]) -> tuple[str, ...]:
    is_strict = _boolean(given, "cloudFiles.validateOptions", default=True)
    emulated = {name.lower() for name in _EMULATED}
    without_effect = {name.lower(): why for name, why in _WITHOUT_EFFECT.items()}
    notes = []
    for key in sorted(key for key in options if key.lower().startswith("cloudfiles.")):
        if key.lower() in emulated:
            continue
        if why := without_effect.get(key.lower()):
            notes.append(f"the option {key} has no effect locally: {why}")
        elif key.lower().startswith("cloudfiles.resourcetag."):
            notes.append(f"the option {key} has no effect locally: there is no queue")
        elif is_strict:
            raise _unknown_option(key)
        else:
            notes.append(f"the option {key} is unknown and is left out")
    return tuple(notes)


def _unknown_option(key: str) -> AutoLoaderError:
    names = sorted((*_EMULATED, *_WITHOUT_EFFECT))
    near = difflib.get_close_matches(key.lower(), [name.lower() for name in names], n=1)
    meant = next((name for name in names if near and name.lower() == near[0]), None)
    return AutoLoaderError(
        f"{key} is no option of Auto Loader",
        hint=f"did you mean {meant}?" if meant else "set cloudFiles.validateOptions to false to leave it out",
    )


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    value = given.get(name.lower())
    if value is None:
        return None
    for choice in choices:
        if choice.lower() == value.lower():
            return choice
    near = difflib.get_close_matches(value, choices, n=1)
    raise AutoLoaderError(
        f"{name} is {value!r}, which is none of {', '.join(choices)}",
        hint=f"did you mean {near[0]}?" if near else None,
    )


def _boolean(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = given.get(name.lower(), str(default)).strip().lower()
    if value not in ("true", "false"):
        raise AutoLoaderError(f"{name} is {value!r}", hint="write true or false")
    return value == "true"


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


def _bytes(text: str) -> str:
    """`10g` as a count of bytes, which is what Spark's file stream takes."""
    number = text.strip().lower().removesuffix("b")
    factor = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}.get(number[-1:], 1)
    digits = number.rstrip("kmgt").strip()
    if not digits.isdigit():
        raise AutoLoaderError(f"cloudFiles.maxBytesPerTrigger is {text!r}", hint="write a size such as 10g")
    return str(int(digits) * factor)
