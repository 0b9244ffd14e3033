"""The arguments of one AUTO CDC flow, and the columns that they name."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import Column

from cbx.diagnostics.codes import INVALID_DEFINITION, Code
from cbx.runtime.auto_cdc.columns import END_AT, HIDDEN, START_AT, find_name
from cbx.runtime.auto_cdc.errors import CdcSpecError


@dataclass(frozen=True, slots=True)
class AllBut:
    """All columns but these."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CdcSpec:
    """The arguments of `create_auto_cdc_flow`.

    Attributes:
        target: The name of the target, for messages.
        keys: The columns that identify a row.
        sequence_by: The order of the changes of a key; any type with an order, a struct to break ties.
        scd_type: 1 keeps the current rows, 2 keeps their history.
        apply_as_deletes: True where a change deletes its key; NULL counts as false.
        apply_as_truncates: True where a change empties the target (type 1 only); NULL counts as false.
        ignore_null_updates: Whether NULL means "as before": for all columns, for none, for those named, or
            for all but those named. It applies to the fields of struct columns too.
        column_list: The columns of the changes that the target has.
        except_column_list: The columns of the changes that the target does not have.
        track_history_column_list: The columns whose changes begin a new row (type 2 only).
        track_history_except_column_list: The columns whose changes do not.
    """

    target: str
    keys: tuple[str, ...]
    sequence_by: Column
    scd_type: int
    apply_as_deletes: Column | None = None
    apply_as_truncates: Column | None = None
    ignore_null_updates: bool | tuple[str, ...] | AllBut = False
    column_list: tuple[str, ...] | None = None
    except_column_list: tuple[str, ...] | None = None
    track_history_column_list: tuple[str, ...] | None = None
    track_history_except_column_list: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        tracks = self.track_history_column_list is not None, self.track_history_except_column_list is not None
        if not self.keys:
            raise self.error("the flow has no keys", "name the columns that identify a row")
        if self.scd_type not in (1, 2):
            raise self.error(f"the SCD type {self.scd_type!r} is not supported", "use 1 or 2")
        if self.column_list is not None and self.except_column_list is not None:
            raise self.error("`column_list` and `except_column_list` cannot be combined", "use one of them")
        if all(tracks):
            raise self.error(
                "`track_history_column_list` and `track_history_except_column_list` cannot be combined",
                "use one of them",
            )
        if self.scd_type == 1 and any(tracks):
            raise self.error("`track_history_*` requires SCD type 2", "remove it")
        if self.scd_type == 2 and self.apply_as_truncates is not None:
            raise self.error("`apply_as_truncates` requires SCD type 1", "remove it")

    def error(self, reason: str, hint: str, code: Code = INVALID_DEFINITION) -> CdcSpecError:
        """Return an error of this flow."""
        return CdcSpecError(self.target, reason, hint, code)


def selected_columns(changes: Iterable[str], spec: CdcSpec) -> tuple[str, ...]:
    """Return the columns of the changes that the target has, in their order.

    A name of `column_list` that the changes lack is skipped: the target may have the column from earlier changes.

    Raises:
        CdcSpecError: A key is not among the changes or not selected, an excluded column does not exist, or a
            column name is reserved.
    """
    names = tuple(changes)
    selected = set(names)
    if spec.column_list is not None:
        selected = {name for name in names if find_name(name, spec.column_list)}
    if spec.except_column_list is not None:
        selected -= set(resolve_columns(spec.except_column_list, names, "except_column_list", spec))
    keys = resolve_columns(spec.keys, names, "keys", spec)
    for key in keys:
        if key not in selected:
            raise spec.error(f"the target has no column for the key `{key}`", "add it to the columns of the target")
    for name in names:
        if name in selected and is_reserved(name):
            raise spec.error(f"the column name `{name}` is reserved", "rename it in the source of the flow")
    return tuple(name for name in names if name in selected)


def is_reserved(name: str) -> bool:
    """Whether the state or SCD type 2 reserves this name."""
    return name.casefold().startswith(HIDDEN) or find_name(name, (START_AT, END_AT)) is not None


def resolve_columns(names: Iterable[str], columns: Iterable[str], argument: str, spec: CdcSpec) -> tuple[str, ...]:
    """Return the names as the columns spell them.

    Raises:
        CdcSpecError: There is no such column.
    """
    choices = tuple(columns)
    spellings = {name: find_name(name, choices) for name in names}
    missing = [name for name, spelling in spellings.items() if spelling is None]
    if missing:
        reason = f"`{argument}` has the column `{missing[0]}`, which the changes do not have"
        raise spec.error(reason, "the changes have " + ", ".join(f"`{name}`" for name in choices))
    return tuple(spelling for spelling in spellings.values() if spelling is not None)
