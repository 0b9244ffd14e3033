"""The small projects that ``cbx init`` writes: the files of ``compiler/start``, which are in the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parents[1]
_FOLDERS = (_HERE / "start", _HERE.parent / "start")
_PARTS = frozenset({"project.toml", "models", "tests", "landing", "notebooks", "AGENTS.md"})
_ONLY_NOTEBOOKS = frozenset({"landing", "notebooks"})
_SUFFIXES = frozenset({".toml", ".py", ".sql", ".json", ".md"})
_IGNORED = ".cbx/\n.venv/\n__pycache__/\n"
_NAME = "shop"


def template_files(name: str, template: str | None = None) -> Mapping[str, str]:
    """The texts of a new project's files, by path.

    Args:
        name: The name of the project's folder, from which the project's name is derived.
        template: ``python`` or ``sql`` for models in one language, ``notebooks`` for notebooks instead of models; None
            for models in both languages.
    """
    folder = next(candidate for candidate in _FOLDERS if candidate.is_dir())
    texts = _read(folder)
    if template is not None:
        own = _read(folder / "templates" / template)
        stems = {path.rpartition(".")[0] for path in own}
        texts = {path: text for path, text in texts.items() if path.rpartition(".")[0] not in stems} | own
    parts = _ONLY_NOTEBOOKS if template == "notebooks" else _PARTS
    kept = {path: text for path, text in sorted(texts.items()) if path.partition("/")[0] in parts}
    return {".gitignore": _IGNORED, **{path: _set_project_name(text, name) for path, text in kept.items()}}


def _read(folder: Path) -> dict[str, str]:
    """The files of a project, without those of the templates beside it."""
    files = (file for file in folder.rglob("*") if file.suffix in _SUFFIXES)
    paths = (file.relative_to(folder) for file in files)
    return {path.as_posix(): (folder / path).read_text(encoding="utf-8") for path in paths if path.parts[0] in _PARTS}


def _set_project_name(text: str, name: str) -> str:
    word = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")
    word = f"p_{word}" if word[:1].isdigit() else word or _NAME
    return text.replace(f'name = "{_NAME}"', f'name = "{word}"').replace(f"/{_NAME}/", f"/{word}/")
