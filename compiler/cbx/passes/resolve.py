"""Renders the templates of declarations and resolves all names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from cbx.declare.documents import DatasetDocument
from cbx.diagnostics.diagnostic import Report
from cbx.passes.read_macros import Macros
from cbx.passes.resolution.argument_texts import ArgumentTexts
from cbx.passes.resolution.code.resolve_code import hash_content, resolve_code
from cbx.passes.resolution.resolve_cdc import resolve_cdc
from cbx.passes.resolution.resolve_columns import resolve_columns
from cbx.passes.resolution.resolve_inputs import resolve_input
from cbx.passes.resolution.resolve_relationships import resolve_relationships
from cbx.passes.resolution.resolve_table_options import resolve_table_options
from cbx.project.dataset_names import WITHOUT_TABLE, dataset_name
from cbx.stages.declared import Declared
from cbx.stages.inputs import Input
from cbx.stages.resolved import Resolved
from cbx.stages.resolved_model import Column, Expectation, PythonCode, ResolvedModel, SqlCode
from cbx.stages.seeds import Seed
from cbx.syntax.text import Text

_NO_DATASET = DatasetDocument.model_construct()
"""The defaults for kinds without these arguments, without building the class's validator, which takes milliseconds."""
_MACRO = re.compile(r"\{\{[-+]?\s*(\w+)\s*\(")
_ON_VIOLATION: Mapping[str, Literal["warn", "drop", "fail"]] = {
    "expect": "warn",
    "expect_or_drop": "drop",
    "expect_or_fail": "fail",
}


def resolve(declared: Declared, macros: Macros, report: Report) -> Resolved:
    """From documents to models with rendered texts and complete code.

    Before: ``expect("adult", "{{ at_least('age', 18) }}")``. After: an `Expectation` on ``age >= 18``.
    CBX101, CBX104 and CBX205 for templates and code, CBX106 for invalid names.
    """
    models = tuple(_resolve_model(ArgumentTexts(declared, macros, model, report)) for model in declared.models)
    return Resolved(declared.project, models, declared.known_ids)


def _resolve_model(texts: ArgumentTexts) -> ResolvedModel:
    declaration, document = texts.declaration, texts.declaration.document
    dataset = document if isinstance(document, DatasetDocument) else _NO_DATASET
    texts.macros.templates.use_parameters(declaration.parameters)
    columns = resolve_columns(texts)
    options = resolve_table_options(texts)
    key = texts.resolve_names(dataset.key, "key")
    further_keys = texts.resolve_keys(dataset.keys, "keys")
    seed = _type_seed(texts, columns, (*((key,) if key else ()), *further_keys))
    code = SqlCode(seed.query) if seed is not None else _resolve_code(texts)
    inputs = _resolve_inputs(texts, columns)
    claims = resolve_relationships(texts)
    model = ResolvedModel(
        id=declaration.id,
        layer=declaration.layer,
        name=declaration.name,
        path=declaration.path,
        kind=declaration.kind,  # type: ignore[arg-type] # the documents exist for these kinds only
        dataset=dataset_name(
            texts.declared.project,
            declaration.layer,
            declaration.name,
            is_published=declaration.kind not in WITHOUT_TABLE and not options.private,
        ),
        description=texts.render_optional(document.description, texts.span("description")) or declaration.description,
        inputs=inputs,
        key=key,
        further_keys=further_keys,
        columns=columns,
        expectations=_resolve_expectations(texts, dataset),
        claims=claims,
        cdc=resolve_cdc(document, texts),
        tags=texts.resolve_names(document.tags, "tags") or (),
        owner=texts.render_optional(document.owner, texts.span("owner")),
        properties=texts.resolve_pairs(dataset.properties, "properties"),
        cluster_by=() if options.cluster_by_auto else texts.resolve_names(dataset.cluster_by, "cluster_by") or (),
        quarantine=dataset.quarantine,
        enforce=dataset.enforce,
        code=code or SqlCode(Text.of("")),
        spans=declaration.spans.pack(),
        unread=declaration.unread | texts.wrong,
        content_hash=hash_content(texts, code),
        options=options,
        parameters=declaration.parameters,
        seed=seed,
    )
    return _add_rare_parts(model, texts)


def _type_seed(
    texts: ArgumentTexts, columns: tuple[Column, ...] | None, keys: tuple[tuple[str, ...], ...]
) -> Seed | None:
    if texts.declaration.rows is None:
        return None
    from cbx.passes.resolution.type_seed import type_seed

    return type_seed(texts.declaration, columns, keys, texts.report)


def _add_rare_parts(model: ResolvedModel, texts: ArgumentTexts) -> ResolvedModel:
    """A model with the parts that few models have; what resolves them is imported where a project has such a model."""
    document = texts.declaration.document
    if model.kind == "sink":
        from cbx.passes.resolution.resolve_sink import resolve_sink

        return model._replace(sink=resolve_sink(texts))
    if model.kind == "flow":
        from cbx.passes.resolution.resolve_flow import resolve_flow

        return model._replace(flow=resolve_flow(texts))
    if isinstance(document, DatasetDocument) and document.tests:
        from cbx.passes.resolution.resolve_tests import resolve_tests

        return model._replace(tests=resolve_tests(document, texts))
    return model


def _resolve_code(texts: ArgumentTexts) -> PythonCode | SqlCode | None:
    return resolve_code(texts.declaration, texts.macros, texts.declared.project.variable_names, texts.report)


def _resolve_inputs(texts: ArgumentTexts, columns: tuple[Column, ...] | None) -> tuple[Input, ...]:
    inputs = [
        texts.read_argument("inputs", resolve_input, texts, item, columns, texts.declaration.code)
        for item in texts.declaration.inputs
    ]
    return tuple(item for item in inputs if item is not None)


def _resolve_expectations(texts: ArgumentTexts, document: DatasetDocument) -> tuple[Expectation, ...]:
    expectations = []
    for number, (word, expectation) in enumerate(document.expectations):
        span, name_span = texts.span("expectations", number, "sql"), texts.span("expectations", number, "name")
        condition = texts.render(expectation.sql, span)
        if condition is not None:
            name = texts.render_constant(expectation.name, name_span)
            macros = tuple(_MACRO.findall(expectation.sql)) if "{{" in expectation.sql else ()
            expectations.append(Expectation(name, condition, _ON_VIOLATION[word], span, name_span, macros))
    return tuple(expectations)
