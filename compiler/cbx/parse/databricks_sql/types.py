"""SQL types in one spelling, so that ``LONG`` and ``BIGINT`` compare as equal.

The grammar is that of Spark 4.2 with the types that Databricks adds; sqlglot's grammar lacks some of these and has
types of other databases. `tests/test_types.py` compares it with Spark's parser.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cbx.diagnostics.did_you_mean import nearest
from cbx.parse.databricks_sql.nesting import obstacle
from cbx.spark_spelling import quote_if_needed

_TOKEN = re.compile(
    r"\s*(?:(?P<word>\w+)|`(?P<quoted>(?:``|[^`])+)`"
    r"|(?P<text>(?:[rR]'[^']*'|[rR]\"[^\"]*\"|'(?:\\.|[^\\'])*'|\"(?:\\.|[^\\\"])*\"))|(?P<sign>[<>(),:.]))",
    re.DOTALL,
)
_NAMES = {
    "BIGINT": "BIGINT",
    "BINARY": "BINARY",
    "BOOLEAN": "BOOLEAN",
    "BYTE": "TINYINT",
    "DATE": "DATE",
    "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT",
    "INT": "INT",
    "INTEGER": "INT",
    "LONG": "BIGINT",
    "OBJECT": "OBJECT",
    "REAL": "FLOAT",
    "SHORT": "SMALLINT",
    "SMALLINT": "SMALLINT",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_LTZ": "TIMESTAMP",
    "TIMESTAMP_NTZ": "TIMESTAMP_NTZ",
    "TINYINT": "TINYINT",
    "VARIANT": "VARIANT",
    "VOID": "VOID",
}
"""The types without parameters, by each name that they have."""

_NUMBERS = frozenset({"BIGINT", "DOUBLE", "FLOAT", "INT", "SMALLINT", "TINYINT"})
_DECIMAL = frozenset({"DEC", "DECIMAL", "NUMERIC"})
_SIZED_TEXT = frozenset({"CHAR", "CHARACTER", "VARCHAR"})
_SPATIAL = frozenset({"GEOGRAPHY", "GEOMETRY"})
_YEARS, _DAYS = ("YEAR", "MONTH"), ("DAY", "HOUR", "MINUTE", "SECOND")
_MOST_DIGITS = 38


@lru_cache(maxsize=4096)
def normal_type(written: str) -> str | None:
    """The type as Databricks spells it; None if it is not a type.

    Example:
        ``long`` becomes ``BIGINT``, ``Varchar(10)`` becomes ``STRING``, ``dec(5)`` becomes ``DECIMAL(5, 0)``, and
        ``struct<a int not null>`` becomes ``STRUCT<a: INT>``.
    """
    tokens = None if obstacle(written) else _tokens(written)
    if tokens is None:
        return None
    reader = _TypeReader(tokens)
    try:
        normal = reader.read()
    except _NotATypeError:
        return None
    return normal if reader.is_at_end else None


_ELSEWHERE = {
    "BOOL": "BOOLEAN",
    "BYTES": "BINARY",
    "DATETIME": "TIMESTAMP",
    "FLOAT64": "DOUBLE",
    "INT64": "BIGINT",
    "JSON": "VARIANT",
    "NUMBER": "DECIMAL",
    "STR": "STRING",
    "TEXT": "STRING",
    "TIMESTAMPTZ": "TIMESTAMP",
    "UUID": "STRING",
}
"""Types of other databases, and what they are called here."""
_MISSPELT = frozenset({*_NAMES, *_DECIMAL, *_SIZED_TEXT, "STRING", "ARRAY", "MAP", "STRUCT"})
_WORD = re.compile(r"[A-Za-z]\w*")
_LONGEST_TYPE = 200


def suggest_type(written: str) -> str | None:
    """The type that was probably meant by a text that is none: ``BIGNIT``, ``TEXT``, ``ARRAY<STIRNG>``."""
    if len(written) > _LONGEST_TYPE:
        return None

    def correct(found: re.Match[str]) -> str:
        word, rest = found[0].upper(), written[found.end() :].lstrip()
        if rest.startswith(":"):  # the name of a field
            return found[0]
        if word in _SIZED_TEXT and not rest.startswith("("):
            return "STRING"
        return found[0] if word in _MISSPELT else _ELSEWHERE.get(word) or nearest(word, _MISSPELT) or found[0]

    corrected = _WORD.sub(correct, written)
    return corrected if corrected != written and normal_type(corrected) is not None else None


def is_number(written: str) -> bool:
    """Whether a type is numeric."""
    normal = normal_type(written) or ""
    return normal in _NUMBERS or normal.startswith("DECIMAL(")


@lru_cache(maxsize=4096)
def parts_of_type(written: str, kind: str) -> tuple[tuple[str, str], ...] | None:
    """The names and types of the parts of a nested type; None for a type of another kind.

    Args:
        written: The type.
        kind: ``STRUCT``, ``ARRAY`` or ``MAP``.

    Example:
        The names are ``w`` and ``h`` for ``STRUCT<w: INT, h: INT>``, ``key`` and ``value`` for ``MAP<STRING, INT>``.
    """
    normal = normal_type(written)
    if normal is None or not normal.startswith(f"{kind}<"):
        return None
    reader = _TypeReader(_tokens(normal) or [])
    reader.read()
    return tuple(reader.parts)


def _tokens(written: str) -> list[tuple[str, str]] | None:
    """The kinds and texts of the tokens of a type; None if a token cannot be part of a type."""
    tokens, position = [], 0
    text = written.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return None
        tokens.append((match.lastgroup or "", match[match.lastgroup or 0]))
        position = match.end()
    return tokens


def is_same_type(written: str, other_written: str) -> bool:
    """Whether two texts are the same type; names of fields are compared case-insensitively."""
    if written == other_written:
        return True
    first, second = normal_type(written), normal_type(other_written)
    return first is not None and second is not None and first.lower() == second.lower()


class _NotATypeError(Exception):
    """The tokens are not those of a type."""


class _TypeReader:
    """Reads the tokens of a type, pairs of a kind and a text, from left to right."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self.parts: list[tuple[str, str]] = []
        """The parts of the type that was read last."""

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._tokens)

    def read(self) -> str:
        """One type.

        Raises:
            _NotATypeError: If the tokens are no type.
        """
        name = self._read_word()
        if name in _NAMES:
            return self._read_timestamp() if name == "TIMESTAMP" else _NAMES[name]
        if name in _DECIMAL:
            return self._read_decimal()
        if name in _SIZED_TEXT:
            self._read_sizes(1)
            return self._read_string()
        if name in _SPATIAL:
            return f"{name}({self._read_in_brackets()})"
        return self._read_string() if name == "STRING" else self._read_compound(name)

    def _read_compound(self, name: str) -> str:
        match name:
            case "TIME":
                return self._read_time()
            case "INTERVAL":
                return self._read_interval()
            case "ARRAY":
                return f"ARRAY<{self._read_nested('col')}>"
            case "MAP":
                return f"MAP<{self._read_nested('key', 'value')}>"
            case "STRUCT":
                return f"STRUCT<{self._read_fields()}>"
            case _:
                raise _NotATypeError

    def _read_string(self) -> str:
        """A STRING type; the collation that compares byte by byte is the default."""
        if not self._take("COLLATE"):
            return "STRING"
        name = self._read_identifier()
        while self._take("."):
            name = self._read_identifier()
        return "STRING" if name.upper() == "UTF8_BINARY" else f"STRING COLLATE {quote_if_needed(name.upper())}"

    def _read_timestamp(self) -> str:
        if self._take("WITHOUT"):
            self._expect("TIME", "ZONE")
            return "TIMESTAMP_NTZ"
        if self._take("WITH"):
            self._expect("LOCAL", "TIME", "ZONE")
        return "TIMESTAMP"

    def _read_time(self) -> str:
        sizes = self._read_sizes(1) if self._is_next("(") else [6]
        if self._take("WITHOUT"):
            self._expect("TIME", "ZONE")
        return f"TIME({sizes[0]})"

    def _read_decimal(self) -> str:
        sizes = self._read_sizes(2) if self._is_next("(") else [10]
        precision, scale = sizes[0], sizes[1] if len(sizes) > 1 else 0
        if not scale <= precision <= _MOST_DIGITS:
            raise _NotATypeError
        return f"DECIMAL({precision}, {scale})"

    def _read_interval(self) -> str:
        for units in (_YEARS, _DAYS):
            for at, unit in enumerate(units):
                if not self._take(unit):
                    continue
                if not self._take("TO"):
                    return f"INTERVAL {unit}"
                last = self._read_word()
                if last not in units[at + 1 :]:
                    raise _NotATypeError
                return f"INTERVAL {unit} TO {last}"
        return "INTERVAL"

    def _read_nested(self, *names: str) -> str:
        inner: list[str] = []
        for _ in names:
            self._expect("," if inner else "<")
            inner.append(self.read())
        self._expect(">")
        self.parts = list(zip(names, inner, strict=True))
        return ", ".join(inner)

    def _read_fields(self) -> str:
        self._expect("<")
        fields: list[tuple[str, str]] = []
        while not self._take(">"):
            if fields:
                self._expect(",")
            name = self._read_identifier()
            self._take(":")
            fields.append((name, self.read()))
            if self._take("NOT"):
                self._expect("NULL")
            if self._take("COMMENT"):
                self._expect_text()
        self.parts = fields
        return ", ".join(f"{quote_if_needed(name)}: {kind}" for name, kind in fields)

    def _read_in_brackets(self) -> str:
        self._expect("(")
        inner = self._read_word()
        self._expect(")")
        return inner

    def _read_sizes(self, most: int) -> list[int]:
        self._expect("(")
        sizes: list[int] = []
        while not sizes or (len(sizes) < most and self._take(",")):
            word = self._read_word()
            if not (word.isascii() and word.isdigit()):
                raise _NotATypeError
            sizes.append(int(word))
        self._expect(")")
        return sizes

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _is_next(self, wanted: str) -> bool:
        kind, text = self._next()
        return kind in {"word", "sign"} and text.upper() == wanted

    def _take(self, wanted: str) -> bool:
        is_next = self._is_next(wanted)
        self._at += is_next
        return is_next

    def _expect(self, *wanted: str) -> None:
        if not all(self._take(word) for word in wanted):
            raise _NotATypeError

    def _expect_text(self) -> None:
        if self._next()[0] != "text":
            raise _NotATypeError
        while self._next()[0] == "text":
            self._at += 1

    def _read_word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise _NotATypeError
        self._at += 1
        return text.upper()

    def _read_identifier(self) -> str:
        kind, text = self._next()
        if kind not in {"word", "quoted"}:
            raise _NotATypeError
        self._at += 1
        return text.replace("``", "`") if kind == "quoted" else text
