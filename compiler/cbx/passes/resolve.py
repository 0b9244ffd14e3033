"""Renders the templates of declarations and resolves all names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern
from typing import Any, Literal, TypeVar

from cbx.analysis.facts import ColumnHome
from cbx.declare.documents import (
    DatasetDocument,
    FlowDocument,
    MaterializedViewDocument,
    ModelDocument,
    RelationshipDocument,
    SinkDocument,
    StreamingTableDocument,
    TableDocument,
)
from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import Span
from cbx.passes.read_macros import Macros
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.passes.resolution.resolve_cdc import ArgumentReaders, resolve_cdc
from cbx.passes.resolution.resolve_code import hash_content, resolve_code
from cbx.passes.resolution.resolve_inputs import resolve_input
from cbx.passes.resolution.resolve_sink import resolve_sink
from cbx.passes.resolution.resolve_tests import resolve_tests
from cbx.passes.resolution.type_seed import type_seed
from cbx.project.dataset_names import WITHOUT_TABLE, dataset_name
from cbx.spark_spelling import value_text
from cbx.stages.declared import Declared
from cbx.stages.resolved import (
    Column,
    Expectation,
    FlowTarget,
    RelationshipClaim,
    Resolved,
    ResolvedModel,
    SqlCode,
)
from cbx.stages.table_options import TableOptions
from cbx.syntax.text import Text

_NAME = r"(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)"
_COLUMNS = rf"\((?:{_NAME}(?:, ?{_NAME})*)?\)"
_FUNCTION = rf"{_NAME}(?:\.{_NAME}){{0,2}}"
_ROW_FILTER = re.compile(rf"(?:ROW FILTER )?(?P<clause>{_FUNCTION} ON ?{_COLUMNS})", re.IGNORECASE)
_ROW_FILTER_HINT = 'write the function and its columns: `row_filter="security.own_region ON (region)"`'
_MASK = re.compile(rf"(?:MASK )?(?P<clause>{_FUNCTION}(?: USING COLUMNS ?{_COLUMNS})?)", re.IGNORECASE)
_MASK_HINT = 'write the function, and its further columns: `mask="security.mask_email USING COLUMNS (country)"`'
_AUTO = "auto"
_NO_DATASET = DatasetDocument.model_construct()
"""The defaults for kinds without these arguments, without building the class's validator, which takes milliseconds."""
_MACRO = re.compile(r"\{\{[-+]?\s*(\w+)\s*\(")
_ON_VIOLATION: Mapping[str, Literal["warn", "drop", "fail"]] = {
    "expect": "warn",
    "expect_or_drop": "drop",
    "expect_or_fail": "fail",
}

T = TypeVar("T")


def resolve(declared: Declared, macros: Macros, report: Report) -> Resolved:
    """From documents to models with rendered texts and complete code.

    Before: ``expect("adult", "{{ at_least('age', 18) }}")``. After: an `Expectation` on ``age >= 18``.
    CBX101, CBX104 and CBX205 for templates and code, CBX106 for invalid names.
    """
    models = tuple(_ModelResolver(declared, macros, model, report).resolve() for model in declared.models)
    return Resolved(declared.project, models, declared.known_ids)


