"""The small project that ``cbx init`` writes: real files of ``compiler/start``, which come with the package."""

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
    """The files of a first project by their paths.

    Args:
        name: What the project's folder is called; the project is named after it as far as names allow.
    """
    folder = next(candidate for candidate in _FOLDERS if candidate.is_dir())
    files = (file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.suffix in _SUFFIXES)
    own = [file for file in files if file.parts[0] in _PARTS]
    texts = {file.as_posix(): (folder / file).read_text(encoding="utf-8") for file in own}
    return {".gitignore": _IGNORED, **{path: _set_project_name(text, name) for path, text in texts.items()}}


def _set_project_name(text: str, name: str) -> str:
    own = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")
    own = f"p_{own}" if own[:1].isdigit() else own or _NAME
    return text.replace(f'name = "{_NAME}"', f'name = "{own}"').replace(f"/{_NAME}/", f"/{own}/")
