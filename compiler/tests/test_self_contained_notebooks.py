"""A notebook holds all that its model's code needs: what the model returns as plain Python, it returns too."""

from __future__ import annotations

import importlib
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from literate import lay_out
from notebook_reading import Recorded, pipeline_api

from cbx.compiler import compile_project


@dataclass(frozen=True)
class Piece:
    """Something that people write in a model's file: at its top level, and an expression that uses it."""

    top: str
    use: str


MACROS = {
    "macros/words.py": (
        "import re as patterns\n"
        "from functools import lru_cache\n\n"
        "from macros.deep.marks import MARKS as known, mark\n"
        "from .deep.marks import Marked\n\n"
        "EMPHASIS = '!'\n"
        "LEVELS = {'low': 1}\nLEVELS['high'] = 2\n\n\n"
        "@lru_cache(maxsize=None)\n"
        "def shout(word: str, level: 'Level' = 'high') -> str:\n"
        "    def again(times):\n"
        "        return EMPHASIS * times\n\n"
        "    return patterns.sub('a', 'A', word) + again(LEVELS[level]) + mark(known[0])\n\n\n"
        "def marked(word):\n"
        "    return Marked(word).shown()\n\n\n"
        "def unused():\n"
        "    return missing_on_purpose\n"
    ),
    "macros/deep/marks.py": (
        "from dataclasses import dataclass\n\n"
        "MARKS = ['<']\n"
        "MARKS.append('>')\n\n\n"
        "def mark(one):\n"
        "    return one.join(MARKS)\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Marked:\n"
        "    word: str\n"
        "    first = MARKS[0]\n\n"
        "    def shown(self) -> 'Marked':\n"
        "        return mark(self.first + self.word)\n"
    ),
}

PIECES = (
    Piece("LIMIT = 3", "LIMIT"),
    Piece("SIZE: int = 4", "SIZE"),
    Piece("low, (middle, *high) = 1, (2, 3)", "[low, middle, high]"),
    Piece("NAMES = ['a']\nNAMES.append('b')", "NAMES"),
    Piece("TABLE = {}\nfor key in ('x', 'yy'):\n    TABLE[key] = len(key)", "TABLE"),
    Piece("COUNT = 1\nCOUNT += 1", "COUNT"),
    Piece("number = 0\nwhile number < 3:\n    number += 1\n    LAST = number", "LAST"),
    Piece("if (found := 'yes'):\n    CHOSEN = found\nelse:\n    CHOSEN = 'no'", "CHOSEN"),
    Piece("PARTS = [part := 2 for _ in range(3)]", "part"),
    Piece("doomed = 1\nkept = doomed\ndel doomed", "kept"),
    Piece("try:\n    import json as reader\nexcept ImportError:\n    reader = None", "reader.dumps([1])"),
    Piece("try:\n    import not_there\nexcept ImportError:\n    not_there = None", "not_there"),
    Piece("from functools import reduce as fold", "fold(max, [1, 3])"),
    Piece("import os.path\nimport os", "os.path.join('a', os.curdir)"),
    Piece("import xml.dom\nimport xml.etree.ElementTree", "[xml.etree.ElementTree.Element('a').tag, xml.dom.__name__]"),
    Piece("from collections import *", "OrderedDict(a=1)['a']"),
    Piece("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from nowhere import Nothing", "1"),
    Piece("import typing\n\nif typing.TYPE_CHECKING:\n    Word = int\nelse:\n    Word = str", "Word('a')"),
    Piece("base = 2\ndef doubled(x=base):\n    return _times(x)\ndef _times(x):\n    return x * base", "doubled()"),
    Piece("def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n != 0 and even(n - 1)", "even(4)"),
    Piece("limit = 3", "(lambda limit: limit)(1) + limit"),
    Piece("each = 5", "[each for each in (1, 2)] + [each]"),
    Piece("side = 2\nclass Q:\n    side = side\n    def size(self):\n        return side * self.side", "Q().size()"),
    Piece("class Shape:\n    pass\n\n\nclass Square(Shape):\n    '''Four sides.'''\n\n    sides = 4", "Square().sides"),
    Piece("calls = 0\n\n\ndef call():\n    global calls\n    calls += 1\n    return calls > 0", "call()"),
    Piece("pick = lambda rows, n=1: rows[n:]", "pick([1, 2])"),
    Piece("def wrapped(f):\n    return lambda: f() + 1\n\n\n@wrapped\ndef ten():\n    return 10", "ten()"),
    Piece("own = 7\ndef out():\n    own = 8\n    def inn():\n        return own\n    return inn()", "out() + own"),
    Piece("text = f'''{1 + 1}\n  # not a comment (\n'''", "text"),
    Piece("squares = {n: n * n for n in range(3) if n}; cubes = 1", "[squares, cubes]"),
    Piece("from macros.words import shout", "shout('a')"),
    Piece("from macros.words import shout as cry, EMPHASIS", "cry('b') + EMPHASIS"),
    Piece("from macros.words import (\n    marked,  # of another file\n)", "marked('c')"),
    Piece("from macros.deep.marks import MARKS as signs", "signs"),
)  # fmt: skip

