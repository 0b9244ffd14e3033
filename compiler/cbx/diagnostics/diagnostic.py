"""The value of every problem in a user's files, whichever pass finds it and however it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, overload

from cbx.diagnostics.allowed import Allowances
from cbx.diagnostics.codes import CAN_BE_MEANT, UNUSED_ALLOWANCE, Code, Severity
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import SourceFile, Span, as_text
from cbx.diagnostics.sql_comments import Ranges, comment_ranges, is_in_ranges
from cbx.files.bounded_read import read_regular


class Related(NamedTuple):
    """Another span that helps to understand a diagnostic."""

    message: str
    span: Span


class Cause(NamedTuple):
    """A possible cause of several diagnostics, such as a misspelt column that several models read.

    Attributes:
        path: The file in which it can be fixed.
        what: What is wrong in that file.
    """

    path: str
    what: str


class Diagnostic(NamedTuple):
    """A problem: what is wrong, where, and how to fix it.

    Attributes:
        code: The code of the rule.
        message: One short sentence without a full stop; user's names in backquotes.
        span: Where the problem is; None if it is in no file.
        label: A few words beside the caret.
        hint: How to fix it.
        related: Other spans that belong to it.
        causes: Possible causes. Diagnostics with a common cause are shown as one.
    """

    code: Code
    message: str
    span: Span | None = None
    label: str = ""
    hint: str | None = None
    related: tuple[Related, ...] = ()
    causes: tuple[Cause, ...] = ()

    @property
    def severity(self) -> Severity:
        """The severity of its code."""
        return self.code.severity


ALL_MODELS = "*"
"""A key for every model, instead of a model's id."""


class Report:
    """Collects the diagnostics of a compilation; passes add to it and never raise for a user's mistake.

    Attributes:
        sources: The texts of the compiled files, by path; the spans of diagnostics refer to them.
        is_lasting: False if the next compilation of the same files may differ, because a module is not installed, say.
        varying_words: By the path of a file that defines several models, what differs between messages about them.
        untraced_here: Why functions could not be traced on this machine, by model id; ALL_MODELS if none could.
    """

    def __init__(self) -> None:
        self._diagnostics: list[Diagnostic] = []
        self.sources: dict[str, str] = {}
        self._allowances = Allowances(self.sources)
        self.is_lasting = True
        self.untraced_here: dict[str, str] = {}
        self.varying_words: Mapping[str, Sequence[str]] = {}

    def add(
        self,
        code: Code,
        message: str,
        span: Span | None = None,
        *,
        label: str = "",
        hint: str | None = None,
        related: Iterable[Related] = (),
        causes: Iterable[Cause] = (),
    ) -> None:
        """Add a diagnostic; the arguments are those of `Diagnostic`."""
        self.extend([Diagnostic(code, message, span, label, hint, tuple(related), tuple(causes))])

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add diagnostics of another report, except for those that a comment allows at their place."""
        self._diagnostics.extend(diagnostic for diagnostic in diagnostics if not self._is_allowed(diagnostic))

    def _is_allowed(self, diagnostic: Diagnostic) -> bool:
        code, span = diagnostic.code, diagnostic.span
        may_be_meant = code.severity is Severity.WARNING or code.id in CAN_BE_MEANT
        return span is not None and may_be_meant and self._allowances.allow(code.id, span)

    def report_unused_allowances(self, *, in_python: bool) -> None:
        """Add a warning for each comment that allows a code that is not reported, or that has no reason.

        Args:
            in_python: Whether to look at Python files, too; where these are not analysed, more could be reported.
        """
        for allowance in self._allowances.unused_allowances():
            if allowance.span.path.endswith(".py") and not in_python:
                continue
            written = f"`allow {allowance.code}`" if allowance.code else "`allow`"
            message, hint = f"{written} allows nothing here", "remove the comment"
            if allowance.code and not allowance.reason:
                message, hint = f"{written} gives no reason", f"add it: `allow {allowance.code}, because ...`"
            self.add(UNUSED_ALLOWANCE, message, allowance.span, hint=hint)

    def causes_of(self, code: Code) -> frozenset[Cause]:
        """The possible causes of all diagnostics with a code."""
        return frozenset(cause for found in self._diagnostics if found.code is code for cause in found.causes)

    def __len__(self) -> int:
        return len(self._diagnostics)

    @property
    def has_errors(self) -> bool:
        """Whether the compilation has to stop."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._diagnostics)

    def sorted_diagnostics(self) -> tuple[Diagnostic, ...]:
        """The diagnostics without duplicates, sorted by span."""
        once = _merge_models(self._diagnostics, self.varying_words) if self.varying_words else self._diagnostics
        return sort_diagnostics(_add_comment_hints(once, self.sources))


def _merge_models(
    diagnostics: Iterable[Diagnostic], varying_words: Mapping[str, Sequence[str]]
) -> Iterator[Diagnostic]:
    """Keep one of the diagnostics that differ only by the model of ``for_each`` that they are about."""
    seen: set[tuple[str, Span, str]] = set()
    for diagnostic in diagnostics:
        span, message = diagnostic.span, diagnostic.message
        if span is None or span.path not in varying_words:
            yield diagnostic
            continue
        for word in varying_words[span.path]:
            message = message.replace(word, "\0")
        if (diagnostic.code.id, span, message) not in seen:
            seen.add((diagnostic.code.id, span, message))
            yield diagnostic


