"""The options of file readers: those of each format, and which of them work locally.

The names are those of Spark's readers and of the Databricks pages "Auto Loader options" and "Spark API options
reference". Readers ignore unknown options, so a misspelt option could lose rows or columns silently:
unlisted options are reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cbx.diagnostics.did_you_mean import nearest

_LISTED: Final = "every update lists the landing folder"
_QUEUE: Final = "there is no queue"
_CREDENTIAL: Final = "local files need no credentials"

CLOUD_FILES: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "cloudFiles.allowOverwrites",
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
        ),
        "",
    ),
    "cloudFiles.schemaLocation": "the schema is kept with the update's state",
    "cloudFiles.maxFileAge": "files are remembered for good",
    "cloudFiles.useStrictGlobber": "globs are Spark's own",
    **dict.fromkeys(
        (
            "cloudFiles.backfillInterval",
            "cloudFiles.listOnStart",
            "cloudFiles.useIncrementalListing",
            "cloudFiles.useManagedFileEvents",
            "cloudFiles.useNotifications",
        ),
        _LISTED,
    ),
    **dict.fromkeys(
        (
            "cloudFiles.cleanSource",
            "cloudFiles.cleanSource.moveDestination",
            "cloudFiles.cleanSource.retentionDuration",
        ),
        "landing files are never moved or deleted",
    ),
    **dict.fromkeys(
        (
            "cloudFiles.fetchParallelism",
            "cloudFiles.pathRewrites",
            "cloudFiles.queueName",
            "cloudFiles.queueUrl",
            "cloudFiles.region",
            "cloudFiles.resourceGroup",
            "cloudFiles.resourceTag",
            "cloudFiles.restrictNotificationSetupToSameAWSAccountId",
            "cloudFiles.subscription",
            "cloudFiles.subscriptionId",
        ),
        _QUEUE,
    ),
    **dict.fromkeys(
        (
            "cloudFiles.awsAccessKey",
            "cloudFiles.awsSecretKey",
            "cloudFiles.client",
            "cloudFiles.clientEmail",
            "cloudFiles.clientId",
            "cloudFiles.clientSecret",
            "cloudFiles.connectionString",
            "cloudFiles.privateKey",
            "cloudFiles.privateKeyId",
            "cloudFiles.project",
            "cloudFiles.projectId",
            "cloudFiles.roleArn",
            "cloudFiles.roleExternalId",
            "cloudFiles.roleSessionName",
            "cloudFiles.stsEndpoint",
            "cloudFiles.tenantId",
            "databricks.serviceCredential",
        ),
        _CREDENTIAL,
    ),
}
"""The options of Auto Loader itself, each with the reason why it does nothing locally; empty where it works."""

_FILES: Final = (
    "path",
    "basePath",
    "ignoreCorruptFiles",
    "ignoreInvalidPartitionPaths",
    "ignoreMissingFiles",
    "modifiedAfter",
    "modifiedBefore",
    "pathGlobFilter",
    "recursiveFileLookup",
    "timeZone",
    "cleanSource",
    "discardCachedInputRatio",
    "fileNameOnly",
    "latestFirst",
    "maxBytesPerTrigger",
    "maxCachedFiles",
    "maxFileAge",
    "maxFilesPerTrigger",
    "sourceArchiveDir",
    "compression",
)
_TEXTUAL: Final = (
    "charset",
    "columnNameOfCorruptRecord",
    "dateFormat",
    "enableDateTimeParsingFallback",
    "encoding",
    "inferSchema",
    "lineSep",
    "locale",
    "mode",
    "multiLine",
    "samplingRatio",
    "singleVariantColumn",
    "timeFormat",
    "timestampFormat",
    "timestampNTZFormat",
)

SPARK: Final[Mapping[str, frozenset[str]]] = {
    "json": frozenset(
        {
            *_FILES,
            *_TEXTUAL,
            "allowBackslashEscapingAnyCharacter",
            "allowComments",
            "allowNonNumericNumbers",
            "allowNumericLeadingZeros",
            "allowSingleQuotes",
            "allowUnquotedControlChars",
            "allowUnquotedFieldNames",
            "dropFieldIfAllNull",
            "ignoreNullFields",
            "inferTimestamp",
            "maxNestingDepth",
            "maxNumLen",
            "maxStringLen",
            "preferDate",
            "prefersDecimal",
            "pretty",
            "primitivesAsString",
            "sortKeys",
            "useUnsafeRow",
            "writeNonAsciiCharacterAsCodePoint",
        }
    ),
    "csv": frozenset(
        {
            *_FILES,
            *_TEXTUAL,
            "charToEscapeQuoteEscaping",
            "codec",
            "columnPruning",
            "comment",
            "delimiter",
            "emptyValue",
            "enforceSchema",
            "escape",
            "escapeQuotes",
            "extension",
            "header",
            "ignoreLeadingWhiteSpace",
            "ignoreTrailingWhiteSpace",
            "inputBufferSize",
            "maxCharsPerColumn",
            "maxColumns",
            "maxMalformedLogPerPartition",
            "nanValue",
            "negativeInf",
            "nullValue",
            "positiveInf",
            "preferDate",
            "quote",
            "quoteAll",
            "sep",
            "unescapedQuoteHandling",
        }
    ),
    "xml": frozenset(
        {
            *_FILES,
            *_TEXTUAL,
            "arrayElementName",
            "attributePrefix",
            "declaration",
            "excludeAttribute",
            "ignoreNamespace",
            "ignoreSurroundingSpaces",
            "indent",
            "nullValue",
            "preferDate",
            "prefersDecimal",
            "rootTag",
            "rowTag",
            "rowValidationXSDPath",
            "useLegacyXMLParser",
            "validateName",
            "valueTag",
            "wildcardColName",
        }
    ),
    "avro": frozenset(
        {
            *_FILES,
            "avroSchema",
            "avroSchemaUrl",
            "datetimeRebaseMode",
            "enableStableIdentifiersForUnionType",
            "ignoreExtension",
            "mergeSchema",
            "mode",
            "positionalFieldMatching",
            "recordName",
            "recordNamespace",
            "recursiveFieldMaxDepth",
            "stableIdentifierPrefixForUnionType",
        }
    ),
    "parquet": frozenset({*_FILES, "datetimeRebaseMode", "int96RebaseMode", "mergeSchema"}),
    "orc": frozenset({*_FILES, "mergeSchema"}),
    "text": frozenset({*_FILES, "encoding", "lineSep", "wholeText"}),
    "binaryFile": frozenset(_FILES),
}
"""What Spark's own readers know, by format."""

