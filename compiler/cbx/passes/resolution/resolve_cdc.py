"""Resolves how changes are applied to a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cbx.declare.documents import AutoCdcDocument, AutoCdcFromSnapshotDocument, ModelDocument
from cbx.stages.resolved import Cdc
from cbx.syntax.text import Text

Names = str | tuple[str, ...] | None


class ArgumentReaders(NamedTuple):
    """How arguments are read.

    Attributes:
        names: The names in an argument, given its value and its own name; None after a diagnostic.
        except_names: The names under ``{"except": [...]}``.
        condition: A rendered condition.
    """

    names: Callable[[Names, str], tuple[str, ...] | None]
    except_names: Callable[[object, str], tuple[str, ...]]
    condition: Callable[[str | None, str], Text | None]


def resolve_cdc(document: ModelDocument, read: ArgumentReaders) -> Cdc | None:
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
        track_history=() if isinstance(history, dict) else read.names(history, "track_history") or (),
        track_history_except=read.except_names(history, "track_history"),
    )
    return _add_changes(cdc, document, read) if isinstance(document, AutoCdcDocument) else cdc


def _add_changes(cdc: Cdc, document: AutoCdcDocument, read: ArgumentReaders) -> Cdc:
    ignored = document.ignore_null_updates
    return cdc._replace(
        sequence_by=read.names(document.sequence_by, "sequence_by") or (),
        apply_as_deletes=read.condition(document.apply_as_deletes, "apply_as_deletes"),
        apply_as_truncates=read.condition(document.apply_as_truncates, "apply_as_truncates"),
        ignore_null_updates=ignored if isinstance(ignored, bool) else read.names(ignored, "ignore_null_updates") or (),
        except_columns=read.names(document.except_columns, "except_columns") or (),
    )
