"""The one value that every problem of the user's is, whoever finds it and however it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, overload

from cbx.diagnostics.codes import Code, Severity
from cbx.diagnostics.did_you_mean import nearest
from cbx.diagnostics.source_files import SourceFile, Span, as_text
from cbx.diagnostics.sql_comments import Ranges, comment_ranges, is_in_ranges
from cbx.files.bounded_read import read_regular


class Related(NamedTuple):
    """A second place that helps to understand a diagnostic."""

    message: str
    span: Span


class Cause(NamedTuple):
    """What may be at fault in several diagnostics at once: a misspelt column, say, and all who ask for the right one.

    Attributes:
        path: The file in which it would be corrected.
        what: What it is there.
    """

    path: str
    what: str


class Diagnostic(NamedTuple):
    """A place, a reason and a way out.

    Attributes:
        code: Which rule was broken.
        message: One terse sentence without a full stop; user's names in backquotes.
        span: Where; None where no file can be named.
        label: A few words beside the caret.
        hint: The way out.
        related: Other places that have a part in it.
        causes: What may be at fault. Diagnostics with a common cause are one mistake and are shown as one.
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
        """How much it weighs, which is its code's business."""
        return self.code.severity


ALL_MODELS = "*"
"""Stands for every model where models have their names."""


class Report:
    """Collects the diagnostics of one compilation; passes add to it and never raise for what a user wrote.

    Attributes:
        sources: The texts of the files that are compiled, by path: what the places of diagnostics are in.
        is_lasting: False once a pass met what may be otherwise next time, such as a module that is not installed.
        untraced_here: Why functions could not be traced on this machine, by the model's id; under ALL_MODELS why none
            could.
    """

    def __init__(self) -> None:
        self._diagnostics: list[Diagnostic] = []
        self.sources: dict[str, str] = {}
        self.is_lasting = True
        self.untraced_here: dict[str, str] = {}

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
        self._diagnostics.append(Diagnostic(code, message, span, label, hint, tuple(related), tuple(causes)))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Add what another report has."""
        self._diagnostics.extend(diagnostics)

    def __len__(self) -> int:
        return len(self._diagnostics)

    @property
    def has_errors(self) -> bool:
        """Whether anything found so far stops the compilation."""
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self._diagnostics)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """The diagnostics without repetitions, in the order of their places, whatever the order of discovery."""
        return sort_diagnostics(_add_comment_hints(self._diagnostics, self.sources))


_IN_COMMENT = "it is inside a comment of SQL, which Jinja renders too: write `{# .. #}` around it"


def _add_comment_hints(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> Iterator[Diagnostic]:
    """The diagnostics; the hints of errors inside comments of SQL say so: only templates are read there."""
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
    """Diagnostics by their places, each once."""
    unique = dict.fromkeys(diagnostics)
    return merge_by_cause(
        sorted(unique, key=lambda diagnostic: (diagnostic.span or Span(""), diagnostic.code.id, diagnostic.message))
    )


_MOST_RELATED = 6


def merge_by_cause(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics, those with a common cause as one: an error, at the cause if one is there; the others as related.

    Before: a column misspelt in ``silver.orders``, and two errors of models that read it. After: one error with two
    related places.
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
    """Whether a diagnostic is in another file than what may be at fault."""
    return diagnostic.span is None or all(cause.path != diagnostic.span.path for cause in diagnostic.causes)


def _add_related(diagnostic: Diagnostic, followers: Sequence[Diagnostic]) -> Diagnostic:
    if not followers:
        return diagnostic
    places = dict.fromkeys(
        Related(follower.message, follower.span) for follower in followers if follower.span is not None
    )
    shown = [place for place in places if place.span != diagnostic.span]
    more = len(shown) - _MOST_RELATED
    if more > 0:
        last = shown[_MOST_RELATED - 1]
        shown[_MOST_RELATED - 1 :] = [Related(f"{last.message} (and {more} more places)", last.span)]
    return diagnostic._replace(related=(*diagnostic.related, *shown))


_MOST_SHOWN = 1 << 20


def read_sources(
    root: Path, diagnostics: Iterable[Diagnostic], is_same: Callable[[str, str], bool] = lambda *_: True
) -> dict[str, str]:
    """The texts of the files that diagnostics point into, as they are now.

    Args:
        root: The project's folder.
        diagnostics: What is to be shown.
        is_same: Tells of a path and a text whether it is what was compiled; others are left out.
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
    """A hint that names the choice nearest to a misspelt word, or ``otherwise`` where none is near."""
    found = nearest(word, choices)
    return otherwise if found is None else f"did you mean `{found}`?"


def listing(names: Iterable[str], most: int = 12) -> str:
    """Names in backquotes, as many as fit a line, for a hint that tells what there is."""
    quoted = [f"`{name}`" for name in names]
    more = f" and {len(quoted) - most} more" if len(quoted) > most else ""
    return ", ".join(quoted[:most]) + more
