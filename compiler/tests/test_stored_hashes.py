"""What outlives a process is made of texts: renaming a class, or moving one, changes nothing that is stored."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbx.changes.change_plan import Deployed
from cbx.changes.compare import compare_manifests
from cbx.emit.code_hash import code_hash
from cbx.stages.imports import Import
from cbx.stages.resolved_model import PythonCode, SqlCode
from cbx.syntax.declarations import Snippet
from cbx.syntax.text import InputSlot, Text, Variable

PACKAGE = Path(__file__).parents[1] / "cbx"
GOLDEN = Path(__file__).parent / "golden" / "parcels"

QUERY = SqlCode(Text(("SELECT id FROM ", InputSlot(0), " WHERE at > '", Variable("since"), "'")))
FUNCTION = PythonCode(
    "kept",
    Snippet("models/silver/kept.py", 9, "def kept(rows):\n    return trim(rows)\n"),
    (Snippet("macros/text.py", 3, "def trim(rows):\n    return rows.select(F.trim('name'))\n"),),
    (Import("pyspark.sql", "functions", "F"), Import("re")),
    (),
    ("kept", "trim", "F", "re"),
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (QUERY, "2:9d2ec7551122800aa28b6299f15b79cfb8e840242a2b29a989af90f2953e05f0"),
        (FUNCTION, "2:ba14ad75e7bb351405b78cd86cbd60b5ea4b833c433c290a282206f539b1ff1f"),
    ],
)
def test_the_hash_of_code_is_pinned(code: SqlCode | PythonCode, expected: str) -> None:
    """Every deployment stores it: whoever changes what is hashed gives the scheme another number."""
    assert expected == code_hash(code)


@pytest.mark.parametrize(
    "other",
    [
        QUERY._replace(query=Text((*QUERY.query.parts[:-2], Variable("until"), "'"))),
        QUERY._replace(query=Text((*QUERY.query.parts[:-2], "since", "'"))),
        QUERY._replace(query=Text((QUERY.query.parts[0], InputSlot(1), *QUERY.query.parts[2:]))),
        SqlCode(Text.of(QUERY.query.placeholder())),
        FUNCTION._replace(definitions=()),
        FUNCTION._replace(source=FUNCTION.definitions[0], definitions=(FUNCTION.source,)),
        FUNCTION._replace(imports=(Import("pyspark.sql", "functions", "f"), Import("re"))),
        FUNCTION._replace(imports=(Import("pyspark.sql", "functions"), Import("F"), Import("re"))),
    ],
)
def test_other_code_has_another_hash(other: SqlCode | PythonCode) -> None:
    """Nothing that computes rows is left out, and no two codes run into each other."""
    assert code_hash(other) not in {code_hash(QUERY), code_hash(FUNCTION)}


COMPILE = """
import json, shutil, sys
from pathlib import Path
import cbx.compiler
from cbx.incremental.build import build
from cbx.incremental.options import Options
from cbx.incremental.record import RECORD_FILE
from cbx.testing.project.compile_once import compile_once

root, renames = Path(sys.argv[1]), sys.argv[2] == "renamed"
build(root, Options("local"))
compile_once(root)
shutil.rmtree(root / ".cbx"), shutil.rmtree(root / "target")
if renames:
    for name, module in sorted(sys.modules.items()):
        for value in list(vars(module).values()) if name.partition(".")[0] == "cbx" else ():
            if isinstance(value, type) and value.__module__.partition(".")[0] == "cbx":
                value.__name__ = f"{value.__name__}Renamed"
                value.__qualname__ = f"{value.__qualname__}Renamed"
                value.__module__ = f"{value.__module__}.moved"
assert build(root, Options("local")).could_write
compile_once(root)
record = json.loads((root / RECORD_FILE).read_bytes().partition(b"\\n")[2])
for seen in (record["sources"], record["artifacts"]):
    del seen[2]
