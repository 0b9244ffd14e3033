"""Walking over a SQL text word by word, for statements that Spark's own parser does not know.

Nothing is skipped: the reader of a statement reads each of its words or reports it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cbx.diagnostics.codes import INVALID_STATEMENT
from cbx.diagnostics.diagnostic import did_you_mean
from cbx.parse.databricks_sql.brackets import depths
from cbx.runtime.errors import RunError
from cbx.runtime.sql.parameters import SqlText, split_statements, tokenize
from cbx.spark_spelling import quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot.tokenizer_core import Token

    from cbx.diagnostics.source_files import Span

_NAME = re.compile(r"\w*[^\W\d]\w*")
_DEEPER = {"(": 1, ")": -1}
_ANGLES = {"<": 1, ">": -1, ">>": -2}


class Word(NamedTuple):
    """A word, a name, a literal or a sign.

    Attributes:
        text: Its text, without quotes.
        keyword: The text in capitals, as it is compared; empty in quotes, where it is no keyword.
        is_text: Whether it is a text in quotes.
        start: The offset of its first character.
        end: The offset after its last one.
    """

    text: str
    keyword: str
    is_text: bool
    start: int
    end: int


@dataclass(slots=True)
class Words:
    """Words of a statement, and how far they have been read.

    Attributes:
        sql: The text that they are part of.
        words: The words.
        end: The offset after them, for errors.
        next: The number of the word to be read next.
    """

    sql: SqlText
    words: Sequence[Word]
    end: int
    next: int = 0

    @property
    def span(self) -> Span | None:
        """The span of the next word, or of what follows the last one."""
        if self.is_at_end:
            return self.sql.span(self.end)
        return self.sql.span(self.words[self.next].start, self.words[self.next].end)

    @property
    def is_at_end(self) -> bool:
        """Whether all words have been read."""
        return self.next >= len(self.words)

    def sees(self, *wanted: str) -> bool:
        """Whether these words come next, in any case."""
        ahead = self.words[self.next : self.next + len(wanted)]
        return [word.keyword for word in ahead] == list(wanted)

    def sees_text(self) -> bool:
        """Whether a text in quotes comes next."""
        return not self.is_at_end and self.words[self.next].is_text

    def takes(self, *wanted: str) -> bool:
        """Read these words if they come next."""
        is_next = self.sees(*wanted)
        self.next += len(wanted) if is_next else 0
        return is_next

    def wants(self, *wanted: str) -> None:
        """Read these words.

        Raises:
            RunError: If others come next.
        """
        for word in wanted:
            if not self.takes(word):
                raise self.error(" ".join(wanted), [word])

    def identifier(self, what: str = "a name") -> str:
        """Read a name of one part, without its quotes.

        Raises:
            RunError: If none comes next.
        """
        if self.is_at_end:
            raise self.error(what)
        word = self.words[self.next]
        if word.is_text or not (word.keyword == "" or _NAME.fullmatch(word.text)):
            raise self.error(what)
        self.next += 1
        return word.text

    def text(self, what: str) -> str:
        """Read a text in quotes.

        Raises:
            RunError: If none comes next.
        """
        if not self.sees_text():
            raise self.error(what)
        self.next += 1
        return self.words[self.next - 1].text

    def any_word(self, what: str) -> Word:
        """Read any one word.

        Raises:
            RunError: If there is none.
        """
        if self.is_at_end:
            raise self.error(what)
        self.next += 1
        return self.words[self.next - 1]

    def name(self, what: str = "a name") -> str:
        """Read a name of several parts, each in backticks."""
        parts = [self.identifier(what)]
        while self.takes("."):
            parts.append(self.identifier(what))
        return ".".join(map(quote, parts))

    def group(self, what: str = "an opening bracket") -> Words:
        """Read the words between a bracket and the one that closes it."""
        if not self.sees("("):
            raise self.error(what)
        self.next += 1
        start = self.next
        self._skip_until(lambda depth: depth < 0)
        self.next += 1
        return self._part(start, self.next - 1)

    def items(self, what: str) -> list[Words]:
        """The parts between the commas, none of which is empty; commas inside a type's ``<>`` do not separate."""
        parts: list[Words] = []
        while True:
            start = self.next
            self._skip_until(partial(self._is_at_comma, start))
            if self.next == start:
                raise self.error(what)
            parts.append(self._part(start, self.next))
            if self.is_at_end:
                return parts
            self.next += 1

    def until(self, *wanted: str) -> Words:
        """Read up to one of these words outside of brackets, or to the end."""
        start = self.next
        self._skip_until(lambda depth: depth == 0 and any(self.sees(word) for word in wanted))
        return self._part(start, self.next)

    def ends(self, what: str, choices: Sequence[str] = ()) -> None:
        """Check that all words have been read.

        Raises:
            RunError: If one is left.
        """
        if not self.is_at_end:
            raise self.error(what, choices)

    def source_text(self) -> str:
        """All the words as they are in the file."""
        return self.sql.text[self.words[0].start : self.words[-1].end] if self.words else ""

    def rest(self) -> str:
        """Read the remaining words as they are in the file."""
        start, self.next = self.next, len(self.words)
        return self._part(start, self.next).source_text()

    def error(
        self, expected: str, choices: Sequence[str] = (), hint: str | None = None, otherwise: str | None = None
    ) -> RunError:
        """A problem at the word to be read next.

        Args:
            expected: What is expected there.
            choices: The words that are allowed there; the nearest one becomes the hint.
            hint: The text to write instead, if it is known.
            otherwise: The hint if no word is near.
        """
        if self.is_at_end:
            after = f" after `{self.words[-1].text}`" if self.words else ""
            return RunError(INVALID_STATEMENT, f"{expected} is missing{after}", span=self.span, hint=hint or otherwise)
        word = self.words[self.next]
        is_misspelt = word.keyword and word.keyword not in choices
        hint = hint or (did_you_mean(word.text, choices) if is_misspelt else None) or otherwise
        reason = f"`{self._first_line(word)}` is not expected here: expected {expected}"
        return RunError(INVALID_STATEMENT, reason, span=self.span, hint=hint)

    def _is_at_comma(self, start: int, depth: int) -> bool:
        return depth == 0 and self.sees(",") and not self._is_in_angles(start)

    def _is_in_angles(self, start: int) -> bool:
        """Whether a ``<`` is open between a word and the one to be read next, outside of brackets."""
        words = self.words[start : self.next]
        walk = zip(words, depths(_DEEPER.get(word.keyword, 0) for word in words), strict=True)
        return sum(_ANGLES.get(word.keyword, 0) for word, depth in walk if depth == 0) > 0

    def _first_line(self, word: Word) -> str:
        return self.sql.text[word.start : word.end].split("\n")[0]

    def _part(self, start: int, end: int) -> Words:
        behind = self.words[end].start if end < len(self.words) else self.end
        return Words(self.sql, self.words[start:end], behind)

    def _skip_until(self, is_reached: Callable[[int], bool]) -> None:
        outer = unclosed = self.next - 1
        for depth in depths(_DEEPER.get(self.words[number].keyword, 0) for number in range(self.next, len(self.words))):
            if is_reached(depth):
                return
            if depth < 0:
                raise self.error("no closing bracket, since none is open")
            if depth == 0:
                unclosed = self.next if self.sees("(") else outer
            self.next += 1
        if unclosed != outer or is_reached(-1):
            span = self.sql.span(self.words[unclosed].start)
            raise RunError(INVALID_STATEMENT, "a closing bracket is missing", span=span)


