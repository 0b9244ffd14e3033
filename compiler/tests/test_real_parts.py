"""Tests run the real code: none replaces a name of a module of cbx, in its own process or in one that it starts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from compiler.tests.test_names import TESTS

_REPLACING = {"setattr", "delattr", "setitem", "delitem", "patch", "object", "replace_attributes"}


def find_replacements(tree: ast.Module) -> Iterator[int]:
    """The lines on which a file, or a program in one of its texts, replaces a name of cbx."""
    own = set(_names_of_cbx(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[target, *_]) if name in _REPLACING:
                is_text = isinstance(target, ast.Constant) and str(target.value).startswith("cbx.")
                if is_text or _root(target) in own:
                    yield node.lineno
            case ast.Attribute(ctx=ast.Store() | ast.Del(), value=value) if _root(value) in own:
                yield node.lineno
            case ast.Constant(value=str(text)) if "cbx" in text and " = " in text:
                yield from (node.lineno for _ in find_replacements(_parse(text)))


def _names_of_cbx(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("cbx."):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias for alias in node.names if f"{alias.name}.".startswith("cbx.")]
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)


def _root(node: ast.expr) -> str | None:
    """The name that an expression such as ``cbx.compiler.discover`` begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _parse(text: str) -> ast.Module:
    """The tree of a program; an empty one for a text that is none."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return ast.parse("")


def test_no_test_replaces_a_name_of_ours() -> None:
    """A parameter, a subclass, a fake of another's server or a counted call serves instead."""
    found = [
        f"{path.name}:{line}"
        for path in TESTS
        if path != Path(__file__)
        for line in find_replacements(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert found == []


REPLACEMENTS = {
    "by a text": "monkeypatch.setattr('cbx.compiler.discover', refuse)",
    "in a module": "from cbx.incremental import record\nmonkeypatch.setattr(record, '_LARGE', 0)",
    "in a class": "from cbx.cli.local_run.watch import Watcher\npatch.setattr(Watcher, 'look', refuse)",
    "in a mapping": "from cbx.project import settings\nmonkeypatch.setitem(settings.WORDS, 'a', 1)",
    "by a mock": "from unittest import mock\nwith mock.patch('cbx.compiler.discover'): pass",
    "by an assignment": "import cbx.compiler\ncbx.compiler.discover = refuse",
    "under another name": "import cbx.compiler as compiler\ncompiler.discover = refuse",
    "by a deletion": "from cbx.incremental import record\ndel record._LARGE",
    "in another process": "PROGRAM = 'import cbx.compiler as c\\nc.discover = None\\n'",
}


@pytest.mark.parametrize("kind", REPLACEMENTS)
def test_a_replacement_is_caught(kind: str) -> None:
    assert len(list(find_replacements(ast.parse(REPLACEMENTS[kind])))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "monkeypatch.setattr(sys, 'executable', 'none')",
        "from databricks.sdk.clock import RealClock\nmonkeypatch.setattr(RealClock, 'sleep', refuse)",
        "from cbx.incremental.build import build\nbuild = build(root, OPTIONS)",
        "from cbx.deploy.workspace import session\nother.session = 1",
        "MODEL = 'from cbx import view\\n\\nLIMIT = 1\\n'",
    ],
)
def test_what_is_of_others_or_new_may_be_set(text: str) -> None:
    assert list(find_replacements(ast.parse(text))) == []