stored = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}
print(json.dumps({**stored, RECORD_FILE: record}, sort_keys=True))
"""


@pytest.mark.slow
def test_renaming_every_class_changes_nothing_that_is_stored(tmp_path: Path) -> None:
    """Compiled twice, the second time with all classes renamed and moved: the same target/ and caches."""
    outputs = []
    for name in ("plain", "renamed"):
        root = tmp_path / name / "project"
        shutil.copytree(GOLDEN, root)
        done = subprocess.run([sys.executable, "-c", COMPILE, root, name], capture_output=True, check=True, text=True)
        outputs.append(json.loads(done.stdout))
    plain, renamed = outputs

    assert {".cbx/cache/compile.json", ".cbx/cache/trace.json", ".cbx/tests/compiled-local.json"} <= set(plain)
    assert plain == renamed


HASHING = {
    "emit/code_hash.py": "texts of the model's, as JSON",
    "passes/resolution/code/resolve_code.py": "texts of the model's",
    "emit/artifacts.py": "a file's text",
    "incremental/part.py": "names and texts, as JSON",
    "files/checked_json.py": "a document as JSON",
    "installation.py": "versions, paths and times, as JSON",
    "incremental/stamps.py": "a file's content",
    "testing/project/compile_once.py": "contents and times of files",
    "deploy/workspace/files.py": "a file's content",
    "render/html/page.py": "a script's text",
    "runtime/update/file_signatures.py": "paths, sizes and times of files, and settings as JSON",
    "runtime/update/up_to_date.py": "contents of files",
    "runtime/refresh_rules/query_description.py": "paths, sizes and times of files",
    "runtime/sail/functions/json_functions.py": "columns as Spark's JSON",
    "runtime/flows/fingerprint.py": "texts of Spark's, with Spark's version",
    "runtime/flows/merging/merge_changes.py": "keys, columns and expectations of a target, as JSON",
    "runtime/spark/launch/class_archive.py": "paths and times of Java and Spark",
    "runtime/sail/plan_fingerprint.py": "texts of plans, with the versions of Sail and cbx",
    "analysis/tracing/cache.py": "the request and its limits, as JSON",
}
"""The only files that make hashes, and of what."""

PICKLING = {
    "processes/forked_workers.py": "between processes of one compilation, in unnamed files",
    "runtime/notebooks/local_modules.py": "to Spark's workers of one run",
}
"""The only files that pickle, which writes down the names of classes; nothing of it is kept."""


def test_only_known_files_hash_or_pickle() -> None:
    """A new file that does is looked at, and added here with what it hashes."""
    words = ("hashlib", "pickle", "shelve")
    importing = {
        name: imported_names(ast.parse(text)) for name, text in sources() if any(word in text for word in words)
    }

    assert set(HASHING) == {name for name, modules in importing.items() if "hashlib" in modules}
    assert set(PICKLING) == {
        name for name, modules in importing.items() if modules & {"pickle", "cloudpickle", "shelve"}
    }


def test_no_hash_is_made_of_what_python_says_of_an_object() -> None:
    """In files that hash, nothing is spelled with `repr`, by a class's name, or by a number that Python gives out."""
    found = [
        f"{name}:{line} {word}"
        for name, text in sources()
        if name in HASHING
        for line, word in find_reprs(ast.parse(text))
    ]

    assert found == []


def sources() -> Iterator[tuple[str, str]]:
    for file in sorted(PACKAGE.rglob("*.py")):
        yield file.relative_to(PACKAGE).as_posix(), file.read_text(encoding="utf-8")


def imported_names(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(alias.name for alias in node.names)}
    return found


def find_reprs(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a module asks Python how an object is spelled."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue) and node.conversion == ord("r"):
            yield node.lineno, "!r"
        elif isinstance(node, ast.Name) and node.id in {"repr", "hash", "id", "vars"}:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in {"__name__", "__qualname__", "__module__", "__class__"}:
            yield node.lineno, node.attr


A, B = "a" * 64, "b" * 64


def model(**fields: object) -> dict[str, object]:
    """A model of a manifest, in which only hashes differ."""
    plain = dict.fromkeys(("key", "key_verdict", "cdc", "owner")) | {
        name: [] for name in ("inputs", "relationships", "expectations", "columns")
    }
    hashes = {"code_hash": f"2:{A}", "source_hash": A, "artifact_hash": A}
    return {**plain, "kind": "view", "dataset": "v", "properties": {}, "quarantine": False, **hashes, **fields}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ({}, []),
        ({"code_hash": f"2:{B}", "artifact_hash": B}, ["the code has changed"]),
        ({"code_hash": B}, []),
        ({"code_hash": f"3:{B}"}, []),
        ({"code_hash": B, "source_hash": B}, []),
        ({"code_hash": B, "artifact_hash": B}, ["the model is the same, the generated code differs"]),
        (
            {"code_hash": B, "artifact_hash": B, "source_hash": B},
            ["the code may have changed: another version of cbx deployed it"],
        ),
    ],
)
def test_hashes_of_two_schemes_say_nothing_of_each_other(before: dict[str, object], expected: list[str]) -> None:
    """A deployment by an earlier cbx, with hashes of another scheme, has no change where the notebook is the same."""
    deployed, compiled = (
        Deployed({"project": {}, "checks": [], "artifacts": {}, "models": {"silver.v": entry}}, {})
        for entry in (model(**before), model())
    )
    details = [
        difference.detail
        for change in compare_manifests(deployed, compiled).models
        for difference in change.differences
    ]

    assert expected == details
