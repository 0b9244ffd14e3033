"""Reads project.toml, and finds the places of its settings again: the standard parser forgets them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_KEYS = re.compile(_KEY)
_PATH = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*\[{{1,2}}\s*({_PATH})\s*\]")
_SETTING = re.compile(rf"^\s*({_PATH})\s*=")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_MOST_DOTS = 1000
"""The standard parser takes the square of the time for a key of more keys."""
_DEEPEST = 8
"""No setting has as many keys."""


def parse_toml(source: SourceFile, report: Report) -> dict[str, Any] | None:
    """Parse a TOML file; None after a CBX002."""
    dotted = next(
        (at for at, line in enumerate(source.text.split("\n"), start=1) if line.count(".") > _MOST_DOTS), None
    )
    if dotted is not None:
        message = f"this line has more than {_MOST_DOTS:,} dots, which no setting has"
        report.add(codes.INVALID_PROJECT_SETTING, message, source.whole_line(dotted))
        return None
    try:
        data: dict[str, Any] = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        message = _PLACE.sub("", str(error))
        if found and found[1]:
            line, column = int(found[1]), int(found[2])
            span = Span(source.path, line, column, line, column + 1)
        else:
            last = source.text.rstrip().count("\n") + 1
            span = source.whole_line(last)
        report.add(codes.INVALID_PROJECT_SETTING, f"this is not TOML: {message}", span)
    except ValueError as error:
        message = str(error).partition(":")[0]
        report.add(codes.INVALID_PROJECT_SETTING, f"this is not TOML: {message}", source.start())
    except RecursionError:
        report.add(codes.INVALID_PROJECT_SETTING, "this is nested too deeply to be read", source.start())
    else:
        return data
    return None


def setting_span(source: SourceFile, path: Sequence[str | int]) -> Span:
    """The span of the key of a setting, or of the nearest table around it that the file names.

    Args:
        source: The file, which parses.
        path: The keys that lead to the setting, ``("environments", "prod", "catalog")``.
    """
    wanted = tuple(key for key in path if isinstance(key, str))
    places = _setting_spans(source)
    around = [places.named[wanted[:depth]] for depth in range(len(wanted), 0, -1) if wanted[:depth] in places.named]
    inside = places.inside.get(wanted)
    if inside is not None and all(inside < span for span in around):
        return inside
    return around[0] if around else source.start()


@dataclass(frozen=True)
class _SettingSpans:
    """Where a file names settings and tables first, by their keys.

    Attributes:
        named: The settings and tables themselves.
        inside: Tables which are only named by the tables inside them.
    """

    named: Mapping[tuple[str, ...], Span]
    inside: Mapping[tuple[str, ...], Span]


@lru_cache(maxsize=1)
def _setting_spans(source: SourceFile) -> _SettingSpans:
    named: dict[tuple[str, ...], Span] = {}
    inside: dict[tuple[str, ...], Span] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(source.text.split("\n"), start=1):
        header = _HEADER.match(line)
        found = header or _SETTING.match(line)
        if found is None:
            continue
        keys = tuple(key.strip("\"'") for key in _KEYS.findall(found[1]))
        start = found.start(1) + 1
        span = Span(source.path, number, start, number, start + len(found[1]))
        if header:
            table = keys
            for depth in range(min(len(keys), _DEEPEST)):
                inside.setdefault(keys[:depth], span)
        named.setdefault(keys if header else (*table, *keys), span)
    return _SettingSpans(named, inside)
