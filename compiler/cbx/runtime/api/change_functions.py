"""The functions of ``dlt`` that merge changes, or the differences between snapshots, into tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cbx.diagnostics.codes import NOT_SUPPORTED_LOCALLY
from cbx.diagnostics.source_files import Span
from cbx.runtime.api.argument_values import column_names, dataset_name, read_ignored_nulls, read_scd_type
from cbx.runtime.calling_line import calling_line
from cbx.runtime.definitions import CdcFlow, Registry, SnapshotFlow
from cbx.runtime.errors import RunError

if TYPE_CHECKING:
    from pyspark.sql import Column

_INSTEAD = {
    "system_sequence_by": "store the table as SCD type 1 or 2, without system_sequence_by",
    "columns_to_update": "set the columns that a change does not update to NULL, and use ignore_null_updates",
}
"""What to do without the arguments that are not supported locally."""


class ChangeFunctions:
    """The functions that define flows of changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create_auto_cdc_flow(
        self,
        target: str,
        source: str,
        keys: Sequence[str | Column],
        sequence_by: str | Column,
        ignore_null_updates: bool = False,  # noqa: FBT001, FBT002 - the documented signature
        apply_as_deletes: str | Column | None = None,
        apply_as_truncates: str | Column | None = None,
        column_list: Sequence[str | Column] | None = None,
        except_column_list: Sequence[str | Column] | None = None,
        stored_as_scd_type: str | int = "1",
        track_history_column_list: Sequence[str | Column] | None = None,
        track_history_except_column_list: Sequence[str | Column] | None = None,
        name: str | None = None,
        once: bool = False,  # noqa: FBT001, FBT002 - the documented signature
        ignore_null_updates_column_list: Sequence[str | Column] | None = None,
        ignore_null_updates_except_column_list: Sequence[str | Column] | None = None,
        system_sequence_by: str | Column | None = None,
        columns_to_update: str | Column | None = None,
    ) -> None:
        """``create_auto_cdc_flow``: merge changes into a table."""
        span = calling_line()
        _refuse_unsupported("system_sequence_by", system_sequence_by, span)
        _refuse_unsupported("columns_to_update", columns_to_update, span)
        self._registry.add_flow(
            CdcFlow(
                target=dataset_name(target, span),
                name=name or target,
                source=dataset_name(source, span),
                keys=column_names(keys) or (),
                sequence_by=sequence_by,
                scd_type=read_scd_type(stored_as_scd_type, span),
                apply_as_deletes=apply_as_deletes,
                apply_as_truncates=apply_as_truncates,
                ignore_null_updates=read_ignored_nulls(
                    ignore_null_updates,
                    column_names(ignore_null_updates_column_list),
                    column_names(ignore_null_updates_except_column_list),
                    span,
                ),
                column_list=column_names(column_list),
                except_column_list=column_names(except_column_list),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                once=once,
                span=span,
            )
        )

    def apply_changes(self, *arguments: Any, flow_name: str | None = None, **named: Any) -> None:
        """The old name of ``create_auto_cdc_flow``."""
        if flow_name is not None:
            named["name"] = flow_name
        self.create_auto_cdc_flow(*arguments, **named)

    def create_auto_cdc_from_snapshot_flow(
        self,
        target: str,
        source: str | Callable[[Any], Any],
        keys: Sequence[str | Column],
        stored_as_scd_type: str | int = "1",
        track_history_column_list: Sequence[str | Column] | None = None,
        track_history_except_column_list: Sequence[str | Column] | None = None,
    ) -> None:
        """Merge the differences between whole snapshots into a table."""
        span = calling_line()
        self._registry.add_flow(
            SnapshotFlow(
                target=dataset_name(target, span),
                name=target,
                source=source if callable(source) else dataset_name(source, span),
                keys=column_names(keys) or (),
                scd_type=read_scd_type(stored_as_scd_type, span),
                track_history_column_list=column_names(track_history_column_list),
                track_history_except_column_list=column_names(track_history_except_column_list),
                span=span,
            )
        )


def _refuse_unsupported(argument: str, value: object, span: Span | None) -> None:
    if value is not None:
        message = f"{argument} is not supported locally"
        raise RunError(NOT_SUPPORTED_LOCALLY, message, span=span, hint=_INSTEAD[argument])
