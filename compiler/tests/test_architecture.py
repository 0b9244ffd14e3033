"""Holds the floors, the fences and the permissions that ``compiler/ARCHITECTURE.md`` tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.tests.architecture import (
    MOST_FILES,
    Package,
    circles,
    crowded_folders,
    drawn_for_nothing,
    forbidden_deeds,
    module_circles,
    read_floors,
    read_package,
    read_picture,
    read_table,
    strays,
    wrong_arrows,
)

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "compiler" / "ARCHITECTURE.md").read_text(encoding="utf-8")
FLOORS = read_floors(PAGE)
LIBRARIES = read_table(PAGE, "Libraries and the folders that may import them")
MAY = read_table(PAGE, "Side effects")
OF_ONE_KIND = read_table(PAGE, "Folders of one kind")
DEEDS = {"write files": "write", "print": "print", "start processes": "start", "use the network": "connect"}


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(ROOT / "compiler" / "cbx")


@pytest.mark.parametrize("place", FLOORS)
def test_imports_point_to_a_lower_floor(package: Package, place: str) -> None:
    """A room imports from the floors below its own: neither from above nor from its neighbours."""
    assert wrong_arrows(package, place, FLOORS[place]) == []


def test_the_picture_shows_imports(package: Package) -> None:
    """Each arrow is an import; those that are left out follow from others, or matter less."""
    assert len(read_picture(PAGE)) > 10
    assert drawn_for_nothing(package, read_picture(PAGE)) == []


def test_no_folder_is_in_a_circle(package: Package) -> None:
    """In every folder, rooms do not import each other in a circle, also where the page draws no floors."""
    folders = {""} | {module.rpartition(".")[0] for module in package.modules}

    assert [circle for folder in sorted(folders) for circle in circles(package, folder)] == []


def test_no_module_is_in_a_circle(package: Package) -> None:
    """No module imports itself by way of others, imports inside functions counted."""
    assert module_circles(package) == []


def test_folders_can_be_taken_in() -> None:
    """A folder with many files has files of one kind, which the page names."""
    assert crowded_folders(ROOT / "compiler").keys() - OF_ONE_KIND.keys() == set()
    assert [folder for folder in OF_ONE_KIND if not (ROOT / "compiler" / folder).is_dir()] == []


def test_libraries_keep_to_their_rooms(package: Package) -> None:
    """Each library is imported in the rooms that are about it, so that it can be replaced there."""
    assert strays(package, LIBRARIES) == []


@pytest.mark.parametrize("deed", DEEDS)
def test_only_some_rooms_touch_the_world_outside(package: Package, deed: str) -> None:
    """Files are written, processes started and so on where the page says so, and nowhere else."""
    assert forbidden_deeds(package, DEEDS[deed], MAY[deed]) == []


@pytest.mark.parametrize("deed", DEEDS)
def test_each_permission_is_needed(package: Package, deed: str) -> None:
    """A room that may do something does it: the table does not grow by habit."""
    for room in MAY[deed]:
        others = [other for other in MAY[deed] if other != room]
        assert forbidden_deeds(package, DEEDS[deed], others) != [], f"{room} need not {deed}"


def test_of_the_passes_only_discover_reads_files(package: Package) -> None:
    """What it read is all that the others know of the project's folder."""
    readers = {deed.partition(":")[0] for deed in forbidden_deeds(package, "read", ("passes.discover",))}

    assert [module for module in sorted(readers) if module.startswith("passes.")] == []


def test_what_the_page_promises_is_read() -> None:
    """The tables are found in the page, with the rooms that matter most in them."""
    assert FLOORS.keys() >= {"", "runtime", "testing", "analysis"}
    assert MAY.keys() == DEEDS.keys()
    assert LIBRARIES["databricks"] == ("deploy",)


def make_package(folder: Path, **files: str) -> Package:
    """A package called ``cbx`` of these files; ``__`` in a name is a folder."""
    for name, text in files.items():
        path = folder / "cbx" / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_package(folder / "cbx")


UPWARDS = {
    "runtime imports deploy": ("runtime__update", "from cbx.deploy.session import ask"),
    "deploy imports runtime": ("deploy__session", "import cbx.runtime.update"),
    "analysis imports a pass": ("analysis__grain", "def grain():\n    from cbx.passes.link import link"),
}


@pytest.mark.parametrize("violation", UPWARDS)
def test_an_import_that_does_not_point_down_is_caught(tmp_path: Path, violation: str) -> None:
    """Between neighbours, upwards, and inside a function."""
    files = dict.fromkeys(("runtime__update", "deploy__session", "analysis__grain", "passes__link"), "")
    floors = read_floors("```text\ncbx/\nruntime deploy\npasses\nanalysis\n```\n")[""]
    assert wrong_arrows(make_package(tmp_path, **files), "", floors) == []
    name, text = UPWARDS[violation]

    caught = wrong_arrows(make_package(tmp_path, **{**files, name: text}), "", floors)

    assert len(caught) == 1
    assert caught[0].startswith(name.replace("__", "."))


