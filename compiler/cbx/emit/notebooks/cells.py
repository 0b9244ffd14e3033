"""The parts of every notebook: cells, calls, imports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cbx.emit.literals import string_literal
from cbx.project.settings import Project
from cbx.stages.imports import Import

WIDTH = 110
_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ENCODING = re.compile(r"coding[:=]")
"""Must not match in the first two lines of a Python file: PEP 263 reads such a comment as the file's encoding."""
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


def source_text(project: Project, title: Sequence[str], cells: Iterable[str]) -> str:
    """A source file in the project's ``source_format``: its title, then its cells.

    Each line of the title is a comment, also where a name in it has several lines.
    """
    title = [line for part in title for line in _lines(part)]
    if project.settings.compile.source_format == "file":
        lines = [*title[:1], *[""] * any(map(_ENCODING.search, title[1:2])), *title[1:]]
        heading = "\n".join(f"# {line}".rstrip() for line in lines)
        return "\n\n\n".join([heading, *cells]) + "\n"
    heading = "\n".join(["# MAGIC %md", *(f"# MAGIC {line}".rstrip() for line in _as_markdown(title))])
    return "# Databricks notebook source\n" + "\n\n# COMMAND ----------\n\n".join([heading, *cells]) + "\n"


def _as_markdown(title: Sequence[str]) -> list[str]:
    return [f"# {title[0]}", *title[1:]]


def comment_lines(text: str) -> list[str]:
    """A user's text as lines that are safe in comments."""
    return _lines(text.strip())


def _lines(text: str) -> list[str]:
    if text.isascii() and text.isprintable():
        return [text.rstrip()]
    return [_INVISIBLE.sub("", line).rstrip() for line in _LINE_BREAKS.split(text)]


def file_word(project: Project) -> str:
    """What a compiled file is called in its own comments."""
    return "file" if project.settings.compile.source_format == "file" else "notebook"


def api_import(project: Project) -> Import:
    """The import of the project's pipeline API."""
    if project.settings.compile.api == "dlt":
        return Import("dlt")
    return Import("pyspark", "pipelines", "dp")


def api_name(project: Project) -> str:
    """The name under which notebooks call the pipeline API."""
    return "dlt" if project.settings.compile.api == "dlt" else "dp"


def call(function: str, arguments: Sequence[tuple[str, str]]) -> str:
    """A call with named arguments, one per line."""
    lines = "".join(f"    {name}={value},\n" for name, value in arguments)
    return f"{function}(\n{lines})"


def dict_literal(entries: Iterable[tuple[str, str]]) -> str:
    """A dictionary of texts: on one line if it fits, else one entry per line."""
    return dict_of_expressions((name, string_literal(value)) for name, value in entries)


def dict_of_expressions(entries: Iterable[tuple[str, str]]) -> str:
    """As `dict_literal`, for values that are expressions."""
    items = [f"{string_literal(name)}: {value}" for name, value in entries]
    short = "{" + ", ".join(items) + "}"
    if len(short) < WIDTH - 30:
        return short
    return "{\n" + "".join(f"        {item},\n" for item in items) + "    }"


def wrapped_literal(text: str, indent: str) -> str:
    """A long text as adjacent literals, one per line, broken after commas; a short text as one literal."""
    whole = string_literal(text)
    if len(indent) + len(whole) <= WIDTH:
        return whole
    lines: list[str] = []
    for piece in re.findall(r"[^,]*,\s*|[^,]+\Z", text):
        if lines and len(indent) + len(string_literal(lines[-1] + piece)) <= WIDTH:
            lines[-1] += piece
        else:
            lines.append(piece)
    return ("\n" + indent).join(string_literal(line) for line in lines)


def free_name(preferred: str, taken: frozenset[str]) -> str:
    """A name that is not taken in the notebook: ``preferred``, or the same with a number."""
    name, number = preferred, 2
    while name in taken:
        name, number = f"{preferred}_{number}", number + 1
    return name
