"""Reads project.toml, and finds the places of its settings again: the standard parser forgets them."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from cbx import codes
from cbx.diagnostics import Report
from cbx.sources import SourceFile, Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*')"""
_PATH = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"^\s*\[{{1,2}}\s*({_PATH})\s*\]")
_SETTING = re.compile(rf"^\s*({_PATH})\s*=")
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


def parse_toml(source: SourceFile, report: Report) -> dict[str, Any] | None:
    """Parse a TOML file; None after a CBX002."""
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
    wanted = [str(key) for key in path if isinstance(key, str)]
    best, best_depth = source.start(), 0
    table: list[str] = []
    for number, line in enumerate(source.text.split("\n"), start=1):
        header = _HEADER.match(line)
        found = header or _SETTING.match(line)
        if found is None:
            continue
        keys = [key.strip("\"'") for key in re.findall(_KEY, found[1])]
        if header:
            table = keys
        full = keys if header else [*table, *keys]
        depth = len(full)
        if header and len(wanted) < depth and full[: len(wanted)] == wanted and best_depth == 0:
            depth = len(wanted)
        elif full != wanted[:depth] or depth <= best_depth:
            continue
        start = found.start(1) + 1
        best, best_depth = Span(source.path, number, start, number, start + len(found[1])), depth
    return best
