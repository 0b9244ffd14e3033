"""Walking over a SQL text word by word, for statements that Spark's own parser does not know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from cbx.runtime.problems import Place, RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlglot.tokenizer_core import Token

_DEEPER = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}


@dataclass(slots=True)
class Words:
    """The words of one statement, and how far they have been read.

    Attributes:
        text: The text that the statement is part of.
        words: The words of the statement.
        path: The file, for errors.
        first_line: The line of the file at which the text starts.
        next: The number of the word to be read next.
    """

    text: str
    words: Sequence[Token]
    path: Path
    first_line: int
    next: int = 0

    @property
    def place(self) -> Place:
        """The line of the word to be read next, or of the last one."""
        word = self.words[min(self.next, len(self.words) - 1)]
        return Place(self.path, self.first_line + self.text.count("\n", 0, word.start))

    @property
    def is_at_end(self) -> bool:
        """Whether all words have been read."""
        return self.next >= len(self.words)

    def sees(self, *wanted: str) -> bool:
        """Whether these words come next, in any case."""
        ahead = self.words[self.next : self.next + len(wanted)]
        return [_spelling(word) for word in ahead] == list(wanted)

    def takes(self, *wanted: str) -> bool:
        """Read these words if they come next."""
        found = self.sees(*wanted)
        self.next += len(wanted) if found else 0
        return found

    def wants(self, *wanted: str) -> None:
        """Read these words.

        Raises:
            RunError: If others come next.
        """
        if not self.takes(*wanted):
            raise self.error(f"{' '.join(wanted)} is expected")

    def word(self) -> str:
        """Read one word, without its quotes.

        Raises:
            RunError: If there is none.
        """
        if self.is_at_end:
            raise self.error("more is expected")
        self.next += 1
        return str(self.words[self.next - 1].text)

    def name(self) -> str:
        """Read a name of several parts, each in backticks."""
        parts = [self.word()]
        while self.takes("."):
            parts.append(self.word())
        return ".".join("`" + part.replace("`", "``") + "`" for part in parts)

    def group(self) -> Words:
        """Read what stands between a bracket and the one that closes it."""
        self.wants("(")
        start = self.next
        self._skip_until(lambda depth: depth < 0)
        self.next += 1
        return self._part(start, self.next - 1)

    def items(self) -> list[Words]:
        """The parts between the commas."""
        parts, start = [], 0
        while not self.is_at_end:
            self.skip_to(",")
            parts.append(self._part(start, self.next))
            self.next += 1
            start = self.next
        return parts

    def skip_to(self, *wanted: str) -> Words:
        """Read up to one of these words outside of brackets, or to the end.

        Returns:
            What has been read.
        """
        start = self.next
        self._skip_until(lambda depth: depth == 0 and any(self.sees(word) for word in wanted))
        return self._part(start, self.next)

    def written(self) -> str:
        """All the words as the file has them."""
        return self.text[self.words[0].start : self.words[-1].end + 1] if self.words else ""

    def rest(self) -> str:
        """What has not been read, as the file has it."""
        return self._part(self.next, len(self.words)).written()

    def error(self, reason: str) -> RunError:
        """A problem at the word to be read next."""
        found = "the end of the statement" if self.is_at_end else f"`{self.words[self.next].text}`"
        return RunError(f"the SQL statement cannot be read: {reason}, and {found} follows", place=self.place)

    def _part(self, start: int, end: int) -> Words:
        return Words(self.text, self.words[start:end], self.path, self.first_line)

    def _skip_until(self, is_reached: Callable[[int], bool]) -> None:
        depth = 0
        while not self.is_at_end:
            change = _DEEPER.get(self.words[self.next].token_type, 0)
            if is_reached(depth + min(change, 0)):
                return
            depth += change
            self.next += 1
        if depth or is_reached(-1):
            raise self.error("a closing bracket is expected")


def statements(text: str, path: Path, first_line: int) -> list[Words]:
    """The statements of a text, apart at semicolons.

    Raises:
        RunError: If a quote or a comment is not closed.
    """
    tokens = _tokens(text)
    if tokens is None:
        lines = text.splitlines()
        whole = max(number for number in range(len(lines)) if _tokens("\n".join(lines[:number])) is not None)
        raise RunError(
            "the SQL cannot be read: a quote or a comment is not closed", place=Place(path, first_line + whole)
        )
    found: list[list[Token]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            found.append([])
        else:
            found[-1].append(token)
    return [Words(text, words, path, first_line) for words in found if words]


def _tokens(text: str) -> list[Token] | None:
    try:
        return sqlglot.tokenize(text, dialect="databricks")
    except SqlglotError:
        return None


def _spelling(word: Token) -> str:
    """A word as it is compared; what stands in quotes is no keyword."""
    return "" if word.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else str(word.text).upper()
