"""What a package's files import and do, held against the tables of an architecture page.

A *room* is a file or a folder directly inside a package. *Floors* are rows of rooms: a room imports from the floors
below its own and from nowhere else.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import networkx

Floors = tuple[frozenset[str], ...]
MOST_FILES = 15
"""How many files a folder may hold beside its ``__init__.py`` where the page does not say that they are of one kind."""
_COUNTED = {".py", ".js", ".md", ".sql"}


@dataclass(frozen=True)
class Package:
    """The modules of a package, by their dotted names below it; the package itself is ``__init__``."""

    modules: Mapping[str, frozenset[str]]
    """For each module every name that it imports, wherever in the file."""
    imports: Mapping[str, set[str]]
    """For each module the package's own modules that it imports or imports from, wherever in the file."""
    deeds: Mapping[str, frozenset[tuple[str, str]]]
    """For each module what it does to the world outside, as pairs of a kind and a name."""


def read_package(folder: Path) -> Package:
    """Parse the files of a package."""
    modules, done = {}, {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        modules[name] = imported_names(nodes)
        done[name] = frozenset(deeds(nodes, modules[name]))
    imports = {module: _own_imports(names, folder.name, modules) - {module} for module, names in modules.items()}
    return Package(modules, imports, done)


def _own_imports(imported: Iterable[str], package: str, modules: Mapping[str, frozenset[str]]) -> set[str]:
    names = [f"{name}." for name in imported]
    own = [name.removeprefix(f"{package}.").rstrip(".") for name in names if name.startswith(f"{package}.")]
    return {name if name in modules else name.rpartition(".")[0] or "__init__" for name in own} & modules.keys()


def imported_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Every name that the nodes of a file import, with its module."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def read_floors(page: str) -> dict[str, Floors]:
    """The floors that a page draws: fenced blocks that begin with a folder, then one floor per line."""
    floors = {}
    for folder, rows in re.findall(r"^```text\n(cbx/[a-z_/]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        place = folder.removeprefix("cbx/").strip("/").replace("/", ".")
        floors[place] = tuple(frozenset(row.split()) for row in rows.splitlines())
    return floors


def read_table(page: str, heading: str) -> dict[str, tuple[str, ...]]:
    """A table with two columns below a heading: the text of the first, and the names in backticks of the second."""
    below = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", below, re.MULTILINE)[1:]
    return {first.strip().strip("`"): tuple(re.findall(r"`([^`]+)`", second)) for first, second in rows}


def read_picture(page: str) -> list[tuple[str, str]]:
    """The arrows of the page's flowchart, from the importing room to the imported one."""
    chart = page.partition("flowchart TB\n")[2].partition("```")[0]
    rows = [[step.split(" & ") for step in row.strip().split(" --> ")] for row in chart.splitlines()]
    return [
        (room, other)
        for steps in rows
        for rooms, others in itertools.pairwise(steps)
        for room in rooms
        for other in others
    ]


def drawn_for_nothing(package: Package, picture: Iterable[tuple[str, str]]) -> list[str]:
    """Arrows of a picture that are no import."""
    arrows = _arrows(package, "")
    return [f"{room} does not import {other}" for room, other in picture if (room, other) not in arrows]


def wrong_arrows(package: Package, place: str, floors: Floors) -> list[str]:
    """Imports between the rooms of a folder that do not point to a lower floor, and rooms on no floor."""
    number = {room: index for index, floor in enumerate(floors) for room in floor}
    arrows = _arrows(package, place)
    rooms = {_room(module, place) for module in package.modules} - {None, "__init__"}
    missing = [f"{room} is on no floor" for room in sorted(map(str, rooms)) if room not in number]
    gone = [f"{room} does not exist" for room in sorted(number.keys() - rooms - {"__init__"})]
    upwards = [
        f"{module} imports {imported}"
        for (room, other), pairs in sorted(arrows.items())
        if number.get(room, -1) >= number.get(other, len(floors))
        for module, imported in pairs
    ]
    return missing + gone + upwards


def circles(package: Package, place: str) -> list[list[str]]:
    """The rooms of a folder that import each other in a circle."""
    graph = networkx.DiGraph(list(_arrows(package, place)))
    return sorted(sorted(knot) for knot in networkx.strongly_connected_components(graph) if len(knot) > 1)


def module_circles(package: Package) -> list[list[str]]:
    """The modules that import each other in a circle, imports inside functions counted."""
    graph = networkx.DiGraph((module, other) for module in package.modules for other in package.imports[module])
    return sorted(sorted(knot) for knot in networkx.strongly_connected_components(graph) if len(knot) > 1)


def _arrows(package: Package, place: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """For two rooms of a folder the modules of which one imports the other."""
    arrows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for module in package.modules:
        room = _room(module, place)
        for imported in package.imports[module] if room is not None else ():
            other = _room(imported, place)
            if other not in (None, room) and "__init__" not in (room, other if place else ""):
                arrows.setdefault((str(room), str(other)), []).append((module, imported))
    return arrows


def _room(module: str, place: str) -> str | None:
    """The room of a folder that holds a module; None for a module elsewhere."""
    if not place:
        return module.partition(".")[0]
    return module.removeprefix(f"{place}.").partition(".")[0] if module.startswith(f"{place}.") else None


def crowded_folders(root: Path) -> dict[str, int]:
    """The folders below one with more files than a reader can take in, and how many: code, models and pages."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.suffix in _COUNTED)
    own = (path.parent.as_posix() for path in paths if path.name != "__init__.py" and not _is_hidden(path))
    return {folder: count for folder, count in sorted(Counter(own).items()) if count > MOST_FILES}


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def strays(package: Package, allowed: Mapping[str, Iterable[str]]) -> list[str]:
    """Modules that use a library outside the rooms that may."""
    return sorted(
        f"{module} imports {library}"
        for module, names in package.modules.items()
        for library in {name.partition(".")[0] for name in names} & allowed.keys()
        if not _is_in(module, allowed[library])
    )


def forbidden_deeds(package: Package, deed: str, rooms: Iterable[str]) -> list[str]:
    """What modules do outside the rooms that alone may ``read``, ``write``, ``print``, ``start`` or ``connect``."""
    return [
        f"{module}: {what}"
        for module, done in package.deeds.items()
        if not _is_in(module, rooms)
        for what in sorted({what for kind, what in done if kind == deed})
    ]


def _is_in(module: str, rooms: Iterable[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


_WRITING = {"write_text", "write_bytes", "mkdir", "unlink", "rmdir", "touch", "symlink_to", "hardlink_to", "rename"}
_READING = {"open", "read_text", "read_bytes", "read_regular", "iterdir", "rglob", "scandir", "listdir", "stat"}
_OS_WRITING = {
    "replace", "rename", "unlink", "mkdir", "makedirs", "remove", "link", "symlink", "truncate", "ftruncate", "rmdir",
}  # fmt: skip
_OS_STARTING = {"fork", "forkpty", "system", "popen", "posix_spawn", "execv", "execve", "execvp", "spawnv"}
_STARTING = {"subprocess", "multiprocessing", "pty"}
_CONNECTING = {"socket", "ssl", "http", "requests", "urllib3", "httpx", "databricks", "urllib.request"}
_STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
_SCRATCH = {"mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory"}
_COPYING = {"copy", "copy2", "copyfile", "copytree", "move", "rmtree"}


def deeds(nodes: Iterable[ast.AST], names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What a file does to the world outside, as pairs of a kind and a name: from its nodes and the names it imports."""
    has_trees = any(name.partition(".")[0] == "sqlglot" for name in names)
    for name in names:
        package = name.partition(".")[0]
        if package in _STARTING:
            yield "start", package
        if package in _CONNECTING or name.startswith("urllib.request"):
            yield "connect", package
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "sys" and node.attr in _STREAMS:
                yield "print", f"sys.{node.attr}"
            yield from _deeds_of_modules(node.value.id, node.attr)
        if isinstance(node, ast.Call):
            yield from _deeds_of_calls(node, has_trees=has_trees)
            if isinstance(node.func, ast.Attribute | ast.Name) and _name_of(node.func) in _READING:
                yield "read", _name_of(node.func)


def _name_of(function: ast.Attribute | ast.Name) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id


def _deeds_of_modules(module: str, name: str) -> Iterator[tuple[str, str]]:
    if module == "os" and name in _OS_STARTING:
        yield "start", f"os.{name}"
    is_writing = {"os": _OS_WRITING, "tempfile": _SCRATCH, "shutil": _COPYING}
    if name in is_writing.get(module, ()):
        yield "write", f"{module}.{name}"


def _deeds_of_calls(call: ast.Call, *, has_trees: bool) -> Iterator[tuple[str, str]]:
    match call.func:
        case ast.Name(id="print"):
            yield "print", "print"
        case ast.Name(id="open") if _opens_for_writing(call.args[1:2], call.keywords):
            yield "write", "open"
        case ast.Attribute(attr="open") if _opens_for_writing(call.args[:1], call.keywords):
            yield "write", "open"
        case ast.Attribute(attr="echo" | "secho", value=ast.Name(id="typer")):
            yield "print", "typer.echo"
        case ast.Attribute(attr=name) if name in _WRITING:
            yield "write", name
        case ast.Attribute(attr="replace") if len(call.args) == 1 and not call.keywords and not has_trees:
            yield "write", "replace"  # a path's: a text's takes two arguments


def _opens_for_writing(mode: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    modes = [*mode, *(keyword.value for keyword in keywords if keyword.arg == "mode")]
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[rwaxbt+]*[wax+][rwaxbt+]*", node.value)
        for node in modes
    )