@dataclass
class _ModelResolver(DeclarationTexts):
    wrong: set[str] = field(default_factory=set)

    def resolve(self) -> ResolvedModel:
        declaration, document = self.declaration, self.declaration.document
        dataset = document if isinstance(document, DatasetDocument) else _NO_DATASET
        self.macros.templates.use_parameters(declaration.parameters)
        columns = self._resolve_columns(document)
        options = self._resolve_table_options(document)
        key = self._resolve_names(dataset.key, "key")
        further_keys = self._read_argument("keys", self._resolve_further_keys, dataset.keys) or ()
        seed = type_seed(declaration, columns, (*((key,) if key else ()), *further_keys), self.report)
        code = (
            SqlCode(seed.query)
            if seed is not None
            else resolve_code(declaration, self.macros, self.declared.project.variable_names, self.report)
        )
        inputs = [
            self._read_argument("inputs", resolve_input, self, item, columns, declaration.code)
            for item in declaration.inputs
        ]
        claims = [
            self._read_argument("relationships", self._resolve_relationship, number, item)
            for number, item in enumerate(dataset.relationships)
        ]
        return ResolvedModel(
            id=declaration.id,
            layer=declaration.layer,
            name=declaration.name,
            path=declaration.path,
            kind=declaration.kind,  # type: ignore[arg-type] # the documents exist for these kinds only
            dataset=dataset_name(
                self.declared.project,
                declaration.layer,
                declaration.name,
                is_published=declaration.kind not in WITHOUT_TABLE and not options.private,
            ),
            description=self.render_optional(document.description, self._span("description"))
            or declaration.description,
            inputs=tuple(item for item in inputs if item is not None),
            key=key,
            further_keys=further_keys,
            columns=columns,
            expectations=self._resolve_expectations(dataset),
            claims=tuple(claim for claim in claims if claim is not None),
            cdc=resolve_cdc(
                document, ArgumentReaders(self._resolve_names, self._resolve_except_names, self._render_condition)
            ),
            tags=self._resolve_names(document.tags, "tags") or (),
            owner=self.render_optional(document.owner, self._span("owner")),
            properties=self._resolve_texts(dataset.properties, "properties"),
            cluster_by=() if options.cluster_by_auto else self._resolve_names(dataset.cluster_by, "cluster_by") or (),
            quarantine=dataset.quarantine,
            enforce=dataset.enforce,
            code=code or SqlCode(Text.of("")),
            spans=declaration.spans.pack(),
            unread=declaration.unread | self.wrong,
            content_hash=hash_content(self, code),
            options=options,
            parameters=declaration.parameters,
            sink=resolve_sink(self),
            flow=self._resolve_flow(document) if isinstance(document, FlowDocument) else None,
            seed=seed,
            tests=resolve_tests(document, self),
        )

    def _resolve_flow(self, document: FlowDocument) -> FlowTarget:
        span = self._span("into")
        return FlowTarget(self.render_constant(document.into, span), document.once, span)

    def _resolve_table_options(self, document: ModelDocument) -> TableOptions:
        if isinstance(document, FlowDocument | SinkDocument):
            return TableOptions(spark_conf=self._resolve_texts(document.spark_conf, "spark_conf"))
        if not isinstance(document, TableDocument):
            return TableOptions()
        return TableOptions(
            cluster_by_auto=document.cluster_by == _AUTO,
            partition_cols=self._resolve_names(document.partition_cols, "partition_cols") or (),
            row_filter=self._resolve_clause(document.row_filter, ("row_filter",), _ROW_FILTER, _ROW_FILTER_HINT),
            spark_conf=self._resolve_texts(document.spark_conf, "spark_conf"),
            private=document.private,
            refresh_policy=document.refresh_policy if isinstance(document, MaterializedViewDocument) else None,
            table_tags=self._resolve_texts(document.table_tags, "table_tags"),
            **self._resolve_replacement(document),
        )

    def _resolve_replacement(self, document: TableDocument) -> dict[str, Any]:
        if not isinstance(document, StreamingTableDocument):
            return {}
        return {
            "replace_using": self._resolve_names(document.replace_using, "replace_using") or (),
            "sequence_by": self.render_optional(document.sequence_by, self._span("sequence_by")),
        }

    def _resolve_texts(self, texts: Mapping[str, Any], *path: str) -> tuple[tuple[str, str], ...]:
        """The names and values of a dictionary."""
        return tuple(
            (
                self.render_constant(name, self._span(*path, name, "key")),
                self.render_constant(value_text(value), self._span(*path, name)),
            )
            for name, value in texts.items()
        )

    def _resolve_clause(
        self, template: str | None, path: tuple[str, ...], form: re.Pattern[str], hint: str
    ) -> str | None:
        """The text of a clause, without the words that begin it; CBX103 if it has another form."""
        if template is None:
            return None
        span = self._span(*path)
        text = " ".join(self.render_constant(template, span).split())
        match = form.fullmatch(text)
        if match is None:
            message = f"`{text}` is not a function with its columns"
            self.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=hint)
            return None
        return match["clause"]

    def _span(self, *path: str | int) -> Span:
        return self.declaration.spans.at(*path)

    def _read_argument(self, argument: str, read: Callable[..., T], *arguments: Any) -> T | None:
        """The value of an argument; None if reading it reports anything, and the argument becomes unread."""
        reported = len(self.report)
        value = read(*arguments)
        if len(self.report) == reported:
            return value
        self.wrong.add(argument)
        return None

    def _resolve_names(self, value: str | tuple[str, ...] | None, argument: str) -> tuple[str, ...] | None:
        if value is None or argument in self.declaration.unread:
            return None
        return self._read_argument(argument, self._render_names, value, argument)

    def _render_names(self, value: str | tuple[str, ...], argument: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (self.render_constant(value, self._span(argument)),)
        spans = [self._span(argument, number) for number in range(len(value))]
        names = [self.render_constant(template, span) for template, span in zip(value, spans, strict=True)]
        return self._drop_repeated_names(names, spans, what="tag" if argument == "tags" else "column")

    def _resolve_further_keys(self, keys: str | tuple[str | tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        """The keys of ``keys``."""
        if "keys" in self.declaration.unread:
            return ()
        if isinstance(keys, str):
            return ((self.render_constant(keys, self._span("keys")),),)
        further_keys: list[tuple[str, ...]] = []
        for number, key in enumerate(keys):
            if isinstance(key, str):
                further_keys.append((self.render_constant(key, self._span("keys", number)),))
                continue
            spans = [self._span("keys", number, at) for at in range(len(key))]
            names = [self.render_constant(template, span) for template, span in zip(key, spans, strict=True)]
            further_keys.append(self._drop_repeated_names(names, spans))
        return tuple(further_keys)

    def _drop_repeated_names(self, names: list[str], spans: list[Span], what: str = "column") -> tuple[str, ...]:
        """The names, each once; CBX103 for a repeated name, compared without regard to case."""
        seen: dict[str, str] = {}
        for name, span in zip(names, spans, strict=True):
            folded = name.lower()
            if folded in seen:
                message = f"`{name}` is named twice"
                self.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=f"name each {what} once")
            else:
                seen[folded] = name
        return tuple(seen.values())

    def _resolve_except_names(self, history: object, argument: str) -> tuple[str, ...]:
        """The names under ``{"except": [...]}``."""
        listed = history.get("except", ()) if isinstance(history, dict) else ()
        spans = [self._span(argument, "except", number) for number in range(len(listed))]
        return self._read_argument(argument, self._render_each, listed, spans) or ()

    def _render_each(self, names: Sequence[str], spans: Sequence[Span]) -> tuple[str, ...]:
        return tuple(self.render_constant(template, span) for template, span in zip(names, spans, strict=True))

    def _resolve_columns(self, document: ModelDocument) -> tuple[Column, ...] | None:
        if document.columns is None or "columns" in self.declaration.unread:
            return None
        columns: list[Column] = []
        spans: list[Span] = []
        for name, column in document.columns.items():
            span = self._span("columns", name, "key")
            own_name = intern(self.render_constant(name, span))
            spans.append(span)
            if isinstance(column, str):
                columns.append(Column(own_name, self.resolve_type(column, self._span("columns", name))))
                continue
            written = self.resolve_type(column.type, self._span("columns", name, "type"))
            description = self.render_optional(column.description, self._span("columns", name, "description"))
            home = ColumnHome(measure=column.measure) if column.measure is not None else None
            mask = self._resolve_clause(column.mask, ("columns", name, "mask"), _MASK, _MASK_HINT)
            tags = self._resolve_texts(column.tags, "columns", name, "tags")
            columns.append(Column(own_name, written, description, column.not_null, home=home, mask=mask, tags=tags))
        self._drop_repeated_names([column.name for column in columns], spans)
        return tuple(columns)

    def _resolve_expectations(self, document: DatasetDocument) -> tuple[Expectation, ...]:
        expectations = []
        for number, (word, expectation) in enumerate(document.expectations):
            span, name_span = self._span("expectations", number, "sql"), self._span("expectations", number, "name")
            condition = self.render(expectation.sql, span)
            if condition is not None:
                name = self.render_constant(expectation.name, name_span)
                macros = tuple(_MACRO.findall(expectation.sql)) if "{{" in expectation.sql else ()
                expectations.append(Expectation(name, condition, _ON_VIOLATION[word], span, name_span, macros))
        return tuple(expectations)

    def _resolve_relationship(
        self, number: int, word_and_document: tuple[str, RelationshipDocument]
    ) -> RelationshipClaim:
        word, relationship = word_and_document
        related = self.render_constant(relationship.model, self._span("relationships", number, "model"))
        at = ("relationships", number, "on")
        if isinstance(relationship.on, dict):
            pairs = [
                (*pair, self._span(*at, pair[0], "key"), self._span(*at, pair[0])) for pair in relationship.on.items()
            ]
        else:
            spans = [self._span(*at, index) for index in range(len(_as_tuple(relationship.on)))]
            self._drop_repeated_names(list(_as_tuple(relationship.on)), spans)
            pairs = [(name, name, span, span) for name, span in zip(_as_tuple(relationship.on), spans, strict=True)]
        spans_by_pair = {
            (self.render_constant(ours, span), self.render_constant(theirs, other)): (span, other)
            for ours, theirs, span, other in pairs
        }
        on = tuple(sorted(spans_by_pair))
        is_parent = word == "one_to_many"
        return RelationshipClaim(
            parent=self.declaration.id if is_parent else related,
            child=related if is_parent else self.declaration.id,
            on=on,
            cardinality="one_to_one" if word == "one_to_one" else "one_to_many",
            enforce=relationship.enforce,
            declared_by=self.declaration.id,
            span=self._span("relationships", number),
            model_span=self._span("relationships", number, "model"),
            on_spans=tuple(spans_by_pair[pair] for pair in on),
        )

    def _render_condition(self, template: str | None, argument: str) -> Text | None:
        return None if template is None else self.render(template, self._span(argument))


def _as_tuple(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
