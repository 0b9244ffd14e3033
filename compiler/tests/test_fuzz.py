"""Files of pieces of the languages and of any bytes: compiling them ends soon, with diagnostics or well.

`make test` runs thirty rounds of each kind; `make fuzz` goes on for an hour, with other seeds each time. The rounds
are a process of their own, so one that hangs or dies leaves its seed behind; `FUZZ_SEED=n` repeats that round alone.
"""

from __future__ import annotations

import ast
import faulthandler
import gzip
import io
import json
import math
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from literate import MINIMAL_PROJECT, lay_out
from test_mangled import TOKENS, strays

from cbx.changes.change_plan import Deployed
from cbx.changes.compare import compare_manifests
from cbx.changes.plan_document import as_document
from cbx.changes.plan_text import as_lines, as_markdown
from cbx.cli.display.diagnostics import as_github, as_text
from cbx.cli.selection import SelectionOptions, select_nodes
from cbx.compiler import compile_project
from cbx.deploy.resources.schemas import catalog_and_schemas
from cbx.deploy.state.record import DeploymentRecord, read_committed, read_record
from cbx.deploy.workspace.problems import DeployError
from cbx.diagnostics.diagnostic import read_sources
from cbx.graph.read_manifest import read_manifest
from cbx.graph.selector_methods import SelectorError
from cbx.graph.selectors import select
from cbx.passes.checks.check_expectations import analyse_condition

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("FUZZ_SECONDS", "0"))
ROUNDS = 30
SLOWEST = 10
STUCK = 60
LARGEST = 1 << 30
MOST_SHOWN = 40_000
"""A message has at most 10,000 characters, and so has its source line; a line below marks the place."""
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
    "JOIN a ", "CROSS JOIN a ", ".f()", "[1]", "LATERAL FROM ", "{1}", "EXISTS (", "CASE WHEN x THEN ", "NOT ",
    "9" * 5000, "((((((((((((((((((((", "    ", "\r\n", "\u202e", "é", "if 1:\n", "lambda: ", "f'{X}'", "X = ",
)  # fmt: skip


def content(path: str, luck: random.Random) -> bytes:
    pieces = [luck.choice(("", *STARTS[path]))]
    for _ in range(luck.choice((0, 1, 3, 8, 30))):
        piece = luck.choice(luck.choice((TOKENS, MORE, STARTS[path])))
        pieces.append(piece * luck.choice((1, 1, 1, 1, 2, 300, 5000)))
    text = "".join(pieces).encode("utf-8", "surrogatepass")
    return text + luck.randbytes(luck.choice((0, 0, 0, 1, 20)))


def rounds() -> Iterator[int]:
    """The seeds: always the same, or new ones for so many seconds, or the one that is asked for."""
    if "FUZZ_SEED" in os.environ:
        yield int(os.environ["FUZZ_SEED"])
    elif not SECONDS:
        yield from range(ROUNDS)
    else:
        until, seed = time.monotonic() + SECONDS, time.time_ns() // 1000
        while time.monotonic() < until:
            yield seed
            seed += 1


Round = Callable[[int, Path], None]
"""One try with a seed and a folder; whatever it raises is a failure."""


