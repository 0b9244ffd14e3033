"""Renders one Jinja macro of the project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile
from cbx.parse.jinja.template_spans import Template
from cbx.parse.jinja.templates import Templates
from cbx.syntax.text import Variable
from cbx.testing.errors import ModelTestError


def render_macro(
    root: Path, name: str, arguments: tuple[Any, ...], named: Mapping[str, Any], variables: Mapping[str, str]
) -> str:
    """The text that a macro renders for some arguments.

    Args:
        root: The project's folder.
        name: The macro.
        arguments: Its positional arguments, Python values with a literal in Jinja.
        named: Its keyword arguments.
        variables: The values of the project's variables.

    Raises:
        ModelTestError: If there is no such macro, or it fails.
    """
    templates, report = Templates(), Report()
    for file in sorted((root / "macros").rglob("*.sql")):
        text = file.read_text(encoding="utf-8-sig")
        templates.add_macros(SourceFile(file.relative_to(root).as_posix(), text), report)
    words = [*map(repr, arguments), *(f"{key}={value!r}" for key, value in named.items())]
    source = SourceFile("a test", f"{{{{ {name}({', '.join(words)}) }}}}")
    rendered = templates.render(Template(source.text, source), report, frozenset(variables))
    if rendered is None:
        first = report.sorted_diagnostics()[0]
        raise ModelTestError(f"render_macro: {first.message}", first.hint)
    parts = rendered.text.parts
    return "".join(variables[part.name] if isinstance(part, Variable) else str(part) for part in parts)
