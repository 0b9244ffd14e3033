"""Where the values of a declaration are in its file."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cbx.diagnostics.source_files import Span

Path = tuple[Any, ...]


@dataclass(frozen=True)
class Places:
    """Where the values of a document stand, all in one file: by the path that leads to each."""

    whole: Span
    spans: Mapping[Path, Span]

    def at(self, *path: Any) -> Span:
        """The span of a value, or of the nearest one around it."""
        span = self.spans.get(path)
        return span if span is not None else self.spans.get(_nearest(path, self.spans), self.whole)

    def packed(self) -> PackedPlaces:
        """The same in a fifth of the room."""
        return PackedPlaces(self.whole, marshal.dumps({path: span[1:] for path, span in self.spans.items()}))


@dataclass(frozen=True, slots=True)
class PackedPlaces:
    """`Places` of a declaration that was read: it has fifty, and few are ever asked for again."""

    whole: Span
    content: bytes

    def at(self, *path: Any) -> Span:
        """The span of a value, or of the nearest one around it."""
        spans = marshal.loads(self.content)  # noqa: S302 - made by this process
        found = spans.get(_nearest(path, spans))
        return Span(self.whole.path, *found) if found is not None else self.whole


def _nearest(path: Path, spans: Mapping[Path, object]) -> Path:
    """The longest part of a path, from its beginning, that has a place."""
    while path and path not in spans:
        path = path[:-1]
    return path