SIGNATURES = (
    'rows=source("a.b")',
    'rows: "Frame" = source("a.b"), *, others: object = source("c.d")',
    '\n    rows=  # a = comment (\n    source("a.b"),\n    others=source("c.d")  # ) trailing\n    ,\n',
    'rows=(source("a.b")), others: dict[str, int]=((source(\n    "c.d")))',
    'rows : object\\\n    = source("a.b")',
    "",
)
DECORATORS = (
    "@materialized_view()",
    '@materialized_view(\n    description="(",  # )\n)',
    "@functools.lru_cache\n@materialized_view()",
    "@materialized_view()\n@functools.lru_cache",
)


class Frame:
    """Stands for `spark` and for whatever is read."""

    def __getattr__(self, name: str) -> Frame:
        return self

    def __call__(self, *_: object) -> Frame:
        return self

    def __hash__(self) -> int:
        return 1


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(st.sampled_from(PIECES), max_size=6, unique_by=lambda piece: piece.top),
    signature=st.sampled_from(SIGNATURES),
    decorators=st.sampled_from(DECORATORS),
    is_late=st.booleans(),
)
def test_notebooks_return_what_their_models_return(
    pieces: list[Piece], signature: str, decorators: str, *, is_late: bool
) -> None:
    """Definitions, imports and macros arrive whole and in an order that works."""
    future = "from __future__ import annotations\n\n" if is_late else ""
    top = "\n\n".join(piece.top for piece in pieces)
    uses = "".join(f"        {piece.use},\n" for piece in pieces)
    model = (
        f"{future}import functools\n\nfrom cbx import materialized_view, source\n\n{top}\n\n\n"
        f"{decorators}\ndef orders({signature}):\n    '''Orders.'''\n    return [\n{uses}    ]\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        lay_out({**MACROS, "models/silver/orders.py": model}, Path(folder))
        compilation = compile_project(Path(folder), with_trace=False)
        expected = repr(plain_result(model, Path(folder)))

    assert [diagnostic.message for diagnostic in compilation.diagnostics] == []
    texts = {artifact.path: artifact.text for artifact in compilation.artifacts}
    actual = repr(notebook_result(texts["notebooks/silver/orders.py"]))

    assert expected == actual


def plain_result(model: str, folder: Path) -> Any:
    """What the model's function returns where cbx and the macros can be imported."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(model, "model", "exec", dont_inherit=True), namespace)
        return namespace["orders"]()
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "macros":
                del sys.modules[name]


def notebook_result(text: str) -> Any:
    """What the dataset that a notebook defines returns."""
    namespace: dict[str, Any] = {"__name__": "__main__", "spark": Frame()}
    with pipeline_api(Recorded()):
        exec(compile(text, "notebook", "exec", dont_inherit=True), namespace)
        return namespace["silver_orders"]()
