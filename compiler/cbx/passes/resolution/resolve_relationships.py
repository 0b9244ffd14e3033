"""Resolves the declared relationships of a model."""

from __future__ import annotations

from typing import NamedTuple

from cbx.declare.documents import DatasetDocument, RelationshipDocument
from cbx.diagnostics import codes
from cbx.diagnostics.source_files import Span
from cbx.passes.resolution.argument_texts import ArgumentTexts
from cbx.project.identifiers import BETWEEN
from cbx.stages.resolved_model import RelationshipClaim
from cbx.syntax.text import Text


def resolve_relationships(texts: ArgumentTexts) -> tuple[RelationshipClaim, ...]:
    """The relationships of a model, but for those that cannot be read; CBX103 for a column that is named twice."""
    document = texts.declaration.document
    declared = document.relationships if isinstance(document, DatasetDocument) else ()
    claims = [
        texts.read_argument("relationships", _resolve_relationship, texts, number, word, relationship)
        for number, (word, relationship) in enumerate(declared)
    ]
    return tuple(claim for claim in claims if claim is not None)


class _Pair(NamedTuple):
    """Two columns that are compared: that of this model, and that of the other, with their spans."""

    ours: str
    theirs: str
    our_span: Span
    their_span: Span


def _resolve_relationship(
    texts: ArgumentTexts, number: int, word: str, relationship: RelationshipDocument
) -> RelationshipClaim:
    model_span = texts.span("relationships", number, "model")
    related = texts.render_constant(relationship.model, model_span)
    spans_by_pair = {
        (texts.render_constant(pair.ours, pair.our_span), texts.render_constant(pair.theirs, pair.their_span)): (
            pair.our_span,
            pair.their_span,
        )
        for pair in _read_pairs(texts, number, relationship.on)
    }
    on = tuple(sorted(spans_by_pair))
    is_parent = word == "one_to_many"
    return RelationshipClaim(
        parent=texts.declaration.id if is_parent else related,
        child=related if is_parent else texts.declaration.id,
        on=on,
        cardinality="one_to_one" if word == "one_to_one" else "one_to_many",
        enforce=relationship.enforce,
        declared_by=texts.declaration.id,
        span=texts.span("relationships", number),
        model_span=model_span,
        on_spans=tuple(spans_by_pair[pair] for pair in on),
        parent_table=_resolve_parent(texts, word, related, model_span) if BETWEEN in related else None,
    )


def _resolve_parent(texts: ArgumentTexts, word: str, parent: str, span: Span) -> Text:
    """The table of a parent of another project; CBX351 if it is the child."""
    from cbx.passes.resolution.resolve_published import published_table

    if word == "one_to_many":
        project, _, identity = parent.partition(BETWEEN)
        message = f"`{texts.declaration.id}` declares a relationship of `{parent}`, whose rows `{project}` writes"
        hint = f"declare it in `{project}`, or relate a model of this project that reads `{identity}`"
        texts.report.add(codes.CHILD_OF_OTHER_PROJECT, message, span, hint=hint)
    return published_table(texts, parent, span, "is related to")


def _read_pairs(texts: ArgumentTexts, number: int, on: str | tuple[str, ...] | dict[str, str]) -> list[_Pair]:
    """The pairs of columns as they are written: from a dictionary, or of columns with equal names."""
    path = ("relationships", number, "on")
    if isinstance(on, dict):
        return [
            _Pair(ours, theirs, texts.span(*path, ours, "key"), texts.span(*path, ours)) for ours, theirs in on.items()
        ]
    names = (on,) if isinstance(on, str) else on
    spans = [texts.span(*path, index) for index in range(len(names))]
    texts.drop_repeated_names(names, spans.__getitem__)
    return [_Pair(name, name, span, span) for name, span in zip(names, spans, strict=True)]
