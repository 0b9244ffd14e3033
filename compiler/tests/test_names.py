"""Names say what a thing is or does: no value is called ``one``, no function by a participle, no two classes alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.tests.naming import (
    BoundName,
    find_participle_functions,
    find_repeated_classes,
    find_vague_names,
    read_names,
)

COMPILER = Path(__file__).parents[1]
PACKAGE = sorted((COMPILER / "cbx").rglob("*.py"))
PROJECTS = {"golden", "cases", "notebooks", "tpch"}
"""Folders of the tests with projects, which are input."""
TESTS = [
    path
    for path in sorted((COMPILER / "tests").rglob("*.py"))
    if PROJECTS.isdisjoint(path.relative_to(COMPILER).parent.parts)
]
BENCHMARKS = sorted((COMPILER / "benchmarks").glob("*.py"))


@pytest.fixture(scope="module")
def names() -> list[BoundName]:
    return read_names([*PACKAGE, *TESTS, *BENCHMARKS])


def test_nothing_is_called_one(names: list[BoundName]) -> None:
    """A value has the name of its type: ``model``, ``span``, ``row``."""
    assert find_vague_names(names) == []


def test_functions_are_named_by_verbs_and_nouns(names: list[BoundName]) -> None:
    """``mark_violations``, not ``marked``; ``quote``, not ``quoted``."""
    assert find_participle_functions(names) == []


def test_the_tests_have_good_names_too() -> None:
    """The checks read files of the tests at every depth."""
    assert {"test_names.py", "architecture.py", "deploy/conftest.py"} <= {
        path.relative_to(COMPILER / "tests").as_posix() for path in TESTS
    }


def test_a_class_name_means_one_thing(names: list[BoundName]) -> None:
    """Private classes included, since a reader searches for the name."""
    in_package = set(PACKAGE)

    assert find_repeated_classes(found for found in names if found.path in in_package) == {}


def names_in(folder: Path, **texts: str) -> list[BoundName]:
    """The names in files with these texts, called by the keywords."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return read_names(sorted(folder.glob("*.py")))


ONES = {
    "variable": "one = 1",
    "attribute": "self.one = 1",
    "annotated variable": "one: int = 1",
    "one of several": "first, (one, *others) = read()",
    "target of a loop": "for one in models: pass",
    "target of with": "with open(path) as one: pass",
    "assignment expression": "if (one := read()): pass",
    "comprehension": "names = {model.name for one in models}",
    "parameter": "def read(one): pass",
    "keyword parameter": "def read(*, one=1): pass",
    "all parameters": "def read(*one): pass",
    "argument of a lambda": "sort(key=lambda one: one.name)",
    "capture": "match model:\n    case Model(name=one): pass",
    "capture of the rest": "match model:\n    case [first, *one]: pass",
    "capture of a mapping": "match model:\n    case {'name': name, **one}: pass",
    "exception": "try: read()\nexcept OSError as one: pass",
    "import": "from cbx import model as one",
    "function": "def one(): pass",
}


@pytest.mark.parametrize("kind", ONES)
def test_one_is_caught(tmp_path: Path, kind: str) -> None:
    found = find_vague_names(names_in(tmp_path, model=f"x = 1\n{ONES[kind]}\n"))

    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path / 'model.py'}:")


def test_the_word_may_be_part_of_a_name_or_text(tmp_path: Path) -> None:
    """So may an attribute of a library: it is not bound here."""
    assert find_vague_names(names_in(tmp_path, model="one_row = rows.one()\n'one'\n# one\n")) == []


@pytest.mark.parametrize("name", ["marked", "_checked", "made", "_kept", "used", "written", "__quoted"])
@pytest.mark.parametrize(
    "text",
    [
        "def {}(): pass",
        "class Model:\n    def {}(self): pass",
        "async def {}(): pass",
        "@pytest.fixture\ndef {}(): pass",
        "def test_marks():\n    def {}(): pass",
    ],
)
def test_a_participle_is_caught(tmp_path: Path, name: str, text: str) -> None:
    caught = find_participle_functions(names_in(tmp_path, model=text.format(name)))

    assert len(caught) == 1
    assert caught[0].endswith(f" {name}")
    assert find_participle_functions(names_in(tmp_path, model=text.format(name)), [name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "def mark_violations(): pass",
        "def made_by(): pass",
        "def read(): pass",
        "def feed(): pass",
        "def __enter__(self): pass",
        "class Result:\n    @property\n    def succeeded(self): pass",
        "class Result:\n    @functools.cached_property\n    def quarantined(self): pass",
        "marked = 1",
    ],
)
def test_other_names_are_not_participles(tmp_path: Path, text: str) -> None:
    """Verbs, longer names, and properties, which are values."""
    assert find_participle_functions(names_in(tmp_path, model=text)) == []


@pytest.mark.parametrize("name", ["Plan", "_Plan"])
def test_two_classes_of_one_name_are_caught(tmp_path: Path, name: str) -> None:
    """In two files, and inside a class or a function."""
    text = f"class {name}: pass\n"
    found = names_in(tmp_path, deploy=text, render=f"def draw():\n    {text}", other="class Other: pass\n")

    assert find_repeated_classes(found) == {name: [f"{tmp_path / 'deploy.py'}:1", f"{tmp_path / 'render.py'}:2"]}
    assert find_repeated_classes(found, [name]) == {}
