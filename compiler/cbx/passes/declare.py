"""Checks every call of the vocabulary against its document."""

from __future__ import annotations

from cbx.declare.documents import ModelDocument
from cbx.declare.read_document import read_document
from cbx.diagnostics.diagnostic import Report
from cbx.stages.declared import Declared, DeclaredInput, DeclaredModel, Parsed
from cbx.syntax.declarations import ParsedModel, SqlQuery
from cbx.syntax.text import Text


def declare(parsed: Parsed, report: Report) -> Declared:
    """From calls to documents.

    Before: a call of ``view`` with an argument ``key``. After: a `ModelDocument` whose key is that text.
    CBX102, CBX103 and CBX403. Wrong arguments are omitted and listed in ``unread``; the rest is checked further.
    """
    models = [_declare_model(model, report) for model in parsed.models]
    return Declared(
        parsed.project,
        tuple(model for model in models if model is not None),
        parsed.known_ids,
        parsed.sources,
    )


def _declare_model(model: ParsedModel, report: Report) -> DeclaredModel | None:
    call = read_document(model.declaration, report)
    inputs = [(parsed, read_document(parsed.call, report)) for parsed in model.inputs]
    if call is None or not isinstance(call.document, ModelDocument):
        return None
    inputs_complete = model.inputs_complete and all(read is not None and not read.unread for _, read in inputs)
    return DeclaredModel(
        id=model.id,
        layer=model.layer,
        name=model.name,
        path=model.path,
        kind=call.word,
        document=call.document,
        spans=call.spans,
        unread=call.unread if inputs_complete else call.unread | {"inputs"},
        description=model.description,
        inputs=tuple(
            DeclaredInput(parsed.parameter, parsed.keyword_only, read) for parsed, read in inputs if read is not None
        ),
        code=model.code or SqlQuery(Text.of(""), ()),
        parameters=model.parameters,
        rows=model.rows,
    )
