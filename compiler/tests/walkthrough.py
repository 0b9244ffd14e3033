"""Follows a page of the documentation word by word in a folder, as a reader does: files, commands and their output."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from literate import Block, read_blocks

from compiler.tests.command import run_cbx

_TIME = re.compile(r" *\b\d+\.\d+( ?s)\b")
READER = "/home/you/shop"
"""The folder in which the reader of a page is."""
_COMMAND = re.compile(r"^\$ ", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A block of a page that shows a result, and the result here."""

    block: Block
    result: str

    @property
    def expected(self) -> str:
        return hide_times(self.block.body)

    @property
    def actual(self) -> str:
        return hide_times(self.result)


def follow_page(
    page: Path,
    folder: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
    replacements: Mapping[str, str] = MappingProxyType({}),
) -> list[Step]:
    """Do what each block of a page says, in order.

    A block with a path is a file to write; one in `target/` is a file that must be there. A `console` block has
    commands, each after `$ `, with their output.

    Args:
        page: The page.
        folder: The folder in which the reader is.
        environment: Variables to add to those of the commands.
        replacements: What a page shows instead of texts that differ from one run to the next.
    """
    texts = {**replacements, str(folder): READER}
    steps = []
    place = folder
    for block in read_blocks(page):
        kind, _, path = block.info.partition(" ")
        if kind == "console":
            shown = []
            for command in _read_commands(block):
                if command.startswith("cd "):
                    place = (place / command.removeprefix("cd ")).resolve()
                output = "" if command.startswith("cd ") else _run(command, place, environment)
                shown.append(f"$ {command}\n{output}")
            steps.append(Step(block, _replace_all("".join(shown), texts)))
        elif path.startswith("target/"):
            steps.append(Step(block, (place / path).read_text(encoding="utf-8")))
        elif path:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(block.body, encoding="utf-8", newline="")
    return steps


def hide_times(text: str) -> str:
    """Output with all durations equal, which differ from one run to the next."""
    return _TIME.sub(r" 1.0\1", text)


def bless_page(page: Path, steps: list[Step]) -> None:
    """Write the results of the steps into the page, where more than durations differ."""
    text = page.read_text(encoding="utf-8")
    for step in reversed(steps):
        if step.expected != step.actual:
            text = text[: step.block.start] + step.result + text[step.block.end :]
    page.write_text(text, encoding="utf-8")


def _replace_all(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text


def _read_commands(block: Block) -> Iterator[str]:
    for part in _COMMAND.split(block.body)[1:]:
        yield part.partition("\n")[0]


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What a command prints: standard output first, as it is what scripts read."""
    words = shlex.split(command)
    if words[0] == "cbx" and not {"|", ">", "&&"} & set(words):
        done = run_cbx(folder, *words[1:], environment={"COLUMNS": "80", **environment})
    else:
        done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    text = done.stdout + done.stderr
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
