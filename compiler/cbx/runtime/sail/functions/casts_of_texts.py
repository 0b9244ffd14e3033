"""Casts of texts to decimals, doubles and booleans, of which Sail reads other ones than Spark.

The rules are those of Spark's ``Cast`` in ANSI mode. A text that does not fit raises ``NotOnSailError``, unless it is
``try_cast``: Spark raises its own error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql.types import BooleanType, DecimalType, DoubleType

from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl
from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.csv.csv_values import make_converter
from cbx.runtime.landing_files.decimals import parse_decimal
from cbx.runtime.landing_files.errors import MisfitError, NeedsSparkError
from cbx.runtime.sail.functions.own_functions import OWN, OwnFunctions
from cbx.runtime.sail.refusals import NotOnSailError

if TYPE_CHECKING:
    from pyspark.sql.types import DataType

_BLANK: Final = "".join(map(chr, range(33)))
_TRUTHS: Final = {
    **dict.fromkeys(("t", "true", "y", "yes", "1"), True),
    **dict.fromkeys(("f", "false", "n", "no", "0"), False),
}


def register_cast(functions: OwnFunctions, kind: str, *, is_try: bool) -> str | None:
    """The name of the function that casts texts to a type; None if there is none.

    Args:
        functions: The functions of the session.
        kind: The type, in SQL.
        is_try: Whether texts that do not fit are NULL.
    """
    columns = read_simple_ddl(f"value {kind}")
    if columns is None or not isinstance(columns[0].dataType, (DecimalType, DoubleType, BooleanType)):
        return None
    target = columns[0].dataType
    spelling = target.simpleString().replace("(", "_").replace(",", "_").replace(")", "")
    name = f"{OWN}{'try_' if is_try else ''}cast_{spelling}"
    return functions.register(name, _Cast(target, is_try), target)


@dataclass(frozen=True)
class _Cast:
    """Casts texts to a type."""

    kind: DataType
    is_try: bool

    def __call__(self, texts: pa.Array) -> pa.Array:
        convert = _converter(self.kind)
        values = [None if text is None else self._cast(text, convert) for text in texts.to_pylist()]
        return pa.array(values, arrow_type(self.kind))

    def _cast(self, text: str, convert: Callable[[str], Any]) -> Any:
        try:
            return convert(text)
        except MisfitError:
            if self.is_try:
                return None
            raise NotOnSailError(f"casts a text to {self.kind.simpleString()} that is none") from None
        except NeedsSparkError as error:
            raise NotOnSailError(f"casts a text that needs Spark: {error.reason}") from error


def _converter(kind: DataType) -> Callable[[str], Any]:
    if isinstance(kind, DecimalType):
        return lambda text: parse_decimal(text.strip(_BLANK), kind.precision, kind.scale)
    return make_converter(kind) if isinstance(kind, DoubleType) else _to_boolean


def _to_boolean(text: str) -> bool:
    if not text.isascii():
        raise NeedsSparkError("a boolean has characters that are not ASCII")
    word = text.strip(_BLANK + "\x7f").lower()
    if word not in _TRUTHS:
        raise MisfitError
    return _TRUTHS[word]