_EVERYWHERE: Final = frozenset(
    {"fileNamePattern", "ignoredPathSegmentRegex", "readerCaseSensitive", "rescuedDataColumn"}
)
_ALSO_IN: Final[Mapping[str, frozenset[str]]] = {
    "json": frozenset({"alternateVariantEncoding", "badRecordsPath", "upgradeExceptionAsBadRecord"}),
    "csv": frozenset(
        {
            "badRecordsPath",
            "failOnUnknownFields",
            "failOnWidenedFields",
            "mergeSchema",
            "parserCaseSensitive",
            "skipRows",
        }
    ),
    "avro": frozenset({"avroSchemaEvolutionMode"}),
}
DATABRICKS: Final[Mapping[str, frozenset[str]]] = {
    name: _EVERYWHERE | _ALSO_IN.get(name, frozenset()) for name in SPARK
}
"""What the readers of Databricks know beside that, by format."""

_HADOOP: Final = frozenset(
    {
        *("avro", "dfs", "fs", "google", "hadoop", "hive", "io", "ipc", "mapred", "mapreduce", "orc", "parquet"),
        *("s3", "spark", "zlib"),
    }
)
"""The prefixes of settings of Hadoop's file systems and codecs, which a reader also takes as options."""

_CLOUD: Final = {name.lower(): name for name in CLOUD_FILES}
_BY_FORMAT: Final = {name: {option.lower(): option for option in SPARK[name] | DATABRICKS[name]} for name in SPARK}
_ANYWHERE: Final = {key: option for options in _BY_FORMAT.values() for key, option in options.items()}


def spelling(option: str) -> str | None:
    """The documented spelling of an option of Auto Loader or of a format; None if there is no such option."""
    key = option.lower()
    if key.startswith("cloudfiles.resourcetag."):
        return "cloudFiles.resourceTag"
    return _CLOUD.get(key) or _ANYWHERE.get(key) or (option if _is_setting(key) else None)


def is_of_format(option: str, file_format: str) -> bool:
    """Whether an option applies to a format, and not only to others."""
    key = option.lower()
    return key in _BY_FORMAT[file_format] or key not in _ANYWHERE


def is_of_databricks(option: str, file_format: str) -> bool:
    """Whether an option exists on Databricks only."""
    return _BY_FORMAT[file_format].get(option.lower()) in DATABRICKS[file_format]


def nearest_option(option: str, file_format: str, *, with_auto_loader: bool = True) -> str | None:
    """The option that was probably meant by a misspelt one; None if none is near.

    Args:
        option: The option.
        file_format: The format of the files.
        with_auto_loader: Whether the reader is Auto Loader, which has more options.
    """
    prefixed = _CLOUD.get(f"cloudfiles.{option.lower()}")
    if prefixed is not None and with_auto_loader:
        return prefixed
    options: Iterable[str] = _BY_FORMAT[file_format].values()
    is_prefixed = "." in option
    return nearest(option, sorted([*options, *CLOUD_FILES] if with_auto_loader and is_prefixed else options)) or (
        nearest(option, sorted(CLOUD_FILES)) if with_auto_loader else None
    )


def _is_setting(key: str) -> bool:
    root, dot, _ = key.partition(".")
    return bool(dot) and root in _HADOOP
