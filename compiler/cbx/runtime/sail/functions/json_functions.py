"""``from_json`` and ``to_json`` as functions in Python, since Sail's own read and write other values than Spark's.

They take columns of Arrow. ``from_json`` reads texts as landing files are read; what is not certain raises
``NotOnSailError`` in the query, which then runs on Spark.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
from pyspark.sql import functions
from pyspark.sql.types import StringType, StructType
from sqlglot.tokenizer_core import TokenType

from cbx.runtime.auto_loader.simple_ddl import read_simple_ddl
from cbx.runtime.landing_files.arrow_types import arrow_type
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.json.json_columns import make_reader
from cbx.runtime.landing_files.json.json_values import is_convertible
from cbx.runtime.sail.files.json_files import make_writer
from cbx.runtime.sail.functions.own_functions import OWN, OwnFunctions, make_udf
from cbx.runtime.sail.refusals import NotOnSailError
from cbx.runtime.spark.replace_attributes import replace_attributes
from cbx.runtime.sql.edits import Edit, apply_edits, closing_bracket, query_tokens, split_at_commas
from cbx.runtime.tables.arrow_structs import clear_null_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlglot.tokenizer_core import Token

TO_JSON: Final = f"{OWN}to_json"
_FROM_JSON: Final = f"{OWN}from_json_"
_NAMES: Final = ("from_json", "to_json")


@dataclass(frozen=True)
class _FromJson:
    """Reads texts as structs of these columns."""

    columns: StructType

    def __call__(self, texts: pa.Array) -> pa.Array:
        """The struct of each text."""
        read, kind = make_reader(self.columns), arrow_type(self.columns)
        try:
            rows = pa.array([None if text is None else read(text) for text in texts.to_pylist()], kind)
        except (NeedsSparkError, pa.ArrowException, UnicodeEncodeError) as error:
            raise NotOnSailError(f"reads JSON that needs Spark: {error}") from error
        return clear_null_fields(rows)


class _ToJson:
    """Writes structs and arrays as texts."""

    def __call__(self, values: pa.Array) -> pa.Array:
        """The text of each value."""
        write = make_writer(values.type)
        return pa.array([None if value is None else write(value) for value in values.to_pylist()], pa.string())


def _name_of(columns: StructType) -> str:
    return f"{_FROM_JSON}{hashlib.sha256(columns.json().encode()).hexdigest()[:16]}"


def _columns_of(schema: Any) -> StructType | None:
    """The columns that ``from_json`` gets; None if Spark must read them."""
    columns = read_simple_ddl(schema) if isinstance(schema, str) else schema
    if not isinstance(columns, StructType) or not columns.fields or not is_convertible(columns):
        return None
    names = {name.lower() for name in columns.names}
    return columns if len(names) == len(columns.names) and _CORRUPT not in names else None


_CORRUPT: Final = "_corrupt_record"


@dataclass(frozen=True, slots=True)
class JsonFunctions:
    """The functions of a session.

    Attributes:
        functions: What SQL texts of the session can call.
    """

    functions: OwnFunctions

    @contextlib.contextmanager
    def replace(self) -> Iterator[None]:
        """Let the functions of PySpark call these while the context lasts."""
        plain_from, plain_to = functions.from_json, functions.to_json

        def from_json(col: Any, schema: Any, options: Any = None) -> Any:
            columns = None if options else _columns_of(schema)
            if columns is None:
                return plain_from(col, schema, options)
            return make_udf(_name_of(columns), _FromJson(columns), columns)(col)

        def to_json(col: Any, options: Any = None) -> Any:
            return plain_to(col, options) if options else make_udf(TO_JSON, _ToJson(), StringType())(col)

        replacements = {"from_json": from_json, "to_json": to_json}
        with replace_attributes(functions, replacements), replace_attributes(functions.builtin, replacements):
            yield

    def rewrite(self, text: str) -> str:
        """Replace the calls in a query.

        Example:
            ``SELECT to_json(s) FROM t`` becomes ``SELECT __cbx_to_json(s) FROM t``.
        """
        lowered = text.lower()
        return apply_edits(text, self._edits(query_tokens(text))) if any(name in lowered for name in _NAMES) else text

    def _edits(self, tokens: Sequence[Token]) -> Iterator[Edit]:
        for number, token in enumerate(tokens[:-1]):
            is_call = token.token_type == TokenType.VAR and tokens[number + 1].token_type == TokenType.L_PAREN
            closing = closing_bracket(tokens, number + 1) if is_call and token.text.lower() in _NAMES else None
            if closing is None:
                continue
            arguments = split_at_commas(tokens[number + 2 : closing])
            if token.text.lower() == "to_json" and len(arguments) == 1:
                self.functions.register(TO_JSON, _ToJson(), StringType())
                yield token.start, token.end + 1, TO_JSON
            elif len(arguments) == 2 and [part.token_type for part in arguments[1]] == [TokenType.STRING]:
                yield from self._edit_from_json(token, arguments[0][-1], arguments[1][0])

    def _edit_from_json(self, name: Token, last: Token, schema: Token) -> Iterator[Edit]:
        columns = _columns_of(schema.text)
        if columns is not None:
            self.functions.register(_name_of(columns), _FromJson(columns), columns)
            yield name.start, name.end + 1, _name_of(columns)
            yield last.end + 1, schema.end + 1, ""
