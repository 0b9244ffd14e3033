"""Reports functions that fail in every run, and inputs that a model reads without declaring them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cbx.analysis.relation.places import PythonCallSite
from cbx.analysis.tracing.requests import CodeMistake, UndeclaredRead, Unknown
from cbx.analysis.tracing.undeclared_reads import find_undeclared_reads, tables_read
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Cause, Report, did_you_mean
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.passes.model_code.model_analysis import span_of
from cbx.stages.resolved_model import PythonCode, ResolvedModel
from cbx.syntax.text import PLACEHOLDER

if TYPE_CHECKING:
    from cbx.analysis.sql.scope import UndeclaredTable
    from cbx.analysis.tracing.requests import MissingExtra
    from cbx.passes.model_code.model_analysis import ModelAnalysis

_DEFINED = re.compile(r"(?:@[^\n]*\n)*(?:async )?(?:def|class) (\w+)")
_NOT_IN_A_NAME = re.compile(r"\W+")


def check_code(
    model: ResolvedModel,
    code: PythonCode,
    outcome: ModelAnalysis | Unknown | MissingExtra | None,
    models: Mapping[str, ResolvedModel],
    report: Report,
) -> bool:
    """Report CBX407 for a function that fails in every run, and CBX206 for each input that it does not declare.

    Args:
        model: The model.
        code: Its code.
        outcome: The result of tracing the function.
        models: All models; a function may read them by the names of their tables.
        report: Where problems go.

    Returns:
        Whether anything was reported; then consequences of it must not be reported.
    """
    reported = len(report)
    mistake = outcome.mistake if isinstance(outcome, Unknown) else None
    if mistake is not None:
        span = _find_mistake(model, mistake, report.sources) or model.spans.whole
        message = f"`{model.id}` fails in every run: {mistake.message}"
        causes = [Cause(span.path, f"line {span.line} fails"), *_called_macros(code, mistake)]
        report.add(codes.FAILING_MODEL, message, span, label="fails here", hint=mistake.hint, causes=causes)
    traced = getattr(outcome, "reads", ())
    names_functions = model.sink is not None or model.snapshots is not None
    definitions = () if names_functions else code.definitions  # such functions may read and write anything
    for read in traced or find_undeclared_reads((code.source, *definitions), _imported_names(code)):
        _check_read(read, model, models, report)
    return len(report) > reported


def _called_macros(code: PythonCode, mistake: CodeMistake) -> list[Cause]:
    """The macros that a failing statement calls: one of them may be the common cause of several failures."""
    if mistake.file != code.source.path:
        return []
    try:
        statements = [node for node in ast.walk(ast.parse(code.source.text)) if isinstance(node, ast.stmt)]
    except SyntaxError:  # pragma: no cover - it was traced
        return []
    line = mistake.line - code.source.line + 1
    around = [node for node in statements if node.lineno <= line <= (node.end_lineno or line)]
    names = {node.id for node in ast.walk(around[-1]) if isinstance(node, ast.Name)} if around else set()
    defined = [
        (snippet.path, _DEFINED.match(snippet.text))
        for snippet in code.definitions
        if snippet.path.startswith("macros/")
    ]
    return [
        Cause(path, f"{definition[1]}: {mistake.message}")
        for path, definition in defined
        if definition and definition[1] in names
    ]


def check_query(
    model: ResolvedModel, analysed: ModelAnalysis, models: Mapping[str, ResolvedModel], report: Report
) -> None:
    """Report CBX206 for each table that a query reads by its name; arguments as for `check_code`."""
    for table, span in analysed.undeclared_tables:
        shown = "a table whose name holds a variable" if PLACEHOLDER in table.name else f"the table `{table.name}`"
        message = f"the query of `{model.id}` reads {shown}, which is not among its inputs"
        hint = did_you_mean(table.name, table.queries) or _suggest_call(table, model, models.values())
        causes = [Cause(span.path, f"reads {table.name.lower()}")]
        if not model.inputs:
            causes.append(Cause(model.path, "nothing to read columns of"))
        report.add(codes.HIDDEN_INPUT, message, span, label="hidden input", hint=hint, causes=causes)


def _suggest_call(table: UndeclaredTable, reader: ResolvedModel, models: Iterable[ResolvedModel]) -> str:
    """A hint: the call that should replace a table's name."""
    wanted = table.name.lower()
    models = tuple(models)
    model_id = next((model.id for model in models if wanted in {model.id.lower(), model.dataset.lower()}), None)
    alike = [model.id for model in models if wanted == model.name.lower()]
    model_id = model_id or (alike[0] if len(alike) == 1 else None)
    needs_stream = reader.kind in {"streaming_table", "auto_cdc", "flow", "sink"}
    needs_stream = needs_stream and not (reader.is_streaming or reader.reads_in_batch)
    words = ("stream", "stream_source") if table.is_streaming or needs_stream else ("ref", "source")
    name = "..." if PLACEHOLDER in table.name else model_id or table.name
    return f'write `{{{{ {words[model_id is None]}("{name}") }}}}`'


