"""Every diagnostic code: its number, its name and its severity.

A number is never reused. The page of a code is ``docs/codes/<code>.md``, printed by ``cbx explain``.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Severity(str, Enum):
    """The severity of a diagnostic; only an error stops a compilation."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Code(NamedTuple):
    """A diagnostic code, such as ``CBX201``, with its name and severity."""

    id: str
    name: str
    severity: Severity = Severity.ERROR


PROJECT_NOT_FOUND = Code("CBX001", "project-not-found")
INVALID_PROJECT_SETTING = Code("CBX002", "invalid-project-setting")
OUTPUT_NOT_WRITABLE = Code("CBX003", "output-not-writable")
OUT_OF_DATE = Code("CBX004", "out-of-date")
TRACING_UNAVAILABLE = Code("CBX005", "tracing-unavailable")

SYNTAX_ERROR = Code("CBX101", "syntax-error")
UNKNOWN_ARGUMENT = Code("CBX102", "unknown-argument")
WRONG_ARGUMENT_TYPE = Code("CBX103", "wrong-argument-type")
NOT_A_LITERAL = Code("CBX104", "not-a-literal")
NO_MODEL = Code("CBX105", "no-model")
SEVERAL_MODELS = Code("CBX105", "several-models")
NAME_MISMATCH = Code("CBX105", "name-mismatch")
INVALID_NAME = Code("CBX106", "invalid-name")
UNREADABLE_FILE = Code("CBX107", "unreadable-file")
UNUSED_ALLOWANCE = Code("CBX108", "unused-allowance", Severity.WARNING)
IGNORED_FILE = Code("CBX109", "ignored-file", Severity.WARNING)
ENV_VAR_NOT_ALLOWED = Code("CBX150", "env-var-not-allowed")
COMPUTE_OF_SERVERLESS = Code("CBX151", "compute-of-serverless")
CREDENTIAL_IN_SETTINGS = Code("CBX152", "credential-in-settings")

UNKNOWN_MODEL = Code("CBX201", "unknown-model")
CYCLE = Code("CBX202", "cycle")
DUPLICATE_MODEL = Code("CBX203", "duplicate-model")
LAYER_ORDER = Code("CBX204", "layer-order")
UNKNOWN_MACRO = Code("CBX205", "unknown-macro")
UNKNOWN_VARIABLE = Code("CBX205", "unknown-variable")
HIDDEN_INPUT = Code("CBX206", "hidden-input")
FOR_EACH = Code("CBX240", "for-each")
UNKNOWN_PARAMETER = Code("CBX240", "unknown-parameter")
MISPLACED_SECRET = Code("CBX241", "misplaced-secret")
INVALID_SEED = Code("CBX245", "invalid-seed")
INVALID_SEED_VALUE = Code("CBX246", "invalid-seed-value")
INVALID_TEST = Code("CBX260", "invalid-test")
OWNED_BY_NO_PIPELINE = Code("CBX270", "model-in-no-pipeline")
OWNED_BY_SEVERAL_PIPELINES = Code("CBX270", "model-in-several-pipelines")
PIPELINE_CYCLE = Code("CBX271", "pipeline-cycle")
VIEW_OF_OTHER_PIPELINE = Code("CBX272", "view-of-another-pipeline")
INVALID_DEPENDENCY = Code("CBX273", "invalid-dependency")
UNPUBLISHED_MODEL = Code("CBX274", "unpublished-model")

