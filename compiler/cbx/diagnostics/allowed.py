"""Comments that allow a warning where they are: ``-- cbx: allow CBX314, weights by payment``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cbx.diagnostics.source_files import SourceFile, Span

_SQL = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | /\*.*?\*/ | (?P<comment>\{\#.*?\#\} | --[^\r\n]*)""",
    re.DOTALL | re.VERBOSE,
)
_PYTHON = re.compile(
    r"""(?:\"{3}.*?\"{3} | '{3}.*?'{3}) | '(?:[^'\\\n]|\\.)*' | "(?:[^"\\\n]|\\.)*" | (?P<comment>\#[^\r\n]*) |
    (?P<bracket>[()])""",
    re.DOTALL | re.VERBOSE,
)
_ALLOW = re.compile(
    r"(?:--|#)[ \t]*cbx:[ \t]*allow\b(?P<codes>(?:[ \t,]*CBX\w*)*)[ \t]*,?[ \t]*(?P<reason>[^\r\n]*?)[ \t]*(?:#\}|$)",
    re.MULTILINE,
)
_ONLY_COMMENT = re.compile(r"[ \t]*(?:\{#)?[ \t]*(?:--|#)")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A comment that allows a diagnostic.

    Attributes:
        code: The number of the code, such as ``CBX314``.
        reason: Why it is allowed.
        span: Where the comment is.
        lines: The lines that it applies to: its own, the next one that is not such a comment, and in Python those of
            the calls that it is inside.
    """

    code: str
    reason: str
    span: Span
    lines: tuple[int, ...]


@dataclass
class Allowances:
    """The allowances of all files, and which of them were needed.

    Attributes:
        sources: The texts of the files, by path; more may be added until a file is first asked about.
    """

    sources: Mapping[str, str]
    _by_path: dict[str, tuple[Allowance, ...]] = field(default_factory=dict)
    _used: set[Allowance] = field(default_factory=set)

    def allow(self, code: str, span: Span) -> bool:
        """Whether a diagnostic is allowed where it is; if so, the allowance is marked as used."""
        found = [each for each in self._of(span.path) if each.code == code and span.line in each.lines and each.reason]
        self._used.update(found)
        return bool(found)

    def unused_allowances(self) -> tuple[Allowance, ...]:
        """The allowances that no diagnostic needed, those without a reason included."""
        everything = (allowance for path in self.sources for allowance in self._of(path))
        return tuple(allowance for allowance in everything if allowance not in self._used)

    def _of(self, path: str) -> tuple[Allowance, ...]:
        if path not in self._by_path:
            text = self.sources.get(path, "") if not path.endswith((".csv", ".json")) else ""
            self._by_path[path] = tuple(_allowances(path, text)) if "cbx:" in text else ()
        return self._by_path[path]


def _allowances(path: str, text: str) -> Iterator[Allowance]:
    file = SourceFile(path, text)
    lines = text.split("\n")
    calls: list[int] = []
    for token in (_PYTHON if path.endswith((".py", ".toml")) else _SQL).finditer(text):
        bracket = token.groupdict().get("bracket")
        if bracket:
            calls = [*calls, token.start()] if bracket == "(" else calls[:-1]
        match = _ALLOW.search(text, *token.span("comment")) if token["comment"] else None
        if match is None:
            continue
        span = file.span(match.start(), match.end())
        following = span.line + 1
        while following <= len(lines) and _ONLY_COMMENT.match(lines[following - 1]):
            following += 1
        for code in re.findall(r"\w+", match["codes"]) or [""]:
            around = (file.span(call, call + 1).line for call in calls)
            yield Allowance(code, match["reason"], span, (span.line, following, *around))
