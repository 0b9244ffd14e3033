"""Resolves how changes are applied to a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cbx.declare.documents import AutoCdcDocument, ModelDocument
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
    """How the changes of a model are applied; None if it has another kind."""
    if not isinstance(document, AutoCdcDocument):
        return None
    history, ignored = document.track_history, document.ignore_null_updates
    return Cdc(
        sequence_by=read.names(document.sequence_by, "sequence_by") or (),
        scd_type=1 if document.scd_type == 1 else 2,
        apply_as_deletes=read.condition(document.apply_as_deletes, "apply_as_deletes"),
        apply_as_truncates=read.condition(document.apply_as_truncates, "apply_as_truncates"),
        ignore_null_updates=ignored if isinstance(ignored, bool) else read.names(ignored, "ignore_null_updates") or (),
        except_columns=read.names(document.except_columns, "except_columns") or (),
        track_history=() if isinstance(history, dict) else read.names(history, "track_history") or (),
        track_history_except=read.except_names(history, "track_history"),
    )