def choice_of(words: Sequence[str]) -> str:
    """The expected words, for a message."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]


def statements(sql: SqlText) -> list[Words]:
    """The statements of a text, separated by semicolons.

    Raises:
        RunError: If a quote or a comment is not closed.
    """
    return [_statement(sql, tokens) for tokens in split_statements(tokenize(sql))]


def read_words(text: str) -> Words:
    """The words of a text that is in no file.

    Raises:
        RunError: If a quote or a comment is not closed.
    """
    sql = SqlText.plain(text)
    return _statement(sql, tokenize(sql))


def _statement(sql: SqlText, tokens: list[Token]) -> Words:
    words = [word for token in tokens for word in _words_of(sql, token)]
    return Words(sql, words, words[-1].end if words else 0)


def _words_of(sql: SqlText, token: Token) -> list[Word]:
    """The words of a token, which may be several: ``CLUSTER BY`` is one."""
    start, end = token.start, token.end + 1
    written = sql.text[start:end]
    kind = token.token_type.name
    if kind == "IDENTIFIER":
        return [Word(token.text, "", False, start, end)]
    if written[-1:] in "'\"":
        return [Word(token.text, "", True, start, end)]
    words, position = [], start
    for part in written.split():
        position = sql.text.index(part, position)
        words.append(Word(part, part.upper(), False, position, position + len(part)))
        position += len(part)
    return words