def _imported_names(code: PythonCode) -> dict[str, str]:
    """The full name of each imported name."""
    return {"dlt": "dlt"} | {
        imported.alias or imported.name or imported.module.partition(".")[0]: f"{imported.module}.{imported.name}"
        if imported.name
        else imported.module
        for imported in code.imports
    }


def _check_read(
    read: UndeclaredRead, model: ResolvedModel, models: Mapping[str, ResolvedModel], report: Report
) -> None:
    span = span_of(model, PythonCallSite(read.file, read.line)) or model.spans.whole
    for name in tables_read(read):
        are_files = read.kind == "files"
        what = f"{'files' if are_files else 'table'}{f' `{name}`' if name else ''}"
        message = (
            f"the function of `{model.id}` reads the {what}, which {'are' if are_files else 'is'} not among its inputs"
        )
        hint = _suggest_parameter(read, name, model, models.values())
        causes = [Cause(span.path, f"line {span.line} reads {name}")]
        report.add(codes.HIDDEN_INPUT, message, span, label="hidden input", hint=hint, causes=causes)


def _suggest_parameter(read: UndeclaredRead, name: str, model: ResolvedModel, models: Iterable[ResolvedModel]) -> str:
    """A hint: the parameter that should replace a read."""
    if read.kind == "files":
        folder = f'"{name}"' if name else '"..."'
        if read.is_streaming:
            return f'add a parameter: `files: DataFrame = auto_loader({folder}, format="...")`'
        return f"read them with `auto_loader({folder}, ...)` in a separate model, and read that model with `ref`"
    wanted = name.replace("`", "").lower()
    model_id = next(
        (candidate.id for candidate in models if wanted in {candidate.id.lower(), candidate.dataset.lower()}), None
    )
    words = ("stream", "stream_source") if read.is_streaming else ("ref", "source")
    for source in model.model_inputs:
        if source.model == model_id and source.is_streaming == read.is_streaming:
            return f"use the parameter `{source.parameter}`, which is this table"
    taken = {source.parameter for source in model.inputs}
    names = [_NOT_IN_A_NAME.sub("_", name).strip("_") for name in (wanted.rpartition(".")[2], wanted)]
    parameter = next((name for name in names if name.isidentifier() and name not in taken), "rows")
    return f'add a parameter: `{parameter}: DataFrame = {words[model_id is None]}("{model_id or name or "..."}")`'


def _find_mistake(model: ResolvedModel, mistake: CodeMistake, sources: Mapping[str, str]) -> Span | None:
    """The failing line; for an import the line with the name, in the file of the model or of a macro."""
    if mistake.file:
        return span_of(model, PythonCallSite(mistake.file, mistake.line))
    code = model.code
    others = [definition.path for definition in code.definitions] if isinstance(code, PythonCode) else []
    for path in (model.path, *others):
        source = SourceFile(path, sources.get(path, ""))
        for number, line in enumerate(source.text.split("\n"), 1):
            if "import" in line and re.search(rf"\b{re.escape(mistake.word)}\b", line):
                return source.whole_line(number)
    return None