UNKNOWN_KEY_COLUMN = Code("CBX301", "unknown-key-column")
UNKNOWN_RELATIONSHIP_COLUMN = Code("CBX302", "unknown-relationship-column")
PARENT_NOT_UNIQUE = Code("CBX303", "parent-not-unique")
ONE_TO_ONE_NOT_UNIQUE = Code("CBX304", "one-to-one-not-unique")
ONE_TO_MANY_IS_ONE_TO_ONE = Code("CBX305", "one-to-many-is-one-to-one")
RELATIONSHIP_TYPE_MISMATCH = Code("CBX306", "relationship-type-mismatch")
CONTRADICTING_RELATIONSHIPS = Code("CBX307", "contradicting-relationships")
FAN_OUT = Code("CBX308", "fan-out")
UNPROVEN_KEY = Code("CBX309", "unproven-key", Severity.INFO)
MISSING_COLUMN = Code("CBX310", "missing-column")
UNDECLARED_COLUMN = Code("CBX311", "undeclared-column", Severity.WARNING)
COLUMN_TYPE_MISMATCH = Code("CBX312", "column-type-mismatch", Severity.WARNING)
UNTRACED_MODEL = Code("CBX313", "untraced-model", Severity.INFO)
REPEATED_MEASURE = Code("CBX314", "repeated-measure", Severity.WARNING)
UNKNOWN_MEASURE = Code("CBX315", "unknown-measure", Severity.INFO)
FILTER_ON_OUTER_JOIN = Code("CBX320", "filter-on-outer-join", Severity.WARNING)
GROUP_OF_UNMATCHED_ROWS = Code("CBX321", "group-of-unmatched-rows", Severity.WARNING)
HISTORY_WITHOUT_TIME = Code("CBX322", "history-without-time", Severity.WARNING)
COALESCED_JOIN_KEY = Code("CBX323", "coalesced-join-key", Severity.WARNING)
CHANGING_RESULT = Code("CBX324", "changing-result", Severity.WARNING)
LOSSY_JOIN = Code("CBX325", "lossy-join", Severity.WARNING)
NOT_IN_NULLABLE = Code("CBX326", "not-in-nullable", Severity.WARNING)
COMPARISON_WITH_NULL = Code("CBX327", "comparison-with-null", Severity.WARNING)
UNION_DROPS_ROWS = Code("CBX328", "union-drops-rows", Severity.WARNING)
MISMATCHED_TYPES = Code("CBX329", "mismatched-types")
TEST_TYPE_MISMATCH = Code("CBX360", "test-type-mismatch")
FAILING_TEST = Code("CBX361", "failing-test")
FLOW_COLUMNS = Code("CBX330", "flow-columns")
REPEATED_SEED_KEY = Code("CBX345", "repeated-seed-key")
NULL_IN_SEED = Code("CBX346", "null-in-seed")
MISSING_SEED_PARENT = Code("CBX347", "missing-seed-parent")
PLAIN_CREDENTIAL = Code("CBX340", "plain-credential", Severity.WARNING)
READER_FUNCTION = Code("CBX341", "reader-function", Severity.WARNING)
UNSENT_COLUMN = Code("CBX339", "unsent-column", Severity.WARNING)
CHILD_OF_OTHER_PROJECT = Code("CBX351", "child-of-other-project")
UNMASKED_COPY = Code("CBX350", "unmasked-copy", Severity.WARNING)

KIND_MISMATCH = Code("CBX401", "kind-mismatch")
NOT_APPEND_ONLY = Code("CBX402", "not-append-only")
MISSING_ARGUMENT = Code("CBX403", "missing-argument")
DUPLICATE_EXPECTATION = Code("CBX404", "duplicate-expectation")
UNKNOWN_COLUMN = Code("CBX405", "unknown-column")
INVALID_EXPECTATION = Code("CBX406", "invalid-expectation")
FAILING_MODEL = Code("CBX407", "failing-model")
UNSUPPORTED_ON_STREAM = Code("CBX408", "unsupported-on-stream")
AGGREGATE_ON_STREAM = Code("CBX408", "aggregate-on-stream", Severity.WARNING)
UNGROUPED_COLUMN = Code("CBX409", "ungrouped-column")
UNKNOWN_FUNCTION = Code("CBX410", "unknown-function")
UNKNOWN_READER_OPTION = Code("CBX411", "unknown-reader-option")
INVALID_FLOW_TARGET = Code("CBX430", "invalid-flow-target")
FLOW_WITHOUT_TABLE = Code("CBX430", "flow-without-table")
UNUSABLE_SNAPSHOTS = Code("CBX437", "unusable-snapshots")
UNUSABLE_SINK = Code("CBX438", "unusable-sink")
SINK_WITH_READERS = Code("CBX439", "sink-with-readers")
WRONG_READER = Code("CBX440", "wrong-reader")
MISSING_READER_OPTION = Code("CBX440", "missing-reader-option")
REPEATED_READER_OPTION = Code("CBX440", "repeated-reader-option")
CONFLICTING_LAYOUT = Code("CBX450", "conflicting-layout")
NEEDS_PIPELINES_API = Code("CBX450", "needs-pipelines-api")
UNUSABLE_MASK = Code("CBX450", "unusable-mask")
UNUSABLE_TAG = Code("CBX451", "unusable-tag")

