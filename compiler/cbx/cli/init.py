"""``cbx init``: creates a small project."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cbx.cli.stop import stop

_PACKAGES = ("pysail", "pyspark", "pyarrow", "pytest")
"""The packages of the extra `sail`, which `cbx run` and `cbx test` need."""


class ProjectTemplate(str, Enum):
    """What a project is written in."""

    python = "python"
    sql = "sql"
    notebooks = "notebooks"


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder of the project; files that exist are not changed.")
    ],
    template: Annotated[
        ProjectTemplate | None,
        typer.Option(help="Models in one language, or Delta Live Tables notebooks; default: models in both languages."),
    ] = None,
) -> None:
    """Create a small project with models and tests."""
    from cbx.project.init_template import template_files

    if folder.exists() and not folder.is_dir():
        stop(f"{folder} is a file, not a folder", f"name a new folder: cbx init {_free_name(folder)}")

    files = template_files(folder.resolve().name, template.value if template else None)
    own = ("notebooks",) if template is ProjectTemplate.notebooks else ("project.toml", "models")
    existing = next((path for path in (*own, *files) if path not in _KEPT and (folder / path).exists()), None)
    if existing is not None:
        is_project = existing == "project.toml"
        go_on = f"it is a project already; for another one, name a new folder: cbx init {_free_name(folder)}"
        hint = go_on if is_project else f"name a new folder: cbx init {_free_name(folder)}"
        stop(f"{folder / existing} already exists; nothing was written", hint)
    try:
        for path, text in files.items():
            if path in _KEPT and (folder / path).exists():
                continue
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        stop(f"{error.filename} cannot be written: {error.strerror}")
    content = " and two notebooks" if template is ProjectTemplate.notebooks else ", three models and their tests"
    print(f"Wrote a project to {folder}/: a landing file{content}. Next:\n")
    steps = [*_first_steps(folder), *(_NOTEBOOK_STEPS if template is ProjectTemplate.notebooks else _MODEL_STEPS)]
    width = max(len(command) for command, _ in steps)
    for command, comment in steps:
        print(f"    {command:<{width}}{f'  # {comment}' if comment else ''}".rstrip())


_KEPT = (".gitignore", "AGENTS.md")
"""Files that a folder may have already, and keeps."""

_MODEL_STEPS = (
    ("cbx test", "the unit tests, without a pipeline"),
    ("cbx compile", "the notebooks and the bundle, in target/"),
    ("cbx run", "the pipeline, on this machine"),
    ("cbx show gold.daily_revenue", "the result"),
)
_NOTEBOOK_STEPS = (
    ("cbx run notebooks --var landing=landing", "the pipeline, on this machine"),
    ("cbx show gold.daily_revenue", "the result"),
    ("cbx import notebooks --into models", "the same as a project of models"),
)


def _first_steps(folder: Path) -> Iterator[tuple[str, str]]:
    """What comes before the commands of cbx: the folder, and the packages that these need."""
    if folder.resolve() != Path.cwd():
        yield f"cd {_quote(str(folder))}", ""
    if not all(map(find_spec, _PACKAGES)):
        yield "pip install 'circuit-box[sail]'", "what tests and runs need"


def _quote(path: str) -> str:
    """A path as a shell reads it."""
    import shlex

    return shlex.quote(path)


def _free_name(folder: Path) -> str:
    """The name of a folder that does not exist."""
    place = Path("shop") if folder.resolve() == Path.cwd() else folder
    names = (place if number == 1 else place.with_name(f"{place.name}_{number}") for number in range(1, 1000))
    return _quote(str(next((name for name in names if not name.exists()), place)))
