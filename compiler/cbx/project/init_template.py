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


def starting_files(name: str) -> Mapping[str, str]:
    """The files of a first project by their paths.

    Args:
        name: What the project's folder is called; the project is named after it as far as names allow.
    """
    folder = next(one for one in _FOLDERS if one.is_dir())
    files = (one.relative_to(folder) for one in sorted(folder.rglob("*")) if one.suffix in _SUFFIXES)
    own = [one for one in files if one.parts[0] in _PARTS]
    texts = {one.as_posix(): (folder / one).read_text(encoding="utf-8") for one in own}
    return {".gitignore": _IGNORED, **{path: _named(text, name) for path, text in texts.items()}}


def _named(text: str, name: str) -> str:
    own = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")
    own = f"p_{own}" if own[:1].isdigit() else own or _NAME
    return text.replace(f'name = "{_NAME}"', f'name = "{own}"').replace(f"/{_NAME}/", f"/{own}/")
