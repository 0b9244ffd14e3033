"""``cbx init``: creates a small project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cbx.cli.stop import stop


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the project, new or empty.")],
) -> None:
    """Create a small project with models and tests."""
    from cbx.project.init_template import template_files

    files = template_files(folder.resolve().name)
    existing = next((path for path in ("project.toml", "models", *files) if (folder / path).exists()), None)
    if existing is not None:
        stop(f"{folder / existing} already exists; nothing was written", "name a new folder: cbx init shop")
    try:
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        stop(f"{error.filename} cannot be written: {error.strerror}")
    print(f"Wrote a project to {folder}/: a landing file, three models and their tests. Next:\n")
    is_here = folder.resolve() == Path.cwd()
    steps = [
        *([] if is_here else [(f"cd {folder}", "")]),
        ("cbx test", "the unit tests, without a pipeline"),
        ("cbx compile", "the notebooks and the bundle, in target/"),
        ("cbx run", "the pipeline, on this machine"),
        ("cbx show gold.daily_revenue", "the result"),
    ]
    for command, comment in steps:
        print(f"    {command:<29}{f'# {comment}' if comment else ''}".rstrip())
