"""Python literals for users' texts: the only way in which user text enters generated code."""

from __future__ import annotations

import re

from cbx.syntax.text import CELL_MARK, Secret, Text, TextPart, Variable

_UNSAFE_IN_TRIPLE = re.compile('"""')
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\xa0\xad\u061c\u180e\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff0-\uffff"
    "\ud800-\udfff\U000e0000-\U0010ffff]"
)
_NAMED = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"})


def string_literal(text: str) -> str:
    """A text as a Python literal on one line that parses back to the same text.

    Invisible characters are escaped.
    """
    quote = "'" if '"' in text and "'" not in text else '"'
    return quote + _escape(text, quote) + quote


def _escape(text: str, quote: str) -> str:
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text.replace(quote, "\\" + quote)
    escaped = text.translate(_NAMED).replace(quote, "\\" + quote)
    if escaped.isascii() and escaped.isprintable():
        return escaped
    return _INVISIBLE.sub(_code_point, escaped)


def _code_point(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def text_literal(text: Text, project: str) -> str:
    """A rendered text as a Python expression on one line: a literal, or an f-string that reads its variables."""
    if text.constant is not None:
        return string_literal(text.constant)
    if len(text.parts) == 1 and isinstance(text.parts[0], Secret):
        return _read_secret(text.parts[0], project, '"')
    pieces = [
        _escape(part, '"').replace("{", "{{").replace("}", "}}")
        if isinstance(part, str)
        else _value_in_braces(part, project)
        for part in text.parts
    ]
    return 'f"' + "".join(pieces) + '"'


def block_literal(text: Text, project: str) -> str:
    """A text of several lines as a Python expression, with triple quotes where they are safe.

    A line break is added at both ends.
    """
    texts = [part for part in text.parts if isinstance(part, str)]
    is_safe = not any(_UNSAFE_IN_TRIPLE.search(part) or _INVISIBLE.search(part.replace("\n", "")) for part in texts)
    if not is_safe or any(CELL_MARK.search(part) for part in texts):
        return text_literal(Text(("\n", *text.parts, "\n")), project)
    raw = "r" if any("\\" in part for part in texts) else ""
    if text.constant is not None:
        return f'{raw}"""\n{text.constant}\n"""'
    pieces = [
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else _value_in_braces(part, project)
        for part in text.parts
    ]
    return f'{raw}f"""\n' + "".join(pieces) + '\n"""'


def list_literal(names: tuple[str, ...]) -> str:
    """A list of texts on one line."""
    return "[" + ", ".join(string_literal(name) for name in names) + "]"


def _value_in_braces(part: TextPart, project: str) -> str:
    """The expression inside an f-string that reads a variable or a secret."""
    if isinstance(part, Secret):
        return "{" + _read_secret(part, project, "'") + "}"
    assert isinstance(part, Variable)  # noqa: S101 - the plan has filled every input slot
    return "{" + _read_variable(part, project, "'") + "}"


def _read_variable(variable: Variable, project: str, quote: str) -> str:
    """The expression that reads a variable; both names are known to be identifiers."""
    return f"spark.conf.get({quote}{project}.{variable.name}{quote})"


def _read_secret(secret: Secret, project: str, quote: str) -> str:
    """The expression that reads a secret; the characters of its names are known to be harmless.

    The call is that of the Databricks page "Databricks Utilities (dbutils) reference".
    """
    names = [
        " + ".join(
            f"{quote}{part}{quote}" if isinstance(part, str) else _read_variable(part, project, quote) for part in parts
        )
        for parts in (secret.scope, secret.key)
    ]
    return f"dbutils.secrets.get(scope={names[0]}, key={names[1]})"
