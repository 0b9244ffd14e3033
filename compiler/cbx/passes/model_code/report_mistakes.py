"""Reports mistakes in the code of a model that fail in every run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.stages.resolved import Linked
from cbx.stages.resolved_model import PythonCode, ResolvedModel, SqlCode

if TYPE_CHECKING:
    from cbx.analysis.relation.query_mistakes import QueryMistake

_REGISTERED = re.compile(r"\bregister\w*\(\s*['\"](\w+)['\"]")
_GROUP_BY = re.compile(r"\bGROUP\s+BY\b", re.IGNORECASE)
_WATERMARK = re.compile(r"\bWATERMARK\b", re.IGNORECASE)
_CODE: dict[type, str] = {SqlCode: "query", PythonCode: "function"}
_FIXES = (
    (r"\b(ARRAY|MAP|STRUCT)<", "read an element or a field of the value, or `explode` it first"),
    (r"^STRING \+ STRING$", "join texts with `||`"),
    (r"^NOT |^(?!.*BETWEEN).* (AND|OR) ", "write a condition, such as `x > 0` or `x IS NOT NULL`"),
    (r"^\w+\(BOOLEAN\)$", "count the rows that are true with `count_if`, or cast the value to INT"),
    (
        r"^-|\b(DATE|TIMESTAMP|TIMESTAMP_NTZ) [-+*/%d]",
        "move a time with `date_add` or an interval, or ask `datediff` for days",
    ),
    (r"^\w+\((DATE|TIMESTAMP|TIMESTAMP_NTZ)\)$", "ask for `min` or `max`, or compute with the days of `datediff`"),
    (r"\b(DATE|TIMESTAMP)", "make both sides times, for example with `to_date(CAST(x AS STRING), 'yyyyMMdd')`"),
    ("", "cast one side to the type of the other"),
)
"""What to write instead, by the first pattern that an expression with the types of its operands matches."""

_IN_BATCH = "read the rows with `ref` in a materialized view"


def report_mistakes(model: ResolvedModel, mistakes: Iterable[QueryMistake], linked: Linked, report: Report) -> None:
    """Report what fails in every run: CBX329 for types, CBX408 for streams, CBX409 for columns, CBX410 for functions.

    Before: ``SELECT g, sum(x) FROM t``. After: a diagnostic at ``g``. That a materialized view reads a stream is
    reported elsewhere, so what follows from it is not. A function that a model or a macro registers is known.
    """
    from cbx.passes.model_code.model_analysis import span_of

    for mistake in mistakes:
        span = span_of(model, mistake.place) or model.spans.whole
        subject = f"the {_CODE[type(model.code)]} of `{model.id}`"
        match mistake.kind:
            case "sort_on_stream" if not model.reads_in_batch:
                hint = f"remove the sorting, or {_IN_BATCH}"
                message = f"{subject} sorts a stream"
                report.add(codes.UNSUPPORTED_ON_STREAM, message, span, label="a stream has no last row", hint=hint)
            case "window_on_stream" if not model.reads_in_batch:
                hint = f"group by `window(..)` of a time, or {_IN_BATCH}"
                message = f"{subject} computes a window function over a stream"
                report.add(codes.UNSUPPORTED_ON_STREAM, message, span, label="a stream has no last row", hint=hint)
            case "aggregate_on_stream" if _takes_final_rows(model) and _lacks_watermark(model, linked):
                hint = f"name a WATERMARK and group by `window(..)` of its column, or {_IN_BATCH}"
                taker = "a sink takes only final rows" if model.sink is not None else "only final rows replace others"
                message = f"{subject} aggregates a stream without a watermark, and {taker}"
                report.add(codes.UNSUPPORTED_ON_STREAM, message, span, label="never final", hint=hint)
            case "aggregate_on_stream" if _lacks_watermark(model, linked):
                hint = f"name a WATERMARK and group by `window(..)` of its column, or {_IN_BATCH}"
                message = f"{subject} aggregates a stream without a watermark: each update rewrites the whole table"
                is_shared = _is_filled_by_others(model, linked)
                code = codes.UNSUPPORTED_ON_STREAM if is_shared else codes.AGGREGATE_ON_STREAM
                message += ", which other flows fill too" if is_shared else ""
                report.add(code, message, span, label="not appended to", hint=hint)
            case "ungrouped_column":
                hint = "add it to GROUP BY, or aggregate it, for example with `any_value`"
                message = f"{subject} selects `{mistake.name}` beside aggregates, but does not group by it"
                grouped = (mistake.name.rpartition(".")[2].strip("`").lower(), "something unknown")
                causes = [Cause(model.path, f"grouped by {name}") for name in grouped]
                causes += [Cause(model.path, "no GROUP BY")] if not _has_groups(model) else []
                report.add(codes.UNGROUPED_COLUMN, message, span, label="not grouped", hint=hint, causes=causes)
            case "mismatched_types":
                message = f"{subject} computes `{mistake.name}`: these types do not fit"
                hint = _fix_types(mistake.name)
                causes = _causes_of_types(model, mistake.columns)
                report.add(
                    codes.MISMATCHED_TYPES, message, span, label="Spark refuses these types", hint=hint, causes=causes
                )
            case "unknown_function" if mistake.name.lower() not in _registered_functions(linked):
                _report_unknown_function(f"{subject} calls `{mistake.name}`", mistake.name, span, report)


def _causes_of_types(model: ResolvedModel, columns: Iterable[str]) -> list[Cause]:
    """The declarations that may be wrong where types do not fit: those of the columns in the tables that are read."""
    return [Cause("models/", f"type of {source.model}.{name}") for source in model.model_inputs for name in columns]


def _fix_types(shown: str) -> str:
    """What to write instead of an expression with the types of its operands."""
    return next(fix for pattern, fix in _FIXES if re.search(pattern, shown))


def _report_unknown_function(subject: str, name: str, span: Span, report: Report) -> None:
    from cbx.analysis.sql.expressions.databricks_functions import FUNCTIONS

    full_name = f"a function of Unity Catalog is called by its full name: `catalog.schema.{name}`"
    hint = did_you_mean(name.lower(), FUNCTIONS, full_name)
    message = f"{subject}, which is not a function of Databricks SQL"
    report.add(codes.UNKNOWN_FUNCTION, message, span, label="not a function", hint=hint)


def _takes_final_rows(model: ResolvedModel) -> bool:
    """Whether the rows of a stream are added to others, so that no row can change later."""
    return model.sink is not None or bool(model.options.replace_using)


def _lacks_watermark(model: ResolvedModel, linked: Linked) -> bool:
    """Whether an aggregate certainly has no watermark: neither in its query nor in a view that it reads."""
    text = model.code.query.placeholder() if isinstance(model.code, SqlCode) else ""
    read = [linked.models[source.model].kind for source in model.model_inputs if source.model in linked.models]
    table = linked.models.get(model.flow.model, model) if model.flow is not None else model
    is_appended = table.kind in {"streaming_table", "sink"}
    return is_appended and bool(text) and not _WATERMARK.search(text) and "view" not in read


def _is_filled_by_others(model: ResolvedModel, linked: Linked) -> bool:
    """Whether there are further flows into the table of a model, or it is one of them itself."""
    targets = (other.flow.model for other in linked.models.values() if other.flow is not None)
    return model.flow is not None or model.id in targets


def _has_groups(model: ResolvedModel) -> bool:
    """Whether a query has a GROUP BY; if not, all its ungrouped columns have one cause."""
    return isinstance(model.code, SqlCode) and _GROUP_BY.search(model.code.query.placeholder()) is not None


def _registered_functions(linked: Linked) -> frozenset[str]:
    """The functions that the project's code registers, in lower case."""
    code = [model.code for model in linked.models.values() if isinstance(model.code, PythonCode)]
    texts = [part.text for function in code for part in (function.source, *function.definitions)]
    return frozenset(name.lower() for text in texts for name in _REGISTERED.findall(text))
