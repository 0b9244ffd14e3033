"""Where the values of a declaration are in its file."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cbx.diagnostics.source_files import Span

ValuePath = tuple[Any, ...]
"""The keys and indices that lead from a document to a value in it: ``("columns", "id", "type")``."""


@dataclass(frozen=True)
class Spans:
    """The spans of the values of a document, by their paths; all are in one file."""

    whole: Span
    by_path: Mapping[ValuePath, Span]

    def at(self, *path: Any) -> Span:
        """The span of a value, or of the nearest one around it."""
        span = self.by_path.get(path)
        return span if span is not None else self.by_path.get(_longest_known_prefix(path, self.by_path), self.whole)

    def pack(self) -> PackedSpans:
        """The same spans in a fifth of the memory."""
        return PackedSpans(self.whole, marshal.dumps({path: span[1:] for path, span in self.by_path.items()}))


@dataclass(frozen=True, slots=True)
class PackedSpans:
    """`Spans` of a resolved declaration: it has about fifty, and few of them are ever needed again."""

    whole: Span
    content: bytes

    def at(self, *path: Any) -> Span:
        """The span of a value, or of the nearest one around it."""
        by_path = marshal.loads(self.content)  # noqa: S302 - dumped by this process
        position = by_path.get(_longest_known_prefix(path, by_path))
        return Span(self.whole.path, *position) if position is not None else self.whole


def _longest_known_prefix(path: ValuePath, by_path: Mapping[ValuePath, object]) -> ValuePath:
    while path and path not in by_path:
        path = path[:-1]
    return path
