"""The comments of a pipeline that no file of the project has, for the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cbx.diagnostics.source_files import Span
from cbx.importing.import_report import ReportItem
from cbx.importing.reading.comments import find_comments
from cbx.importing.reading.source_text import SourceText, read_source_text
from cbx.importing.sql.queries import escape_jinja


def lost_comments(sources: Iterable[SourceText], files: Mapping[str, str]) -> list[ReportItem]:
    """The comments that are in no file, such as those of a dictionary whose rules became expectations.

    Args:
        sources: The source files of the pipeline.
        files: The texts of the project's files by path.
    """
    written = [read_source_text(path, text) for path, text in files.items() if path.endswith((".py", ".sql"))]
    kept = {text for source in written for _, text in find_comments(source)}
    return [
        ReportItem(text, Span(source.path, line), "no file of the project has this comment")
        for source in sources
        for line, text in find_comments(source)
        if text and text not in kept and escape_jinja(text) not in kept
    ]
