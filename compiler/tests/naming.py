"""The names in Python files: which of them say too little, or mean two things."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

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


def find_vague_names(files: Iterable[Path]) -> list[str]:
    """Where a variable, a parameter, a capture, an import or a definition is called ``one``, as ``path:line``."""
    return [f"{path}:{getattr(node, 'lineno', 0)}" for path, node in _nodes(files) if _bound_name(node) == "one"]


def find_participle_functions(files: Iterable[Path], exceptions: Collection[str] = ()) -> list[str]:
    """The functions that are named by a participle alone, as ``path:line name``.

    A property is a value, which may have such a name.
    """
    return [
        f"{path}:{node.lineno} {node.name}"
        for path, node in _nodes(files)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and _is_participle(node.name.strip("_"))
        and not _is_property(node)
        and node.name not in exceptions
    ]


def find_repeated_classes(files: Iterable[Path], exceptions: Collection[str] = ()) -> dict[str, list[str]]:
    """The names that several classes have, private and inner classes included, with their places as ``path:line``."""
    places = defaultdict(list)
    for path, node in _nodes(files):
        if isinstance(node, ast.ClassDef) and node.name not in exceptions:
            places[node.name].append(f"{path}:{node.lineno}")
    return {name: found for name, found in places.items() if len(found) > 1}


def _nodes(files: Iterable[Path]) -> Iterator[tuple[Path, ast.AST]]:
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node
