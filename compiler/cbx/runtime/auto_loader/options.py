"""The options of `cloudFiles`: which are emulated, noted or refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from cbx.declare import reader_options
from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.runtime.auto_loader.errors import AutoLoaderError

FORMATS: Final = ("json", "csv", "parquet", "orc", "text", "binaryFile")
MODES: Final = ("addNewColumns", "rescue", "failOnNewColumns", "none")
_WIDENING: Final = "addNewColumnsWithTypeWidening"
PARSE_MODES: Final = ("PERMISSIVE", "DROPMALFORMED", "FAILFAST")

_REFUSED_READER_OPTIONS: Final = {
    "badRecordsPath": "remove it; malformed records are kept in the rescued data column",
    "alternateVariantEncoding": "write the files as plain JSON",
    "failOnUnknownFields": "set cloudFiles.schemaEvolutionMode to failOnNewColumns",
    "failOnWidenedFields": "set types with cloudFiles.schemaHints",
    "ignoredPathSegmentRegex": "select files with pathGlobFilter",
    "upgradeExceptionAsBadRecord": "remove it; values of another type are rescued",
}
"""Options of Databricks that change rows and that the local reader does not have, each with a hint."""

_WITHOUT_EFFECT: Final = {
    "cleanSource": "landing files are never moved or deleted",
    "mergeSchema": "the columns of all files are merged",
    "maxFileAge": "files are remembered forever",
    "recursiveFileLookup": "subfolders are always read",
    "sourceArchiveDir": "landing files are never moved or deleted",
}
"""Options of Spark's readers without effect on Auto Loader."""

_OWN_READER_OPTIONS: Final = frozenset(
    {
        *("columnnameofcorruptrecord", "filenamepattern", "mode", "modifiedafter", "modifiedbefore"),
        *("parsercasesensitive", "readercasesensitive", "rescueddatacolumn", "singlevariantcolumn", "skiprows"),
        "databricks.servicecredential",
        *(name.lower() for name in _WITHOUT_EFFECT),
    }
)
"""Options that are not passed to Spark's reader, in lower case."""


@dataclass(frozen=True, slots=True)
class LoaderOptions:
    """The checked options of `cloudFiles`.

    Attributes:
        file_format: One of `FORMATS`.
        evolution: One of `MODES`, or None where the notebook leaves the default.
        infer_types: Whether JSON and CSV columns get their inferred types; strings otherwise.
        hints: The text of `cloudFiles.schemaHints`.
        rescued_column: The name given by `rescuedDataColumn`, if any.
        partition_columns: The names of `cloudFiles.partitionColumns`; None to take them from the folders.
        include_existing: Whether files that exist at the first update are read.
        is_case_sensitive: Whether a field whose name differs only in case is another field.
        malformed: PERMISSIVE, DROPMALFORMED or FAILFAST.
        corrupt_column: The column for the text of malformed records, if the schema declares it.
        skipped_rows: How many lines at the beginning of each CSV file are skipped.
        modified_after: Only files that were modified after this time are read; a text, None for all.
        modified_before: Only files that were modified before this time are read; a text, None for all.
        variant_column: The single column with the whole record, if any.
        reader: The options that are passed to Spark's reader, by their normalized names.
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
    corrupt_column: str
    skipped_rows: int
    modified_after: str | None
    modified_before: str | None
    variant_column: str | None
    reader: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def separator(self) -> str:
        """What is between the values of a CSV record."""
        return self.reader_value("sep", self.reader_value("delimiter", ","))

    @property
    def quote(self) -> str:
        """The character around values of a CSV record; empty for none."""
        return self.reader_value("quote", '"')

    @property
    def escape(self) -> str:
        """The character before a quote inside a value of a CSV record; empty for none."""
        return self.reader_value("escape", "\\")

    def is_reader_set(self, name: str) -> bool:
        """Whether a boolean option of Spark's reader is on."""
        return self.reader_value(name, "false").lower() == "true"

    def reader_value(self, name: str, default: str) -> str:
        """An option of Spark's reader; the case of the name does not matter."""
        return next((value for key, value in self.reader.items() if key.lower() == name.lower()), default)


def read_options(options: Mapping[str, str]) -> LoaderOptions:
    """Check the options of a `cloudFiles` reader.

    Args:
        options: As given to `option` and `options`; values as text.

    Raises:
        AutoLoaderError: An unknown or invalid option, with the nearest name that exists.
    """
    given = {key.lower(): str(value) for key, value in options.items()}
    file_format = _choice(given, "cloudFiles.format", (*FORMATS, "avro", "xml"))
    if file_format is None:
        _notes(options, given, None)
        raise AutoLoaderError(
            "cloudFiles.format is missing",
            hint=f"add .option('cloudFiles.format', ...), one of {', '.join(FORMATS)}",
        )
    if file_format not in FORMATS:
        raise AutoLoaderError(
            f"the format {file_format} is not supported locally",
            hint=f"the local formats are {', '.join(FORMATS)}",
            code=NOT_SUPPORTED_LOCALLY,
        )
    _refuse_impossible(given)
    return LoaderOptions(
        file_format=file_format,
        evolution=_evolution(given),
        infer_types=_boolean(given, "cloudFiles.inferColumnTypes", default=False),
        hints=given.get("cloudfiles.schemahints", ""),
        rescued_column=given.get("rescueddatacolumn", given.get("cloudfiles.rescueddatacolumn")),
        partition_columns=_names(given.get("cloudfiles.partitioncolumns")),
        include_existing=_boolean(given, "cloudFiles.includeExistingFiles", default=True),
        is_case_sensitive=_boolean(
            given, "readerCaseSensitive", default=_boolean(given, "parserCaseSensitive", default=True)
        ),
        malformed=_choice(given, "mode", PARSE_MODES) or "PERMISSIVE",
        corrupt_column=given.get("columnnameofcorruptrecord", "_corrupt_record"),
        skipped_rows=_count(given, "skipRows") if file_format == "csv" else 0,
        modified_after=given.get("modifiedafter"),
        modified_before=given.get("modifiedbefore"),
        variant_column=given.get("singlevariantcolumn") if file_format in ("json", "csv") else None,
        reader=_reader_options(given, file_format),
        notes=_notes(options, given, file_format),
    )


