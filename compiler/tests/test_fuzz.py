"""Files of pieces of the languages and of any bytes: compiling them ends soon, with diagnostics or well.

Twenty seconds in the tests; `make fuzz` goes on for an hour, with other seeds each time.
"""

from __future__ import annotations

import ast
import json
import os
import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from literate import MINIMAL_PROJECT, lay_out
from test_mangled import TOKENS, strays

from cbx.cli.diagnostics import as_github, as_text
from cbx.compiler import compile_project, read_sources
from cbx.graph_document import read_manifest
from cbx.passes.check_expectations import analyse_condition
from cbx.selector_methods import SelectorError
from cbx.selectors import select

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
ROUNDS = 250
SLOWEST = 10
LARGEST = 1 << 30
PATHS = ("models/gold/m.py", "models/gold/m.sql", "macros/m.py", "macros/m.sql", "project.toml")
STARTS = {
    "models/gold/m.py": (
        "from cbx import *\n@materialized_view(",
        "from cbx import *\n@view()\ndef m(rows=source('a.b')):\n ",
    ),
    "models/gold/m.sql": ("{{ materialized_view(", "{{ view() }}\nSELECT "),
    "macros/m.py": ("def f(x):\n    return ", "from macros.m import f\n"),
    "macros/m.sql": ("{% macro a(x) %}", "{% macro used() %}{{ a(1) }}{% endmacro %}"),
    "project.toml": (MINIMAL_PROJECT, MINIMAL_PROJECT + "[naming]\n", MINIMAL_PROJECT + "[environments.dev]\n"),
}
MORE = (
    "key=", "'x'", "expectations=[expect('e', '", "')]", "columns={'x': 'INT'}", "SELECT x FROM ",
    "{{ ref('gold.n') }}",
    " GROUP BY ", " UNION ALL ", " JOIN ", " ON ", "WITH c AS (", " OVER (", "x -> ", "::", "INTERVAL ",
    "{{ ", " }}", "{% for i in ",
    " %}", "{% endfor %}", "{% if x %}", "{% endif %}", "{% set x = ", "|join(", "~", "**", "range(9**9)", "catalog = ",
    "schema = '{layer}'", "[[", "]]", "\x1b[31m", "%0A::error::", "# COMMAND ----------\n", "'''", "\\",
    "\ud800", "\x00",
    "9" * 5000, "((((((((((((((((((((", "    ", "\r\n", "\u202e", "é", "if 1:\n", "lambda: ", "f'{X}'", "X = ",
)  # fmt: skip


def content(path: str, luck: random.Random) -> bytes:
    pieces = [luck.choice(("", *STARTS[path]))]
    for _ in range(luck.choice((0, 1, 3, 8, 30))):
        piece = luck.choice(luck.choice((TOKENS, MORE, STARTS[path])))
        pieces.append(piece * luck.choice((1, 1, 1, 1, 2, 300)))
    text = "".join(pieces).encode("utf-8", "surrogatepass")
    return text + luck.randbytes(luck.choice((0, 0, 0, 1, 20)))