def go_round(one_round: Round, folder: Path, slowest: int) -> None:
    """All rounds, in a process that is for nothing else.

    A round of too much processor time is ended by the system, and one that only sleeps by a watchdog; both say where
    it was, even in machine code, and `folder` says at which seed.
    """
    faulthandler.enable()
    faulthandler.register(signal.SIGXCPU, chain=True)
    started, number = time.monotonic(), 0
    for seed in rounds():
        number += 1
        (folder / "seed").write_text(str(seed))
        used = math.ceil(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (used + slowest, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        faulthandler.dump_traceback_later(STUCK, exit=True)
        (folder / "files").mkdir(exist_ok=True)
        with little_memory():
            one_round(seed, folder / "files")
    print(f"{one_round.__name__}: {number} rounds in {time.monotonic() - started:.0f} s")


def what_went_wrong(one_round: Round, folder: Path, slowest: int = SLOWEST) -> str:
    """The seed at which the rounds broke off, how, and where; nothing if they came to their end."""
    command = [sys.executable, "-W", "error", __file__, one_round.__name__, str(folder), str(slowest)]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if ended.returncode == 0:
        return ""
    how = signal.Signals(-ended.returncode).name if ended.returncode < 0 else f"status {ended.returncode}"
    seed = (folder / "seed").read_text() if (folder / "seed").exists() else "none yet"
    return f"FUZZ_SEED={seed}: {how}\n{ended.stderr[-5000:]}"


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


def compile_round(seed: int, folder: Path) -> None:
    """No exception, no stray place, no file that is no Python; what is reported can be shown."""
    luck = random.Random(seed)
    neighbours = {"n.sql": "SELECT 1 AS x\n", "u.sql": "SELECT {{ used() }} AS x\n"}
    lay_out({f"models/gold/{name}": "{{ view() }}\n" + text for name, text in neighbours.items()}, folder)
    paths = luck.sample(PATHS, luck.choice((1, 1, 2)))
    for path in paths:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content(path, luck))
    compilation = compile_project(folder, with_trace=False)
    sources = read_sources(folder, compilation.diagnostics)
    for diagnostic in compilation.diagnostics:
        shown, annotation = as_text(diagnostic, sources), as_github(diagnostic)
        assert ("\x1b" in shown, "\n" in annotation, len(shown) < MOST_SHOWN) == (False, False, True)
    for artifact in compilation.artifacts:
        artifact.text.encode()
        if artifact.path.endswith(".py"):
            ast.parse(artifact.text)

    assert strays(folder, compilation) == []
    assert compilation.succeeded or compilation.diagnostics != ()
    for path in paths:
        (folder / path).unlink()


WORDS = (
    "+", "@", ",", " ", "*", "**", "/", ":", ".", "[", "]", "!", "?", "-", "2", "9" * 5000, "\u0662", "tag:", "path:",
    "fqn:", "source:", "config.", "state:", "modified", "layer:", "gold", "silver.orders", "models", "\x00", "\ud800",
    "kind:", "meta.", "a" * 300, "*a" * 100, "**/a/" * 30, "[!", "(", "\\",
)  # fmt: skip
VALUES = (None, True, 0, -1, 1e300, "", "gold", "\x00", [], {}, [[]], ["a"], {"a": None}, [["a", "b", "c"]])
MANIFEST = (Path(__file__).parents[2] / "target" / "manifest.json").read_text(encoding="utf-8")


def spoil(value: object, luck: random.Random) -> object:
    """A document in which something is something else, or gone."""
    if not isinstance(value, dict | list) or not value or luck.random() < 0.1:
        return deepcopy(luck.choice(VALUES))
    key = luck.choice(list(value) if isinstance(value, dict) else range(len(value)))
    if luck.random() < 0.1:
        del value[key]  # type: ignore[arg-type] # it is a key of the one or the other
    else:
        value[key] = spoil(value[key], luck)  # type: ignore[index, call-overload] # as above
    return value


def select_round(seed: int, _: Path) -> None:
    """With models or an error that names the mistake."""
    luck = random.Random(seed)
    graph = read_manifest(json.loads(MANIFEST))
    text = "".join(luck.choice(WORDS) for _ in range(luck.choice((1, 2, 4, 8, 30))))
    before = None
    with suppress(LookupError, TypeError, AttributeError, ValueError):
        before = read_manifest(spoil(json.loads(MANIFEST), luck))  # type: ignore[arg-type] # whatever it is
    with suppress(SelectorError):
        assert set(select(graph, [text], before=before)) <= set(graph.by_id)


def expectation_round(seed: int, _: Path) -> None:
    """It is a condition on columns, or there is a reason why not."""
    luck = random.Random(seed)
    pieces = [luck.choice(luck.choice((TOKENS, MORE))) for _ in range(luck.choice((1, 3, 8, 30)))]
    text = "".join(piece * luck.choice((1, 1, 1, 1, 2, 300, 5000)) for piece in pieces if len(piece) < 100)
    reason, names = analyse_condition(text)

    assert not (reason and names)


NO_DOCUMENTS = (b"", b"[" * 90_000, b'{"a":' * 150 + b"1" + b"}" * 150, b"9" * 5000, b'"\\ud800"', b"\xff")


def spoilt_bytes(document: object, luck: random.Random) -> bytes:
    """A file of a document that is spoilt in some places, or is no document at all."""
    for _ in range(luck.choice((0, 1, 1, 1, 3))):
        document = spoil(document, luck)
    content = json.dumps(document).encode()
    if luck.random() < 0.1:
        content = luck.choice(NO_DOCUMENTS)
    if luck.random() < 0.2:
        content = gzip.compress(content)
    if luck.random() < 0.2:
        place, length = luck.randrange(len(content) + 1), luck.choice((0, 1, 500))
        content = content[:place] + luck.randbytes(luck.choice((0, 1, 20))) + content[place + length :]
    return content


@dataclass(frozen=True)
class Kept:
    """A folder of a deployment's state in which every file has the same content."""

    content: bytes
    path: str = "/state"

    def read(self, _: str) -> bytes:
        return self.content


SETTINGS = {"schema": "main", "catalog": "shop", "configuration": {"circuit_box.landing": "/there"}, "serverless": True}
OWN = {"settings": SETTINGS, "full_refresh": ["silver.orders"], "refreshing": {"update_id": "1", "models": []}}
RECORD = {
    "version": 1,
    "files": {"a.py": "1"},
    "pipeline_id": "p",
    "pipeline": SETTINGS,
    "last_modified": 1,
    "job_id": 1,
    "job": {},
    "permissions": [{"level": "CAN_RUN", "user_name": "ann"}],
}


SECOND_RECORD = {
    **{name: value for name, value in RECORD.items() if name not in {"pipeline_id", "pipeline", "last_modified"}},
    "version": 2,
    "pipelines": {"": {"id": "p", "settings": SETTINGS, "last_modified": 1}, "serve": {"id": "q"}},
}


def plan_round(seed: int, folder: Path) -> None:
    """What is deployed can be compared and the plan be shown, or the error says which file is spoilt."""
    luck = random.Random(seed)
    content = spoilt_bytes({**json.loads(MANIFEST), "deployment": OWN}, luck)
    compiled = Deployed(json.loads(MANIFEST), SETTINGS)
    with suppress(DeployError):
        committed = read_committed(Kept(content))  # type: ignore[arg-type] # all that it has is read
        assert committed is not None
        catalog_and_schemas(committed.deployed)
        plan = compare_manifests(committed.deployed, compiled)
        json.dumps([as_document(plan, "", ""), *as_lines(plan), *as_markdown(plan, "", "")]).encode()
    (folder / "manifest.json").write_bytes(content)
    with suppress(typer.Exit), redirect_stderr(io.StringIO()):
        select_nodes(
            read_manifest(compiled.manifest), SelectionOptions(["state:modified"], (), folder / "manifest.json")
        )


def record_round(seed: int, _: Path) -> None:
    """It is a record that is like any other, or none."""
    luck = random.Random(seed)
    record = read_record(Kept(spoilt_bytes(luck.choice((RECORD, SECOND_RECORD)), luck)))  # type: ignore[arg-type] # all that it has is read

    assert all(isinstance(value, str) for value in (*record.files, *record.files.values()))
    assert all(isinstance(pipeline.id, str) for pipeline in record.pipelines.values())
    assert isinstance(record.job_id, int | None)
    json.dumps(asdict(record)).encode()


@pytest.mark.parametrize("one_round", [compile_round, select_round, expectation_round, plan_round, record_round])
def test_whatever_it_is_given_it_ends(one_round: Round, tmp_path: Path) -> None:
    """Well or with an error that says what is wrong, each time within ten seconds and a gigabyte."""
    wrong = what_went_wrong(one_round, tmp_path)

    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.parametrize("content", [bytes(1 << 29), b"[" + b"{}," * (1 << 22)], ids=["zeros", "values"])
def test_a_state_that_would_fill_the_memory_is_not_unpacked(content: bytes) -> None:
    """However small it is in the workspace."""
    state: Any = Kept(gzip.compress(content, compresslevel=1))
    with little_memory(), pytest.raises(DeployError) as refused:
        read_committed(state)

    assert "too large to be a manifest" in str(refused.value)
    assert read_record(state) == DeploymentRecord()


def hang(seed: int, _: Path) -> None:
    """Go on for ever, at the third seed."""
    while seed == 2:
        pass


def crash(seed: int, _: Path) -> None:
    """Die as machine code does, at the third seed."""
    if seed == 2:
        os.kill(os.getpid(), signal.SIGSEGV)


def eat(seed: int, _: Path) -> None:
    """Want more memory than there is, at the third seed."""
    assert seed < 2 or len(bytearray(1 << 36)) == 0


@pytest.mark.parametrize(
    ("one_round", "how"), [(hang, "SIGXCPU"), (crash, "SIGSEGV"), (eat, "status 1")], ids=["hang", "crash", "eat"]
)
def test_a_round_that_breaks_off_leaves_its_seed(
    one_round: Round, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it ends, with the place in the code where it was."""
    monkeypatch.setenv("FUZZ_SECONDS", "0")
    monkeypatch.delenv("FUZZ_SEED", raising=False)
    first, _, rest = what_went_wrong(one_round, tmp_path, slowest=1).partition("\n")

    assert (f"FUZZ_SEED=2: {how}", True) == (first, f"in {one_round.__name__}" in rest)


if __name__ == "__main__":
    go_round(globals()[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3]))
