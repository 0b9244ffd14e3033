"""Resolves how changes are applied to a table."""

from __future__ import annotations

from cbx.declare.documents import AutoCdcDocument, AutoCdcFromSnapshotDocument, ModelDocument
from cbx.passes.resolution.argument_texts import ArgumentTexts
from cbx.stages.resolved_model import Cdc
from cbx.syntax.text import Text


def resolve_cdc(document: ModelDocument, texts: ArgumentTexts) -> Cdc | None:
    """How the changes of a model are applied; None if it has another kind.

    Differences between snapshots are changes without a sequence.
    """
    if not isinstance(document, AutoCdcDocument | AutoCdcFromSnapshotDocument):
        return None
    history = document.track_history
    cdc = Cdc(
        sequence_by=(),
        scd_type=1 if document.scd_type == 1 else 2,
        apply_as_deletes=None,
        apply_as_truncates=None,
        ignore_null_updates=False,
        except_columns=(),
        track_history=() if isinstance(history, dict) else texts.resolve_names(history, "track_history") or (),
        track_history_except=_resolve_except_names(texts, history, "track_history"),
    )
    return _add_changes(cdc, document, texts) if isinstance(document, AutoCdcDocument) else cdc


def _add_changes(cdc: Cdc, document: AutoCdcDocument, texts: ArgumentTexts) -> Cdc:
    ignored = document.ignore_null_updates
    if not isinstance(ignored, bool):
        ignored = texts.resolve_names(ignored, "ignore_null_updates") or ()
    return cdc._replace(
        sequence_by=texts.resolve_names(document.sequence_by, "sequence_by") or (),
        apply_as_deletes=_render_condition(texts, document.apply_as_deletes, "apply_as_deletes"),
        apply_as_truncates=_render_condition(texts, document.apply_as_truncates, "apply_as_truncates"),
        ignore_null_updates=ignored,
        except_columns=texts.resolve_names(document.except_columns, "except_columns") or (),
    )


def _resolve_except_names(texts: ArgumentTexts, history: object, argument: str) -> tuple[str, ...]:
    """The names under ``{"except": [...]}``."""
    listed = history.get("except", ()) if isinstance(history, dict) else ()
    spans = [texts.span(argument, "except", number) for number in range(len(listed))]
    return texts.read_argument(argument, texts.render_each, listed, spans) or ()


def _render_condition(texts: ArgumentTexts, template: str | None, argument: str) -> Text | None:
    return None if template is None else texts.render(template, texts.span(argument))
