"""Converts the positions of Python's parser (lines, and columns in UTF-8 bytes) to spans in characters."""

from __future__ import annotations

import ast

from cbx.diagnostics.source_files import SourceFile, Span


class Positions:
    """The spans of a syntax tree's nodes in their file.

    Args:
        source: The file; the parsed text has the same lines and columns.
    """

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self._path = source.path
        self._is_ascii = source.text.isascii()

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias) -> Span:
        """The span of a node."""
        line, start = node.lineno, node.col_offset
        end_line, end = node.end_lineno or line, node.end_col_offset or start
        if self._is_ascii:
            return Span(self._path, line, start + 1, end_line, end + 1)
        return Span(self._path, line, self._column(line, start), end_line, self._column(end_line, end))

    def keyword(self, node: ast.keyword) -> Span:
        """The span of a keyword argument's name."""
        line, column = node.lineno, self._column(node.lineno, node.col_offset)
        return Span(self.source.path, line, column, line, column + len(node.arg or ""))

    def offsets(self, node: ast.expr | ast.stmt | ast.arg) -> tuple[int, int]:
        """The character offsets at which a node starts and ends."""
        span = self.span(node)
        return self.source.offset(span.line, span.column), self.source.offset(span.end_line, span.end_column)

    def error(self, error: SyntaxError, first_line: int = 1) -> Span:
        """The span of a syntax error."""
        line = max(error.lineno or first_line, 1)
        width = len(self.source.line(line))
        column = min(max(error.offset or 1, 1), width + 1)
        end_column = error.end_offset or 0
        if error.end_lineno != line or end_column <= column:
            end_column = column + 1
        return Span(self.source.path, line, column, line, end_column)

    def _column(self, line: int, byte_offset: int) -> int:
        if self._is_ascii:
            return byte_offset + 1
        text = self.source.line(line)
        return len(text.encode()[:byte_offset].decode(errors="ignore")) + 1
