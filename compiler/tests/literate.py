"""Literate cases: Markdown whose fenced blocks are a project and what the compiler makes of it.

A heading of the second level begins a case. A block whose info string names a path is a file of the project:
```` ```python models/silver/orders.py ````; one whose path begins with ``target/`` is a file that the compiler is
expected to write. A ``diagnostics`` block holds what it is expected to report, as text; remarks (severity info)
only where it is called ``diagnostics with remarks``. A ``project.toml`` that only names the project is supplied
where the case has none. Python models are traced only where the settings of the case say ``trace = true``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cbx.cli.display.diagnostics import as_text
from cbx.compiler import Compilation, compile_project
from cbx.diagnostics.codes import Severity
from cbx.diagnostics.diagnostic import read_sources

MINIMAL_PROJECT = '[project]\nname = "shop"\n'
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: what it is, and where its body stands in the document."""

    info: str
    body: str
    start: int
    end: int


@dataclass(frozen=True)
class Case:
    """One case of a document."""

    document: Path
    title: str
    blocks: tuple[Block, ...]

    @property
    def id(self) -> str:
        return f"{self.document.parent.name}/{self.document.stem}: {self.title}"

    @property
    def files(self) -> dict[str, str]:
        named = {
            block.info.split(" ", 1)[1]: block.body
            for block in self.blocks
            if " " in block.info and not block.info.startswith("diagnostics")
        }
        return {path: body for path, body in named.items() if not path.startswith("target/")}

    @property
    def outputs(self) -> tuple[Block, ...]:
        return tuple(block for block in self.blocks if " target/" in block.info)

    @property
    def diagnostics(self) -> Block | None:
        return next((block for block in self.blocks if block.info.split(" ")[0] == "diagnostics"), None)


def read_cases(place: Path) -> list[Case]:
    """The cases of a document, or of all documents below a folder in the order of their paths."""
    return [case for document in _documents(place) for case in _cases(document)]


def _documents(place: Path) -> list[Path]:
    return [place] if place.is_file() else sorted(place.rglob("*.md"))


def read_blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document."""
    text = document.read_text(encoding="utf-8")
    return [
        Block(found["info"].strip(), found["body"], found.start("body"), found.end("body"))
        for found in _FENCE.finditer(text)
    ]


def _cases(document: Path) -> list[Case]:
    text = document.read_text(encoding="utf-8")
    blocks = read_blocks(document)
    inside = [(block.start, block.end) for block in blocks]
    headings = [
        found for found in _HEADING.finditer(text) if not any(start <= found.start() < end for start, end in inside)
    ]
    ends = [*(heading.start() for heading in headings[1:]), len(text)][: len(headings)]
    return [
        Case(document, heading[1], tuple(piece for piece in blocks if heading.start() < piece.start < end))
        for heading, end in zip(headings, ends, strict=True)
    ]


def lay_out(files: dict[str, str], root: Path) -> None:
    """Write the files of a project into a folder."""
    for path, body in {"project.toml": MINIMAL_PROJECT, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(body, encoding="utf-8", newline="")


def diagnostics_text(compilation: Compilation, root: Path, *, with_remarks: bool = False) -> str:
    """The diagnostics of a compilation as people see them."""
    sources = read_sources(root, compilation.diagnostics)
    shown = [
        diagnostic for diagnostic in compilation.diagnostics if with_remarks or diagnostic.severity is not Severity.INFO
    ]
    return "\n".join(as_text(diagnostic, sources) for diagnostic in shown)


def check(case: Case, root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What a case expects and what the compiler did, as texts by block."""
    lay_out(case.files, root)
    compilation = compile_project(root, with_trace="trace = true" in case.files.get("project.toml", ""))
    written = {f"target/{artifact.path}": artifact.text for artifact in compilation.artifacts}
    expected, actual = {}, {}
    expected["diagnostics"] = case.diagnostics.body if case.diagnostics else ""
    with_remarks = case.diagnostics is not None and case.diagnostics.info.endswith("with remarks")
    actual["diagnostics"] = diagnostics_text(compilation, root, with_remarks=with_remarks)
    for block in case.outputs:
        path = block.info.split(" ", 1)[1]
        expected[path] = block.body
        actual[path] = written.get(path, "not written\n")
    return expected, actual


def bless(case: Case, actual: dict[str, str]) -> None:
    """Rewrite the expectations of a case in its document."""
    text = case.document.read_text(encoding="utf-8")
    blocks = [*case.outputs, *([case.diagnostics] if case.diagnostics else [])]
    for block in sorted(blocks, key=lambda block: -block.start):
        name = "diagnostics" if block.info.startswith("diagnostics") else block.info.split(" ", 1)[1]
        text = text[: block.start] + actual[name] + text[block.end :]
    case.document.write_text(text, encoding="utf-8")
