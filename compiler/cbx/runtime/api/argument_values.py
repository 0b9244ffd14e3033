"""The arguments of the API's functions as values of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from cbx.diagnostics.codes import INVALID_DEFINITION
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.diagnostics.source_files import Span
from cbx.runtime.auto_cdc import AllBut
from cbx.runtime.errors import RunError
from cbx.runtime.names import DatasetName, InvalidNameError
from cbx.spark_spelling import value_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column

    from cbx.runtime.definitions import DatasetKind, Query


def dataset_name(text: Any, span: Span | None) -> DatasetName:
    """A dataset's name from its text.

    Raises:
        RunError: If it is not a name.
    """
    try:
        return DatasetName.parse(text)
    except InvalidNameError as error:
        raise RunError(
            INVALID_DEFINITION,
            str(error),
            span=span,
            hint="write name or schema.name; quote other characters with backticks",
        ) from None


def function_name(query: Query, span: Span | None) -> str:
    """A function's name, for a dataset or flow without ``name=``.

    Raises:
        RunError: If it has none, such as a partial function.
    """
    name: str | None = getattr(query, "__name__", None)
    if name is None:
        raise RunError(INVALID_DEFINITION, "the function has no name", span=span, hint='add name="..."')
    return name


def read_ignored_nulls(
    every: bool,  # noqa: FBT001 - as the documented argument
    some: tuple[str, ...] | None,
    excepted: tuple[str, ...] | None,
    span: Span | None,
) -> bool | tuple[str, ...] | AllBut:
    """The columns in which a NULL keeps the existing value.

    Raises:
        RunError: If more than one of the three arguments is used.
    """
    if [every, some is not None, excepted is not None].count(True) > 1:
        raise RunError(
            INVALID_DEFINITION,
            "`ignore_null_updates`, `ignore_null_updates_column_list` and `ignore_null_updates_except_column_list` "
            "cannot be combined",
            span=span,
            hint="use one of them",
        )
    if excepted is not None:
        return AllBut(excepted)
    return bool(every) if some is None else some


def column_names(columns: Sequence[str | Column] | None) -> tuple[str, ...] | None:
    """Column names, of which the documentation allows strings and ``col("name")``."""
    if columns is None:
        return None
    return tuple(column if isinstance(column, str) else _name_of(column) for column in columns)


def _name_of(column: Column) -> str:
    """The name in a ``col("name")``."""
    text = str(column._jc.toString())  # type: ignore[operator]  # noqa: SLF001 - Python and Spark have no public name for it
    return text.strip("`")


def read_scd_type(value: str | int, span: Span | None) -> Literal[1, 2]:
    """The type of a slowly changing dimension.

    Raises:
        RunError: If it is neither 1 nor 2.
    """
    text = str(value).upper().replace("SCD TYPE", "").strip()
    if text not in ("1", "2"):
        raise RunError(
            INVALID_DEFINITION,
            f"the SCD type {value!r} is not supported",
            span=span,
            hint="use 1 or 2",
        )
    return 1 if text == "1" else 2


def option_values(options: Mapping[str, Any] | None) -> dict[str, str]:
    """Options as strings, as Spark spells them."""
    return {name: value_text(value) for name, value in (options or {}).items()}


def is_reset_allowed(arguments: Mapping[str, Any]) -> bool:
    """Whether ``pipelines.reset.allowed`` is not false (the page "Pipeline properties reference")."""
    return option_values(arguments.get("table_properties")).get("pipelines.reset.allowed") != "false"


_REFRESH_POLICIES = ("auto", "incremental", "incremental_strict", "full")


def check_refresh_policy(policy: str | None, span: Span | None) -> None:
    """Refuse a refresh policy that Databricks does not have (the page "REFRESH POLICY clause (pipelines)").

    Raises:
        RunError: If it is not one of the four.
    """
    if policy is not None and policy.lower() not in _REFRESH_POLICIES:
        nearest = did_you_mean(policy, _REFRESH_POLICIES, f"the policies are {', '.join(_REFRESH_POLICIES)}")
        raise RunError(INVALID_DEFINITION, f"there is no refresh policy `{policy}`", span=span, hint=nearest)


def check_replacement(
    kind: DatasetKind, keys: Sequence[str], sequence_by: str | Column | None, span: Span | None
) -> None:
    """Check ``replace_using`` and ``sequence_by`` (the page "replace_flow").

    Raises:
        RunError: If one of them is missing, or a key is repeated.
    """
    if kind != "table" or (not keys and sequence_by is None):
        return
    if not keys or sequence_by is None:
        missing = "sequence_by" if keys else "replace_using"
        hint = 'write replace_using=["id"], sequence_by="updated_at", for example'
        raise RunError(INVALID_DEFINITION, f"`{missing}` is missing", span=span, hint=hint)
    if len({key.lower() for key in keys}) < len(keys):
        raise RunError(INVALID_DEFINITION, "a column of `replace_using` is repeated", span=span, hint="name it once")