QUERY_FAILED = Code("CBX501", "query-failed")
UPSTREAM_FAILED = Code("CBX501", "upstream-failed")
EXPECTATION_FAILED = Code("CBX502", "expectation-failed")
UNKNOWN_TABLE = Code("CBX503", "unknown-table")
NOT_SUPPORTED_LOCALLY = Code("CBX504", "not-supported-locally")
INVALID_DEFINITION = Code("CBX505", "invalid-definition")
INVALID_STATEMENT = Code("CBX506", "invalid-statement")
CANNOT_START = Code("CBX507", "cannot-start")
INVALID_DATA = Code("CBX508", "invalid-data")
NEEDS_FULL_REFRESH = Code("CBX509", "needs-full-refresh")
UNSUPPORTED_STORAGE = Code("CBX510", "unsupported-storage")

UNTESTED_MODEL = Code("CBX551", "untested-model", Severity.WARNING)
SKIPPED_MODEL = Code("CBX551", "skipped-model", Severity.WARNING)
UNTESTED_EXPECTATION = Code("CBX552", "untested-expectation", Severity.WARNING)
UNTESTED_CHANGE = Code("CBX553", "untested-change", Severity.WARNING)
COVERAGE_TOO_LOW = Code("CBX554", "coverage-too-low")
NO_TESTS = Code("CBX555", "no-tests")

NO_CREDENTIALS = Code("CBX601", "no-credentials")
WORKSPACE_UNREACHABLE = Code("CBX602", "workspace-unreachable")
NOT_AUTHENTICATED = Code("CBX603", "not-authenticated")
FORBIDDEN = Code("CBX604", "forbidden")
MISSING_CATALOG = Code("CBX605", "missing-catalog")
PIPELINE_CHANGED = Code("CBX606", "pipeline-changed")
PIPELINE_NAME_TAKEN = Code("CBX606", "pipeline-name-taken")
UPDATE_RUNNING = Code("CBX607", "update-running")
NOT_DEPLOYED = Code("CBX608", "environment-not-deployed")
FILE_TOO_LARGE = Code("CBX609", "file-too-large")
DEPLOYMENT_LOCKED = Code("CBX610", "deployment-locked")
DESTRUCTIVE_CHANGE = Code("CBX611", "destructive-change")
UPDATE_FAILED = Code("CBX612", "update-failed")
WORKSPACE_FAILURE = Code("CBX613", "workspace-failure")
STATE_CORRUPT = Code("CBX614", "deployment-state-spoilt")
MISSING_ENVIRONMENT_VARIABLE = Code("CBX650", "missing-environment-variable")
OWNER_REFUSED = Code("CBX651", "owner-refused")

INTERNAL_ERROR = Code("CBX901", "internal-error")


CAN_BE_MEANT = frozenset({REPEATED_MEASURE.id})
"""The numbers of errors that a comment may allow, as it may every warning."""


def every_code() -> tuple[Code, ...]:
    """All codes, sorted by number; a number with several names is listed once per name."""
    return tuple(value for value in globals().values() if isinstance(value, Code))


def find_code(spelling: str) -> Code | None:
    """The code that a user names: ``CBX201``, ``201`` or ``unknown-model``, in any case."""
    word = spelling.strip().lower()
    return next((code for code in every_code() if word in {code.id.lower(), code.name, code.id[3:]}), None)
