"""The columns of a table: declared, and growing."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlglot
from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation
from pyspark.sql.types import DataType, StructField, StructType

from cbx.runtime.definitions import Expectation
from cbx.runtime.problems import RunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame

    from cbx.runtime.store import TableState

_CLAUSES = frozenset(
    {
        *("NOT", "NULL", "COMMENT", "GENERATED", "MASK", "DEFAULT"),
        *("PRIMARY KEY", "FOREIGN KEY", "REFERENCES", "CONSTRAINT"),
    }
)
_CONSTRAINTS = frozenset({"PRIMARY KEY", "FOREIGN KEY", "CHECK"})
_DEEPER = {"(": 1, "<": 1, ")": -1, ">": -1}


@dataclass(frozen=True, slots=True)
class DeclaredColumns:
    """What the ``schema=`` of a definition says.

    Attributes:
        fields: The columns, those that may not be NULL marked so.
        generated: The expression of each column that is computed from others.
    """

    fields: StructType
    generated: Mapping[str, str]

    @classmethod
    def read(cls, schema: Any) -> DeclaredColumns:
        """Read a ``StructType`` or DDL text; keys, masks and defaults in the text change nothing here.

        Raises:
            RunError: If the text is no list of columns.
        """
        if isinstance(schema, StructType):
            return cls(schema, {})
        fields, generated = [], {}
        try:
            for column in _columns(str(schema)):
                fields.append(StructField(column.name, _data_type(column.kind), nullable=not column.is_required))
                if column.expression:
                    generated[column.name] = column.expression
                if column.is_identity:
                    raise RunError(
                        f"`{column.name}` is an identity column, which is not supported locally",
                        hint="leave it out, or make the numbers in the query",
                    )
        except (PySparkException, sqlglot.errors.SqlglotError, IndexError) as error:
            raise RunError(
                f"the schema cannot be read: {next(filter(None, str(error).splitlines()), 'it ends too early')}",
                hint="write it as `id BIGINT NOT NULL, name STRING`",
            ) from None
        return cls(StructType(fields), generated)

    def constraints(self, rules: Sequence[Expectation]) -> tuple[Expectation, ...]:
        """Rules that columns declared NOT NULL are, for the rows that no other rule drops."""
        dropping = [f"({rule.condition})" for rule in rules if rule.on_violation == "drop"]
        unless = f"NOT coalesce({' AND '.join(dropping)}, false) OR " if dropping else ""
        return tuple(
            Expectation(f"{field.name} NOT NULL", f"{unless}{_quoted(field.name)} IS NOT NULL", "fail", True)
            for field in self.fields
            if not field.nullable
        )

    def applied(self, frame: DataFrame) -> DataFrame:
        """Rows with these columns, in this order and of these types.

        Raises:
            RunError: If the rows have a column that is not declared.
        """
        incoming = {name.lower(): name for name in frame.columns}
        known = {field.name.lower() for field in self.fields}
        extra = [name for name in frame.columns if name.lower() not in known]
        if extra:
            raise RunError(
                f"the query returns {', '.join(f'`{name}`' for name in extra)}, which schema= does not declare",
                hint="declare the column, or leave it out of the query",
            )
        return frame.select(*(self._column(field, incoming, frame) for field in self.fields))

    def _column(self, field: StructField, incoming: Mapping[str, str], frame: DataFrame) -> Any:
        name = incoming.get(field.name.lower())
        if name is not None:
            column = F.col(_quoted(name))
            same = frame.schema[name].dataType.simpleString() == field.dataType.simpleString()
            return column.alias(field.name) if same else column.cast(field.dataType).alias(field.name)
        expression = self.generated.get(field.name, "NULL")
        return F.expr(expression).cast(field.dataType).alias(field.name)


def has_mask(schema: Any) -> bool:
    """Whether a ``schema=`` hides a column's values from some readers; a text that cannot be read does not."""
    try:
        return isinstance(schema, str) and any(column.has_mask for column in _columns(schema))
    except (sqlglot.errors.SqlglotError, IndexError):
        return False


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of a DDL text: its type and what is said behind it."""

    name: str
    kind: str
    is_required: bool
    has_mask: bool
    is_identity: bool
    expression: str | None


def _columns(text: str) -> Iterator[_Column]:
    """Every column in a DDL text."""
    for item in _items(sqlglot.tokenize(text, dialect="databricks")):
        words = [_spelling(token) for token in item]
        if _CONSTRAINTS & {words[0], *(words[2:3] if words[0] == "CONSTRAINT" else ())}:
            continue
        first = 2 if len(item) > 1 and words[1] == ":" else 1
        end = next((i for i in range(first, len(item)) if words[i] in _CLAUSES and _depth(item[:i]) == 0), len(item))
        kind = text[item[first].start : item[end - 1].end + 1]
        is_required = any(words[i : i + 2] == ["NOT", "NULL"] for i in range(end, len(item)))
        said = words[end:]
        yield _Column(
            item[0].text, kind, is_required, "MASK" in said, "IDENTITY" in said, _generated(text, item, words)
        )


def _spelling(token: Any) -> str:
    """A word as it is compared; what stands in quotes is no keyword."""
    return "" if token.token_type.name in ("STRING", "IDENTIFIER") else " ".join(token.text.upper().split())


def _data_type(text: str) -> DataType:
    """A type of Spark's from its text, which ``fromDDL`` reads as well as lists of columns."""
    return StructType.fromDDL(text)


def _generated(text: str, item: list[Any], words: list[str]) -> str | None:
    """The expression between the parentheses of ``GENERATED ALWAYS AS (...)``."""
    if "GENERATED" not in words:
        return None
    start = words.index("AS", words.index("GENERATED")) + 1
    if words[start] != "(":
        return None
    depth = 0
    for index in range(start, len(item)):
        depth += _DEEPER.get(words[index], 0) if words[index] in "()" else 0
        if depth == 0:
            return text[item[start].start + 1 : item[index].start]
    return None


def _items(tokens: list[Any]) -> Iterator[list[Any]]:
    """The tokens between the commas that are not inside brackets."""
    item: list[Any] = []
    depth = 0
    for token in tokens:
        depth += _change(token)
        if token.text == "," and depth == 0:
            yield item
            item = []
        else:
            item.append(token)
    if item:
        yield item


def _depth(tokens: list[Any]) -> int:
    return sum(_change(token) for token in tokens)


def _change(token: Any) -> int:
    return _DEEPER.get(token.text, 0) if token.token_type.name in ("L_PAREN", "R_PAREN", "LT", "GT") else 0


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def struct(schema: str) -> StructType:
    """The columns of a table as ``table.json`` has them."""
    return StructType.fromJson(json.loads(schema))


def evolved(table: TableState, incoming: StructType) -> StructType:
    """The columns of a streaming table after rows with these columns came in.

    Older rows have NULL in new columns, and rows to come have NULL in columns that they no longer bring, as
    in a Delta table that merges schemas.

    Raises:
        RunError: If a column has changed its type.
    """
    if not table.schema:
        return incoming
    fields = {field.name.lower(): field for field in struct(table.schema)}
    for field in incoming:
        known = fields.setdefault(field.name.lower(), field)
        if known.dataType.simpleString() != field.dataType.simpleString():
            raise RunError(
                f"the column `{field.name}` of `{table.name}` was {known.dataType.simpleString()} "
                f"and is now {field.dataType.simpleString()}",
                hint="cast it to what it was, or start over with --full-refresh",
            )
    return StructType(list(fields.values()))
