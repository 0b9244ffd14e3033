"""Holds the import rows: arrows point down only, and some libraries have one room."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx

PACKAGE = Path(__file__).parents[1] / "cbx"

ROWS = (
    ("cli", "__main__"),
    ("incremental",),
    ("testing",),
    ("compiler", "write", "pages", "start", "runtime", "selectors", "selector_methods", "render", "deploy"),
    ("changes",),
    ("passes",),
    ("analyse",),
    ("emit",),
    ("inline",),
    ("ir.plan",),
    ("ir.resolved",),
    ("ir.declared",),
    ("analysis",),
    ("project",),
    ("parse",),
    ("declare.reading",),
    ("ir.syntax",),
    ("ir.text",),
    ("declare",),
    ("journal", "graph", "diagnostics", "graph_document", "target"),
    ("reader_options",),
    ("sources", "codes", "version", "location", "nearest", "sql_comments", "copies", "collector"),
)
"""From the top down: a module may import from its own row's room and from the rows below it."""

FENCES = {
    "networkx": ("graph",),
    "jinja2": ("parse.templates", "parse.template_places", "parse.template_marks", "parse.sandbox", "parse.budget"),
    "sqlglot": ("parse", "analysis", "passes.check_expectations", "runtime", "testing.sail_sql"),
    "pyspark": ("runtime", "analysis.tracing", "testing"),
    "pytest": ("testing.plugin", "testing.fixtures", "testing.choosing", "cli.test"),
    "typer": ("cli",),
    "rich": ("cli", "render.tree"),
    "yaml": ("emit.bundle",),
    "databricks": ("deploy",),
    "requests": ("deploy",),
    "pydantic": ("project", "declare", "deploy.state_shape"),
}
"""The rooms that may import a library."""


def modules() -> dict[str, Path]:
    named = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imports(path: Path) -> set[str]:
    """Every name that a file imports, wherever in the file it does, with its module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports(path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the package that a file imports or imports from."""
    found = {name.removeprefix("cbx.") for name in imports(path) if name.startswith("cbx.")}
    return {name if name in known else name.rpartition(".")[0] for name in found} & set(known)


def row(module: str) -> int:
    """The row of a module: that of the longest room that holds it."""
    rooms = [(room, number) for number, line in enumerate(ROWS) for room in line]
    matching = [(len(room), number) for room, number in rooms if module == room or module.startswith(f"{room}.")]
    assert matching, f"{module} stands in no room"
    return max(matching)[1]


def test_imports_point_down() -> None:
    """A module imports from its own room and from the rows below, never upwards."""
    known = {name: path for name, path in modules().items() if name}
    upwards = [
        f"{module} -> {imported}"
        for module, path in known.items()
        for imported in own_imports(path, known)
        if row(imported) < row(module)
    ]

    assert upwards == []


def test_modules_form_no_cycle() -> None:
    """No module imports itself by way of others, imports inside functions counted."""
    known = {name: path for name, path in modules().items() if name}
    graph = networkx.DiGraph(
        (module, imported) for module, path in known.items() for imported in own_imports(path, known)
    )
    knots = [sorted(knot) for knot in networkx.strongly_connected_components(graph) if len(knot) > 1]

    assert knots == []


def test_libraries_keep_to_their_rooms() -> None:
    """Each library is imported in the rooms that are about it, so that it can be replaced there."""
    strays = []
    for module, path in modules().items():
        for library in {name.split(".")[0] for name in imports(path)}:
            rooms = FENCES.get(library)
            if rooms is not None and not any(module == room or module.startswith(f"{room}.") for room in rooms):
                strays.append(f"{module} imports {library}")

    assert strays == []


def test_only_the_command_line_prints() -> None:
    """Nothing outside `cli` calls `print`."""
    printing = [
        module
        for module, path in modules().items()
        if not module.startswith("cli")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert printing == []
