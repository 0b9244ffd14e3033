"""A build hook of hatch that puts the documentation site into wheels.

An editable installation has none, nor has a wheel that is built without the generator, as on Python 3.10.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SiteHook(BuildHookInterface[Any]):
    """Builds the site before a wheel, and removes it afterwards."""

    PLUGIN_NAME = "custom"
    _folder: Path | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the site, and add it to the files of the wheel."""
        if version == "editable" or find_spec("zensical") is None:
            return
        self._folder = Path(tempfile.mkdtemp())
        script = Path(self.root) / "compiler" / "site" / "build_site.py"
        subprocess.run([sys.executable, str(script), "--into", str(self._folder / "site")], check=True)
        build_data["force_include"][str(self._folder / "site")] = "cbx/docs/site"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - hatch's
        """Remove the site's folder."""
        if self._folder is not None:
            shutil.rmtree(self._folder)
