"""The parts of a page, read from the package."""

from __future__ import annotations

import re
from importlib.resources import files

_HERE = files(__package__)

_LIBRARIES = (
    *(f"d3-{name}" for name in ("dispatch", "color", "interpolate", "ease", "timer")),
    *(f"d3-{name}" for name in ("selection", "transition", "drag", "zoom")),
    "dagre",
    *(f"prism-{name}" for name in ("core", "python", "sql")),
)
"""In the order of their dependencies."""

_LICENCES = ("d3", "d3-ease", "dagre", "prism")

_ENTRY = "main"
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
"""A reference to a file that does not exist beside the page."""

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|const|class) (\w+))", re.MULTILINE)


def page_text() -> str:
    """The document, with ``{{ }}`` for the other parts."""
    return _read("page/page.html")


def style_sheet() -> str:
    """The style sheet."""
    return _read("page/page.css")


def libraries() -> str:
    """D3's zoom, Dagre and Prism, with their licences; Prism must not highlight the page by itself."""
    licences = "\n\n".join(f"{name}\n{_read(f'vendor/{name}.LICENSE').strip()}" for name in _LICENCES)
    scripts = (_SOURCE_MAP.sub("", _read(f"vendor/{name}.min.js")).strip() for name in _LIBRARIES)
    return "\n".join(
        [f"/*!\n{licences}\n*/", "var Prism = {manual: true, disableWorkerMessageHandler: true};", *scripts]
    )


def script() -> str:
    """Our own modules as one script: each is a function that is called once, after the modules that it imports."""
    parts: dict[str, str] = {}
    _gather(_ENTRY, parts)
    return "\n".join(['"use strict";', "const modules = {};", *parts.values()])


def _gather(name: str, parts: dict[str, str]) -> None:
    """Add a module after its imports, with imports and exports rewritten for a function."""
    text = _read(f"page/{name}.js")
    for _, further in _IMPORT.findall(text):
        if further not in parts:
            _gather(further, parts)
    names = ", ".join(exported for _, exported in _EXPORT.findall(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(r"const \1 = modules.\2;", text))
    parts[name] = f"modules.{name} = (() => {{\n{body}return {{ {names} }};\n}})();"


def _read(path: str) -> str:
    return _HERE.joinpath(path).read_text(encoding="utf-8")