def rounds() -> list[int] | range:
    return range(ROUNDS) if not SECONDS else range(time.time_ns() // 1000, 1 << 62)


@contextmanager
def little_memory() -> Iterator[None]:
    """No more than a gigabyte above what this process has, where the system tells that (Linux)."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(statistics.read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + LARGEST, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_whatever_bytes_a_file_has_compiling_ends(tmp_path: Path) -> None:
    """No exception, no stray place, no file that is no Python, within ten seconds; what is reported can be shown."""
    until = time.monotonic() + (SECONDS or 1e9)
    neighbour = {"models/gold/n.sql": "{{ view() }}\nSELECT 1 AS x\n"}
    for seed in rounds():
        luck = random.Random(seed)
        lay_out({**neighbour, "models/gold/u.sql": "{{ view() }}\nSELECT {{ used() }} AS x\n"}, tmp_path)
        paths = luck.sample(PATHS, luck.choice((1, 1, 2)))
        for path in paths:
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_bytes(content(path, luck))
        started = time.process_time()
        with little_memory():
            compilation = compile_project(tmp_path, with_trace=False)
        seconds = time.process_time() - started
        sources = read_sources(tmp_path, compilation.diagnostics)
        for one in compilation.diagnostics:
            shown, annotation = as_text(one, sources), as_github(one)
            assert (seed, "\x1b" in shown, "\n" in annotation, len(shown) < 5000) == (seed, False, False, True)
        for artifact in compilation.artifacts:
            artifact.text.encode()
            if artifact.path.endswith(".py"):
                ast.parse(artifact.text)

        assert (seed, strays(tmp_path, compilation)) == (seed, [])
        assert (seed, compilation.succeeded or compilation.diagnostics != ()) == (seed, True)
        assert (seed, seconds < SLOWEST) == (seed, True)
        for path in paths:
            (tmp_path / path).unlink()
        if time.monotonic() > until:
            return


WORDS = (
    "+", "@", ",", " ", "*", "**", "/", ":", ".", "[", "]", "!", "?", "-", "2", "9" * 5000, "\u0662", "tag:", "path:",
    "fqn:", "source:", "config.", "state:", "modified", "layer:", "gold", "silver.orders", "models", "\x00", "\ud800",
    "kind:", "meta.", "a" * 300, "*a" * 100, "**/a/" * 30, "[!", "(", "\\",
)  # fmt: skip
VALUES = (None, True, 0, -1, 1e300, "", "gold", "\x00", [], {}, [[]], ["a"], {"a": None}, [["a", "b", "c"]])
MANIFEST = (Path(__file__).parents[2] / "target" / "manifest.json").read_text(encoding="utf-8")


def spoilt(value: object, luck: random.Random) -> object:
    """A document in which something is something else, or gone."""
    if not isinstance(value, dict | list) or not value or luck.random() < 0.1:
        return luck.choice(VALUES)
    key = luck.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if luck.random() < 0.1:
        del value[key]  # type: ignore[arg-type] # it is a key of the one or the other
    else:
        value[key] = spoilt(value[key], luck)  # type: ignore[index, call-overload] # as above
    return value


def test_whatever_a_selector_says_choosing_ends() -> None:
    """With models or an error that names the mistake; also with a manifest to compare with that is spoilt."""
    graph = read_manifest(json.loads(MANIFEST))
    until = time.monotonic() + (SECONDS or 1e9)
    for seed in rounds():
        luck = random.Random(seed)
        text = "".join(luck.choice(WORDS) for _ in range(luck.choice((1, 2, 4, 8, 30))))
        before = None
        with suppress(LookupError, TypeError, AttributeError, ValueError):
            before = read_manifest(spoilt(json.loads(MANIFEST), luck))  # type: ignore[arg-type] # whatever it is
        started = time.process_time()
        with little_memory(), suppress(SelectorError):
            assert set(select(graph, [text], before=before)) <= set(graph.by_id)

        assert (seed, time.process_time() - started < SLOWEST) == (seed, True)
        if time.monotonic() > until:
            return


def test_whatever_an_expectation_says_reading_it_ends() -> None:
    """It is a condition on columns, or there is a reason why not."""
    until = time.monotonic() + (SECONDS or 1e9)
    for seed in rounds():
        luck = random.Random(seed)
        pieces = [luck.choice(luck.choice((TOKENS, MORE))) for _ in range(luck.choice((1, 3, 8, 30)))]
        text = "".join(piece * luck.choice((1, 1, 1, 1, 2, 300, 5000)) for piece in pieces if len(piece) < 100)
        started = time.process_time()
        with little_memory():
            reason, names = analyse_condition(text)

        assert (seed, bool(reason and names)) == (seed, False)
        assert (seed, time.process_time() - started < SLOWEST) == (seed, True)
        if time.monotonic() > until:
            return