_IN_COMMENT = "it is inside a comment of SQL, which Jinja renders too: write `{# .. #}` around it"


def _add_comment_hints(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """Extend the hints of errors inside SQL comments, in which only Jinja is read."""
    comments: dict[str, tuple[SourceFile, Ranges]] = {}
    for diagnostic in diagnostics:
        span = diagnostic.span
        if span is None or diagnostic.severity is not Severity.ERROR or not span.path.endswith(".sql"):
            yield diagnostic
            continue
        if span.path not in comments:
            text = sources.get(span.path, "")
            comments[span.path] = SourceFile(span.path, text), comment_ranges(text)
        file, ranges = comments[span.path]
        if ranges and is_in_ranges(ranges, file.offset(span.line, span.column)):
            hints = [hint for hint in (diagnostic.hint, _IN_COMMENT) if hint is not None]
            yield diagnostic._replace(hint="; ".join(hints))
        else:
            yield diagnostic


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Sort diagnostics by span, remove duplicates, and merge those with a common cause."""
    unique = dict.fromkeys(diagnostics)
    return merge_by_cause(
        sorted(unique, key=lambda diagnostic: (diagnostic.span or Span(""), diagnostic.code.id, diagnostic.message))
    )


_MOST_RELATED = 6


def merge_by_cause(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Merge diagnostics with a common cause into one, if possible an error at the cause; the others become related.

    Before: a column misspelt in ``silver.orders``, and two errors of models that read it. After: one error with two
    related spans.
    """
    diagnostics = tuple(diagnostics)
    first: dict[Cause, Diagnostic] = {}
    followers: dict[int, list[Diagnostic]] = {}
    for diagnostic in sorted(
        diagnostics, key=lambda diagnostic: (diagnostic.severity is not Severity.ERROR, _is_elsewhere(diagnostic))
    ):
        leader = next((first[cause] for cause in diagnostic.causes if cause in first), None)
        if leader is not None:
            followers.setdefault(id(leader), []).append(diagnostic)
            first.update({cause: leader for cause in diagnostic.causes if cause not in first})
            continue
        first.update(dict.fromkeys(diagnostic.causes, diagnostic))
    merged = {id(diagnostic) for group in followers.values() for diagnostic in group}
    return tuple(
        _add_related(diagnostic, followers.get(id(diagnostic), ()))
        for diagnostic in diagnostics
        if id(diagnostic) not in merged
    )


def _is_elsewhere(diagnostic: Diagnostic) -> bool:
    """Whether a diagnostic is in another file than its causes."""
    return diagnostic.span is None or all(cause.path != diagnostic.span.path for cause in diagnostic.causes)


def _add_related(diagnostic: Diagnostic, followers: Sequence[Diagnostic]) -> Diagnostic:
    if not followers:
        return diagnostic
    unique = dict.fromkeys(Related(other.message, other.span) for other in followers if other.span is not None)
    shown = [related for related in unique if related.span != diagnostic.span]
    more = len(shown) - _MOST_RELATED
    if more > 0:
        last = shown[_MOST_RELATED - 1]
        shown[_MOST_RELATED - 1 :] = [Related(f"{last.message} (and {more} more places)", last.span)]
    return diagnostic._replace(related=(*diagnostic.related, *shown))


_MOST_SHOWN = 1 << 20


def read_sources(
    root: Path, diagnostics: Iterable[Diagnostic], is_same: Callable[[str, str], bool] = lambda *_: True
) -> dict[str, str]:
    """Read the files with spans of diagnostics.

    Args:
        root: The project's folder.
        diagnostics: The diagnostics to show.
        is_same: Whether a path and a text are what was compiled; other files are omitted.

    Returns:
        The texts by path; files that cannot be read are omitted.
    """
    paths = {
        span.path
        for diagnostic in diagnostics
        for span in (diagnostic.span, *(other.span for other in diagnostic.related))
        if span
    }
    texts = {}
    for path in sorted(paths):
        try:
            text = as_text(read_regular(root / path, _MOST_SHOWN), errors="replace")
        except OSError:
            continue
        if is_same(path, text):
            texts[path] = text
    return texts


@overload
def did_you_mean(word: str, choices: Iterable[str], otherwise: str) -> str: ...


@overload
def did_you_mean(word: str, choices: Iterable[str], otherwise: None = None) -> str | None: ...


def did_you_mean(word: str, choices: Iterable[str], otherwise: str | None = None) -> str | None:
    """A hint with the choice nearest to a misspelt word, or ``otherwise`` if no choice is near."""
    choice = nearest(word, choices)
    return otherwise if choice is None else f"did you mean `{choice}`?"


def listing(names: Iterable[str], most: int = 12) -> str:
    """Names in backquotes for a hint, up to a number of names."""
    quoted = [f"`{name}`" for name in names]
    more = f" and {len(quoted) - most} more" if len(quoted) > most else ""
    return ", ".join(quoted[:most]) + more
