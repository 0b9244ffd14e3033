"""The imports of a notebook, as values and as lines of Python."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple


class Import(NamedTuple):
    """One imported name: ``from module import name as alias``, or ``import module as alias`` without a name."""

    module: str
    name: str = ""
    alias: str = ""


_NOT_EVERYWHERE = frozenset((
    "aifc", "annotationlib", "asynchat", "asyncore", "audioop", "binhex", "cgi", "cgitb", "chunk",
    "compression", "crypt", "distutils", "imghdr", "imp", "mailcap", "msilib", "nis", "nntplib",
    "ossaudiodev", "pipes", "smtpd", "sndhdr", "spwd", "sunau", "telnetlib", "tomllib", "uu", "xdrlib",
))  # fmt: skip
"""Modules that only some Python versions have in the standard library: the order must not depend on ours."""


_STANDARD = sys.stdlib_module_names | _NOT_EVERYWHERE


def import_lines(imports: Iterable[Import]) -> str:
    """Import statements in isort's order: the standard library in its own group, modules before names."""
    return _import_lines(tuple(sorted(set(imports))))


@lru_cache(maxsize=256)
def _import_lines(imports: tuple[Import, ...]) -> str:
    groups: dict[int, list[Import]] = {0: [], 1: [], 2: []}
    for imported in imports:
        package = imported.module.split(".")[0]
        groups[0 if package == "__future__" else 1 if package in _STANDARD else 2].append(imported)
    return "\n\n".join("\n".join(_lines_of_group(group)) for group in groups.values() if group)


def _lines_of_group(imports: list[Import]) -> Iterator[str]:
    for module, name, alias in imports:
        if not name:
            yield f"import {module} as {alias}" if alias else f"import {module}"
    for module in dict.fromkeys(imported.module for imported in imports if imported.name):
        names = [(imported.name, imported.alias) for imported in imports if imported.module == module and imported.name]
        if any(name == "*" for name, _ in names):
            yield f"from {module} import *"
        plain = sorted((name for name, alias in names if not alias and name != "*"), key=_isort_rank)
        if plain:
            yield f"from {module} import {', '.join(plain)}"
        yield from (f"from {module} import {name} as {alias}" for name, alias in names if alias)


def _isort_rank(name: str) -> tuple[int, str]:
    """Isort's order of names: CONSTANTS, Classes, functions."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)