def test_an_arrow_that_is_no_import_is_caught(tmp_path: Path) -> None:
    package = make_package(tmp_path, cli__main="import cbx.compiler", compiler="", runtime__update="")
    picture = read_picture("```mermaid\nflowchart TB\n  cli --> compiler & runtime\n```\n")

    assert drawn_for_nothing(package, picture) == ["cli does not import runtime"]


@pytest.mark.parametrize("new", ["attic", "cellar__door", "shed"])
def test_a_room_that_no_floor_names_is_caught(tmp_path: Path, new: str) -> None:
    floors = read_floors("```text\ncbx/\npasses\n```\n")[""]

    assert wrong_arrows(make_package(tmp_path, passes__link="", **{new: ""}), "", floors) == [
        f"{new.partition('__')[0]} is on no floor"
    ]


CIRCLES = {
    "two rooms": {"parse__a": "import cbx.declare.a", "declare__b": "import cbx.parse.b"},
    "three rooms": {
        "parse__a": "import cbx.declare.a",
        "declare__a": "import cbx.stages.a",
        "stages__a": "import cbx.parse.b",
    },
    "in a function": {
        "parse__a": "def f():\n    from cbx.declare import b",
        "declare__a": "from cbx.parse.a import f",
    },
}


@pytest.mark.parametrize("violation", CIRCLES)
def test_a_circle_of_folders_is_caught(tmp_path: Path, violation: str) -> None:
    files = dict.fromkeys(("parse__a", "parse__b", "declare__a", "declare__b", "stages__a"), "")

    assert len(circles(make_package(tmp_path, **files | CIRCLES[violation]), "")) == 1


def test_a_circle_of_modules_is_caught(tmp_path: Path) -> None:
    files = {
        "parse__a": "import cbx.parse.b",
        "parse__b": "def f():\n    from cbx.parse.c import g",
        "parse__c": "import cbx.parse.a",
    }

    assert module_circles(make_package(tmp_path, **files)) == [["parse.a", "parse.b", "parse.c"]]


VIOLATIONS = {
    "write": (
        "from pathlib import Path\nPath('a').write_text('b')", "open('a', 'w')", "import os\nos.replace('a', 'b')",
        "import shutil\nshutil.rmtree('a')", "from pathlib import Path\nPath('a').open(mode='ab')",
        "def f(path, other):\n    path.replace(other)",
    ),
    "print": (
        "print(1)",
        "import sys\nsys.stdout.write('a')",
        "import sys\nwriter = sys.stderr",
        "import typer\ntyper.echo('a')",
    ),
    "start": ("import subprocess", "import os\nos.fork()", "from multiprocessing import Pool"),
    "connect": ("import socket", "from urllib.request import urlopen", "import databricks.sdk"),
}  # fmt: skip


@pytest.mark.parametrize(("deed", "text"), [(deed, text) for deed, texts in VIOLATIONS.items() for text in texts])
def test_a_deed_outside_its_rooms_is_caught(tmp_path: Path, deed: str, text: str) -> None:
    """A pass that opens a file for writing, a parser that prints."""
    files = make_package(tmp_path, passes__link=text, target__write=text)

    assert [line.partition(":")[0] for line in forbidden_deeds(files, deed, ("target",))] == ["passes.link"]


@pytest.mark.parametrize(
    "text", ["open('a')", "path.read_text()", "import os\nos.scandir('a')", "for file in path.iterdir(): pass"]
)
def test_a_pass_that_reads_is_caught(tmp_path: Path, text: str) -> None:
    files = make_package(tmp_path, passes__link=text, passes__discover=text)

    assert len(forbidden_deeds(files, "read", ("passes.discover",))) == 1


@pytest.mark.parametrize(
    "text", ["'a'.replace('b', 'c')", "open('a')", "x.open('r')", "from urllib.parse import quote"]
)
def test_what_touches_nothing_is_no_deed(tmp_path: Path, text: str) -> None:
    files = make_package(tmp_path, passes__link=text)

    assert [line for deed in DEEDS.values() for line in forbidden_deeds(files, deed, ())] == []


@pytest.mark.parametrize(
    "text", ["import networkx", "from networkx.algorithms import dag", "def f():\n    import networkx"]
)
def test_a_library_outside_its_rooms_is_caught(tmp_path: Path, text: str) -> None:
    assert strays(make_package(tmp_path, passes__link=text, graph__a=text), {"networkx": ("graph",)}) == [
        "passes.link imports networkx"
    ]


@pytest.mark.parametrize(
    ("folder", "file"), [("cbx/parse", "number_{}.py"), ("cbx/render/page", "{}.js"), ("docs", "CBX{}.md")]
)
def test_a_crowded_folder_is_caught(tmp_path: Path, folder: str, file: str) -> None:
    """Modules, scripts of a page and documents; what a folder below has is not its own."""
    (tmp_path / folder / "below").mkdir(parents=True)
    for number in range(MOST_FILES):
        (tmp_path / folder / file.format(number)).touch()
        (tmp_path / folder / "below" / file.format(number)).touch()
    (tmp_path / folder / "__init__.py").touch()
    assert crowded_folders(tmp_path) == {}

    (tmp_path / folder / file.format("more")).touch()

    assert crowded_folders(tmp_path) == {folder: MOST_FILES + 1}
