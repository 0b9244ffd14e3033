"""Resolves the inputs of a model."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cbx.declare import reader_options
from cbx.declare.documents import (
    AutoLoaderDocument,
    KafkaDocument,
    ModelInputDocument,
    ReaderDocument,
    SnapshotsDocument,
    TableInputDocument,
)
from cbx.declare.outside_systems import naming_option
from cbx.diagnostics import codes
from cbx.diagnostics.source_files import Span
from cbx.parse.landing import schema_hints
from cbx.passes.resolution.check_reader import ReaderCall, check_reader, report_model_as_format
from cbx.passes.resolution.code.named_functions import name_in_notebook
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.project.identifiers import BETWEEN
from cbx.spark_spelling import quote_if_needed, value_text
from cbx.stages.declared import DeclaredInput
from cbx.stages.inputs import FileInput, Input, ModelInput, ReaderInput, SnapshotInput, TableInput
from cbx.stages.resolved_model import Column
from cbx.syntax.declarations import PythonFunction, SqlQuery
from cbx.syntax.spans import Spans
from cbx.syntax.text import Text, join

_NAME = r"(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)"
_TABLE = re.compile(rf"{_NAME}(?:\.{_NAME}){{0,2}}\Z")
_GLOB = "pathGlobFilter"
_VALIDATE = "cloudFiles.validateOptions"


def resolve_input(
    texts: DeclarationTexts,
    declared_input: DeclaredInput,
    columns: tuple[Column, ...] | None,
    code: PythonFunction | SqlQuery,
) -> Input:
    """An input of a model with rendered texts.

    Args:
        texts: Renders the texts of the model's declaration.
        declared_input: The input.
        columns: The declared columns of the model, which are hints for the types of files.
        code: The code of the model.
    """
    match declared_input.call.document:
        case ModelInputDocument() as document:
            return _resolve_model(texts, declared_input, document)
        case TableInputDocument(table=table):
            span = declared_input.call.spans.at("table")
            is_streaming = declared_input.call.word == "stream_source"
            name = _resolve_table(texts, table, span)
            return TableInput(declared_input.parameter, declared_input.keyword_only, name, is_streaming, span)
        case AutoLoaderDocument() as loader:
            return _resolve_files(texts, declared_input, loader, columns, code)
        case SnapshotsDocument() as snapshots:
            return _resolve_snapshots(texts, declared_input, snapshots)
        case KafkaDocument() as kafka:
            arguments = _kafka_options(texts, kafka, declared_input.call.spans)
            return _resolve_reader(texts, declared_input, "kafka", kafka.options, arguments)
        case ReaderDocument() as reader:
            return _resolve_other_reader(texts, declared_input, reader)
        case _:
            raise AssertionError(declared_input.call.word)


def _resolve_model(
    texts: DeclarationTexts, declared_input: DeclaredInput, document: ModelInputDocument
) -> ModelInput | TableInput:
    """A model of this project, or a table of another one."""
    span = declared_input.call.spans.at("model")
    name = texts.render_constant(document.model, span)
    if BETWEEN in name:
        from cbx.passes.resolution.resolve_published import resolve_published

        return resolve_published(texts, declared_input, name, span)
    is_streaming = declared_input.call.word == "stream"
    return ModelInput(declared_input.parameter, declared_input.keyword_only, name, is_streaming, span)


def _resolve_files(
    texts: DeclarationTexts,
    declared_input: DeclaredInput,
    loader: AutoLoaderDocument,
    columns: tuple[Column, ...] | None,
    code: PythonFunction | SqlQuery,
) -> FileInput:
    spans = declared_input.call.spans
    return FileInput(
        parameter=declared_input.parameter,
        keyword_only=declared_input.keyword_only,
        path=texts.render_or_keep(loader.path, spans.at("path")),
        format=loader.format,
        schema_hints=_resolve_schema_hints(texts, loader, spans, columns, code),
        options=_add_glob(texts, _resolve_options(texts, loader.options, loader.format, spans), loader, spans),
        span=spans.whole,
        schema=_resolve_ddl(texts, loader.columns, spans, "columns"),
    )


def _resolve_snapshots(
    texts: DeclarationTexts, declared_input: DeclaredInput, snapshots: SnapshotsDocument
) -> SnapshotInput:
    spans = declared_input.call.spans
    return SnapshotInput(
        parameter=declared_input.parameter,
        keyword_only=declared_input.keyword_only,
        path=None if snapshots.path is None else texts.render_or_keep(snapshots.path, spans.at("path")),
        format=snapshots.format or "",
        schema=_resolve_ddl(texts, snapshots.columns, spans, "columns"),
        options=_resolve_options(texts, snapshots.options, snapshots.format or "", spans),
        function=None if snapshots.function is None else name_in_notebook(snapshots.function),
        version=snapshots.version,
        span=spans.whole,
    )


def _resolve_other_reader(
    texts: DeclarationTexts, declared_input: DeclaredInput, reader: ReaderDocument
) -> ReaderInput:
    """What `read` and `read_stream` name by its format."""
    call = declared_input.call
    format_name = texts.render_constant(reader.format, call.spans.at("format"))
    report_model_as_format(call.word, format_name, texts.declared.known_ids, call.spans, texts.report)
    schema = _resolve_ddl(texts, reader.columns, call.spans, "columns")
    return _resolve_reader(texts, declared_input, format_name, reader.options)._replace(schema=schema)


def _resolve_schema_hints(
    texts: DeclarationTexts,
    loader: AutoLoaderDocument,
    spans: Spans,
    columns: tuple[Column, ...] | None,
    code: PythonFunction | SqlQuery,
) -> str:
    is_declared = len(texts.declaration.inputs) == 1 and loader.columns is None
    types = {column.name: column.type for column in columns or ()} if is_declared else {}
    hints = loader.schema_hints
    if isinstance(hints, dict):
        return schema_hints(
            {name: texts.resolve_type(template, spans.at("schema_hints", name)) for name, template in hints.items()},
            types,
            code,
        )
    return schema_hints(texts.render_optional(hints, spans.at("schema_hints")), types, code)


def _resolve_ddl(texts: DeclarationTexts, written: str | dict[str, str] | None, spans: Spans, argument: str) -> str:
    """Columns and their types, as one DDL text."""
    if not isinstance(written, dict):
        return texts.render_optional(written, spans.at(argument)) or ""
    types = {name: texts.resolve_type(kind, spans.at(argument, name)) for name, kind in written.items()}
    return ", ".join(f"{quote_if_needed(name)} {kind}" for name, kind in types.items())


def _resolve_table(texts: DeclarationTexts, table: str, span: Span) -> Text:
    name = texts.render_or_keep(table, span)
    if not _TABLE.match(name.placeholder()):
        message = f"`{table}` is not the name of a table"
        hint = "write `catalog.schema.table`; put a part with other characters in backticks"
        texts.report.add(codes.INVALID_NAME, message, span, hint=hint)
    return name


def _resolve_options(
    texts: DeclarationTexts, given: Mapping[str, object], file_format: str, spans: Spans
) -> tuple[tuple[str, Text], ...]:
    options = []
    is_checked = not any(
        name.lower() == _VALIDATE.lower() and str(value).lower() == "false" for name, value in given.items()
    )
    for name, value in given.items():
        written = value_text(value)
        span = spans.at("options", name, "key")
        own_name = texts.render_constant(name, span)
        if is_checked and "{{" not in own_name and reader_options.spelling(own_name) is None:
            _report_option(texts, own_name, file_format, span)
        options.append((own_name, texts.render_option(written, spans.at("options", name))))
    return tuple(options)


def _add_glob(
    texts: DeclarationTexts, options: tuple[tuple[str, Text], ...], loader: AutoLoaderDocument, spans: Spans
) -> tuple[tuple[str, Text], ...]:
    if loader.glob is None:
        return options
    others = (option for option in options if option[0].lower() != _GLOB.lower())
    return (*others, (_GLOB, texts.render_or_keep(loader.glob, spans.at("glob"))))


def _report_option(texts: DeclarationTexts, name: str, file_format: str, span: Span) -> None:
    meant = reader_options.nearest_option(name, file_format)
    texts.report.add(
        codes.UNKNOWN_READER_OPTION,
        f"neither Auto Loader nor the reader of {file_format} files has an option `{name}`",
        span,
        label="not an option",
        hint=f"did you mean `{meant}`?" if meant else f"remove it, or set `{_VALIDATE}` to False to keep it",
    )


def _kafka_options(texts: DeclarationTexts, kafka: KafkaDocument, spans: Spans) -> tuple[tuple[str, Text], ...]:
    """The options that the arguments of ``kafka`` set."""
    options = [("kafka.bootstrap.servers", _resolve_list(texts, kafka.servers, spans, "servers"))]
    if kafka.topic is not None:
        options.append(("subscribe", _resolve_list(texts, kafka.topic, spans, "topic")))
    if kafka.starting_offsets is not None:
        offsets = texts.render_or_keep(kafka.starting_offsets, spans.at("starting_offsets"))
        options.append(("startingOffsets", offsets))
    return tuple(options)


def _resolve_list(texts: DeclarationTexts, value: str | tuple[str, ...], spans: Spans, argument: str) -> Text:
    """A text or a list of texts as one text with commas."""
    if isinstance(value, str):
        return texts.render_or_keep(value, spans.at(argument))
    rendered = [texts.render_or_keep(item, spans.at(argument, number)) for number, item in enumerate(value)]
    return join(part for number, text in enumerate(rendered) for part in ((",",) if number else ()) + text.parts)


def _resolve_reader(
    texts: DeclarationTexts,
    declared_input: DeclaredInput,
    format_name: str,
    written: Mapping[str, str | bool | int | float],
    arguments: tuple[tuple[str, Text], ...] = (),
) -> ReaderInput:
    """The input of a reader, with the options that arguments set before those of ``options``."""
    call = declared_input.call
    options = tuple(
        (
            texts.render_constant(name, call.spans.at("options", name, "key")),
            texts.render_option(value_text(value), call.spans.at("options", name)),
        )
        for name, value in written.items()
    )
    names = tuple(name for name, _ in options)
    given = frozenset(call.document.model_fields_set)
    check_reader(ReaderCall(call.word, format_name.lower(), names, given, call.spans, not call.unread), texts.report)
    return ReaderInput(
        declared_input.parameter,
        declared_input.keyword_only,
        format_name,
        _name_of(format_name, (*arguments, *options)),
        (*arguments, *options),
        call.spans.whole,
        is_streaming=call.word != "read",
    )


def _name_of(format_name: str, options: tuple[tuple[str, Text], ...]) -> Text:
    """The topics or the table that options name; the format if they name none."""
    given = {name.lower(): value for name, value in options if not value.has_secret}
    option = naming_option(format_name, given)
    return Text.of(format_name) if option is None else given[option]
