"""Landing files without Spark: new files of a folder as an Arrow table, with the semantics of ``auto_loader``.

Options, evolution and state are those of ``auto_loader``. Here are a listing, inference and parsers that give what
Spark gives; whatever is not certain raises ``NeedsSparkError``, and Spark reads the files.
"""

from __future__ import annotations

from cbx.runtime.auto_loader.reading_plan import Opening
from cbx.runtime.landing_files.errors import NeedsSparkError
from cbx.runtime.landing_files.read_new_files import NewRows, read_all_files, read_new_files
from cbx.runtime.landing_files.supported import find_unsupported

__all__ = ["NeedsSparkError", "NewRows", "Opening", "find_unsupported", "read_all_files", "read_new_files"]
