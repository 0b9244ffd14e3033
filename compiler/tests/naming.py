"""The names in Python files: which of them say too little, or mean two things."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

_REGULAR = re.compile(r"[a-z]+[^e]ed")
_IRREGULAR = """
    agreed begun bent born bought bound broken brought built burnt caught chosen crept dealt done drawn driven eaten
    fallen fed felt fled forbidden forgotten found freed frozen given gone gotten grown heard held hidden hung kept
    known laid led left lent lost made meant met mistaken overwritten paid rebuilt redone rewritten ridden risen
    said sat seen sent shaken shot shown shrunk slept sold sought spelt spent spoilt spoken spun stolen stood struck
    stuck sung sunk sworn taken taught thought thrown told torn unbound uncaught understood undone unfound unheard
    unknown unmade unseen unwritten withdrawn won worn woven written wrung
"""
"""Participles that are not a form of another word. ``read``, ``put``, ``set`` and ``cut`` are verbs, too."""


class BoundName(NamedTuple):
    """A name that a file binds, and what to; a property is a value."""

    path: Path
    line: int
    name: str
    kind: Literal["class", "function", "value"]

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


_BINDING = (
    ast.Name, ast.Attribute, ast.arg, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.ExceptHandler, ast.alias,
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip


def _bound_name(node: ast.AST) -> str | None:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()) | ast.arg(arg=name):
            return name
        case ast.MatchAs(name=name) | ast.MatchStar(name=name) | ast.MatchMapping(rest=name):
            return name
        case ast.ExceptHandler(name=name) | ast.alias(asname=name):
            return name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name
        case _:
            return None


def _is_participle(word: str) -> bool:
    return word in _IRREGULAR.split() or _REGULAR.fullmatch(word) is not None


def _is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("property") for decorator in function.decorator_list)


def read_names(files: Iterable[Path]) -> list[BoundName]:
    """The names that files bind: variables, parameters, captures, imports, functions and classes."""
    return [found for path in files for found in _read_file(path)]


def find_vague_names(names: Iterable[BoundName]) -> list[str]:
    """Where a variable, a parameter, a capture, an import or a definition is called ``one``, as ``path:line``."""
    return [found.place for found in names if found.name == "one"]


def find_participle_functions(names: Iterable[BoundName], exceptions: Collection[str] = ()) -> list[str]:
    """The functions that are named by a participle alone, as ``path:line name``.

    A property is a value, which may have such a name.
    """
    return [
        f"{found.place} {found.name}"
        for found in names
        if found.kind == "function" and _is_participle(found.name.strip("_")) and found.name not in exceptions
    ]


def find_repeated_classes(names: Iterable[BoundName], exceptions: Collection[str] = ()) -> dict[str, list[str]]:
    """The names that several classes have, private and inner classes included, with their places as ``path:line``."""
    places = defaultdict(list)
    for found in names:
        if found.kind == "class" and found.name not in exceptions:
            places[found.name].append(found.place)
    return {name: found for name, found in places.items() if len(found) > 1}


def _read_file(path: Path) -> Iterator[BoundName]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = _bound_name(node) if isinstance(node, _BINDING) else None
        if name is not None:
            yield BoundName(path, getattr(node, "lineno", 0), name, _kind_of(node))


def _kind_of(node: ast.AST) -> Literal["class", "function", "value"]:
    if isinstance(node, ast.ClassDef):
        return "class"
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return "function" if is_function and not _is_property(node) else "value"