def assume_header(options: LoaderOptions, *, is_inferred: bool) -> LoaderOptions:
    """The options, with ``header`` set for CSV files whose columns are inferred, unless the notebook sets it.

    The page of the options: "Auto Loader assumes that files have headers when inferring the schema".
    """
    is_given = any(name.lower() == "header" for name in options.reader)
    if options.file_format != "csv" or is_given or not is_inferred:
        return options
    return replace(options, reader={**options.reader, "header": "true"})


def _refuse_impossible(given: Mapping[str, str]) -> None:
    if _boolean(given, "cloudFiles.allowOverwrites", default=False):
        raise AutoLoaderError(
            "cloudFiles.allowOverwrites is not supported locally: Spark's file streams read each path once",
            hint="write changed data to a new file",
            code=NOT_SUPPORTED_LOCALLY,
        )
    for name, hint in _REFUSED_READER_OPTIONS.items():
        if given.get(name.lower(), "false").lower() != "false":
            raise AutoLoaderError(f"the option {name} is not supported locally", hint=hint, code=NOT_SUPPORTED_LOCALLY)


def _reader_options(given: Mapping[str, str], file_format: str) -> dict[str, str]:
    refused = {name.lower() for name in _REFUSED_READER_OPTIONS}
    reader = {
        reader_options.spelling(key) or key: value
        for key, value in given.items()
        if not key.startswith("cloudfiles.")
        and key not in (*_OWN_READER_OPTIONS, *refused, "path")
        and reader_options.spelling(key) is not None
        and reader_options.is_of_format(key, file_format)
    }
    if "filenamepattern" in given:
        reader.setdefault("pathGlobFilter", given["filenamepattern"])
    if "cloudfiles.maxfilespertrigger" in given:
        reader["maxFilesPerTrigger"] = given["cloudfiles.maxfilespertrigger"]
    elif "cloudfiles.maxbytespertrigger" in given:
        reader["maxBytesPerTrigger"] = _bytes(given["cloudfiles.maxbytespertrigger"])
    return reader


def _notes(options: Mapping[str, str], given: Mapping[str, str], file_format: str | None) -> tuple[str, ...]:
    """The messages about options that have no effect locally.

    Raises:
        AutoLoaderError: If an option does not exist and options are validated.
    """
    is_strict = _boolean(given, "cloudFiles.validateOptions", default=True)
    notes = []
    for option in sorted(options):
        name = reader_options.spelling(option)
        why = reader_options.CLOUD_FILES.get(name or "") or _WITHOUT_EFFECT.get(name or "")
        if name is None and is_strict:
            raise _unknown_option(option, file_format)
        if name is None:
            notes.append(f"the option {option} is unknown and ignored")
        elif why:
            notes.append(f"the option {option} has no effect locally: {why}")
        elif name in reader_options.CLOUD_FILES or file_format is None:
            continue
        elif not reader_options.is_of_format(name, file_format):
            notes.append(f"the option {option} has no effect on {file_format} files")
    return tuple(notes)


def _unknown_option(option: str, file_format: str | None) -> AutoLoaderError:
    meant = reader_options.nearest_option(option, file_format or "json")
    readers = "Auto Loader" if option.lower().startswith("cloudfiles.") else "Auto Loader or of its reader"
    return AutoLoaderError(
        f"{option} is not an option of {readers}",
        hint=f"did you mean {meant}?" if meant else "set cloudFiles.validateOptions to false to ignore it",
    )


def _evolution(given: Mapping[str, str]) -> str | None:
    mode = _choice(given, "cloudFiles.schemaEvolutionMode", (*MODES, _WIDENING))
    if mode == _WIDENING:
        raise AutoLoaderError(
            f"cloudFiles.schemaEvolutionMode {_WIDENING} is not supported locally",
            hint="use addNewColumns, which rescues values of a wider type, or set types with cloudFiles.schemaHints",
            code=NOT_SUPPORTED_LOCALLY,
        )
    return mode


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    value = given.get(name.lower())
    if value is None:
        return None
    for choice in choices:
        if choice.lower() == value.lower():
            return choice
    near = difflib.get_close_matches(value, choices, n=1)
    raise AutoLoaderError(
        f"{name} is {value!r}, not one of {', '.join(choices)}",
        hint=f"did you mean {near[0]}?" if near else None,
    )


def _boolean(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = given.get(name.lower(), str(default)).strip().lower()
    if value not in ("true", "false"):
        raise AutoLoaderError(f"{name} is {value!r}", hint="write true or false")
    return value == "true"


def _count(given: Mapping[str, str], name: str) -> int:
    value = given.get(name.lower(), "0").strip()
    if not (value.isascii() and value.isdigit()):
        raise AutoLoaderError(f"{name} is {value!r}", hint="write a non-negative integer")
    return int(value)


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
