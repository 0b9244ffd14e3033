"""Reads the arguments of a declaration whose texts are templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cbx.diagnostics import codes
from cbx.diagnostics.source_files import Span
from cbx.passes.resolution.declaration_texts import DeclarationTexts
from cbx.spark_spelling import value_text

_NAME = r"(?:[A-Za-z_][A-Za-z0-9_]*|`[^`]+`)"
_COLUMNS = rf"\((?:{_NAME}(?:, ?{_NAME})*)?\)"
_FUNCTION = rf"{_NAME}(?:\.{_NAME}){{0,2}}"
_ROW_FILTER = rf"(?:ROW FILTER )?(?P<clause>{_FUNCTION} ON ?{_COLUMNS})"
_ROW_FILTER_HINT = 'write the function and its columns: `row_filter="security.own_region ON (region)"`'
_MASK = rf"(?:MASK )?(?P<clause>{_FUNCTION}(?: USING COLUMNS ?{_COLUMNS})?)"
_MASK_HINT = 'write the function, and its further columns: `mask="security.mask_email USING COLUMNS (country)"`'

T = TypeVar("T")


@dataclass
class ArgumentTexts(DeclarationTexts):
    """The arguments of a declaration.

    Attributes:
        wrong: The arguments that could not be read.
    """

    wrong: set[str] = field(default_factory=set)

    def span(self, *path: str | int) -> Span:
        """The span of a part of an argument."""
        return self.declaration.spans.at(*path)

    def read_argument(self, argument: str, read: Callable[..., T], *arguments: Any) -> T | None:
        """The value of an argument; None if reading it reports anything, and the argument becomes unread."""
        reported = len(self.report)
        value = read(*arguments)
        if len(self.report) == reported:
            return value
        self.wrong.add(argument)
        return None

    def resolve_names(self, value: str | tuple[str, ...] | None, argument: str) -> tuple[str, ...] | None:
        """The names in an argument; None if it is not given, and after a diagnostic."""
        if value is None or argument in self.declaration.unread:
            return None
        return self.read_argument(argument, self._render_names, value, argument)

    def _render_names(self, value: str | tuple[str, ...], argument: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (self.render_constant(value, self.span(argument)),)
        return self._render_distinct(value, (argument,), what="tag" if argument == "tags" else "column")

    def resolve_keys(self, keys: str | tuple[str | tuple[str, ...], ...], argument: str) -> tuple[tuple[str, ...], ...]:
        """The keys in an argument, each a column or several; none after a diagnostic."""
        if argument in self.declaration.unread:
            return ()
        return self.read_argument(argument, self._render_keys, keys, argument) or ()

    def _render_keys(self, keys: str | tuple[str | tuple[str, ...], ...], argument: str) -> tuple[tuple[str, ...], ...]:
        if isinstance(keys, str):
            return ((self.render_constant(keys, self.span(argument)),),)
        return tuple(
            (self.render_constant(key, self.span(argument, number)),)
            if isinstance(key, str)
            else self._render_distinct(key, (argument, number))
            for number, key in enumerate(keys)
        )

    def _render_distinct(
        self, templates: Sequence[str], path: tuple[str | int, ...], what: str = "column"
    ) -> tuple[str, ...]:
        spans = [self.span(*path, number) for number in range(len(templates))]
        return self.drop_repeated_names(self.render_each(templates, spans), spans.__getitem__, what)

    def render_each(self, templates: Sequence[str], spans: Sequence[Span]) -> tuple[str, ...]:
        """As `render_constant`, for several texts."""
        return tuple(self.render_constant(template, span) for template, span in zip(templates, spans, strict=True))

    def drop_repeated_names(
        self, names: Sequence[str], span_of: Callable[[int], Span], what: str = "column"
    ) -> tuple[str, ...]:
        """The names, each once; CBX103 at the span of a repeated name, compared without regard to case."""
        seen: dict[str, str] = {}
        for number, name in enumerate(names):
            folded = name.lower()
            if folded not in seen:
                seen[folded] = name
            else:
                message = f"`{name}` is named twice"
                self.report.add(codes.WRONG_ARGUMENT_TYPE, message, span_of(number), hint=f"name each {what} once")
        return tuple(seen.values())

    def resolve_pairs(self, texts: Mapping[str, Any], *path: str) -> tuple[tuple[str, str], ...]:
        """The names and values of a dictionary."""
        return tuple(
            (
                self.render_constant(name, self.span(*path, name, "key")),
                self.render_constant(value_text(value), self.span(*path, name)),
            )
            for name, value in texts.items()
        )

    def resolve_row_filter(self, template: str | None) -> str | None:
        """The function of a row filter, with its columns; CBX103 for anything else."""
        return self._resolve_clause(template, ("row_filter",), _ROW_FILTER, _ROW_FILTER_HINT)

    def resolve_mask(self, template: str | None, *path: str) -> str | None:
        """The function of a column mask, with its further columns; CBX103 for anything else."""
        return self._resolve_clause(template, path, _MASK, _MASK_HINT)

    def _resolve_clause(self, template: str | None, path: tuple[str, ...], form: str, hint: str) -> str | None:
        """The text of a clause, without the words that begin it; CBX103 if it has another form."""
        if template is None:
            return None
        span = self.span(*path)
        text = " ".join(self.render_constant(template, span).split())
        match = re.fullmatch(form, text, re.IGNORECASE)
        if match is None:
            message = f"`{text}` is not a function with its columns"
            self.report.add(codes.WRONG_ARGUMENT_TYPE, message, span, hint=hint)
            return None
        return match["clause"]
