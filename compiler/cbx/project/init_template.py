"""The small project that ``cbx init`` writes: the files of ``compiler/start``, which are in the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_HERE = Path(__file__).parents[1]
_FOLDERS = (_HERE / "start", _HERE.parent / "start")
_PARTS = frozenset({"project.toml", "models", "tests", "landing"})
_SUFFIXES = frozenset({".toml", ".py", ".sql", ".json"})
_IGNORED = ".cbx/\n.venv/\n__pycache__/\n"
_NAME = "shop"


def template_files(name: str) -> Mapping[str, str]:
    """The texts of a new project's files, by path.

    Args:
        name: The name of the project's folder, from which the project's name is derived.
    """
    folder = next(candidate for candidate in _FOLDERS if candidate.is_dir())
    files = (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.suffix in _SUFFIXES)
    parts = [file for file in files if file.parts[0] in _PARTS]
    texts = {file.as_posix(): (folder / file).read_text(encoding="utf-8") for file in parts}
    return {".gitignore": _IGNORED, **{path: _set_project_name(text, name) for path, text in texts.items()}}


def _set_project_name(text: str, name: str) -> str:
    word = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")
    word = f"p_{word}" if word[:1].isdigit() else word or _NAME
    return text.replace(f'name = "{_NAME}"', f'name = "{word}"').replace(f"/{_NAME}/", f"/{word}/")
