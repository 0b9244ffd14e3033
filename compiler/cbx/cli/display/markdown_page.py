"""Prints a Markdown page on a terminal, readable on light and dark backgrounds, with links that the terminal opens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, TextIO

from markdown_it import MarkdownIt
from pygments.token import Comment, Keyword, Name, Number, String  # type: ignore[import-untyped]
from rich.console import Console
from rich.markdown import CodeBlock, Markdown
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text
from rich.theme import Theme

from cbx.cli.display.colours import DONE, INFO, WARNING

if TYPE_CHECKING:
    from rich.console import ConsoleOptions

_WIDEST = 100
_INDENT = "  "
_THEME = Theme(
    {
        "markdown.code": "bold",
        "markdown.link": INFO.style,
        "markdown.link_url": INFO.style,
        "markdown.item.number": "none",
        "markdown.item.bullet": "none",
        "markdown.h1": "bold",
        "markdown.h2": f"bold {INFO.style}",
    }
)
_CODE = ANSISyntaxTheme(
    {
        Comment: Style(dim=True),
        Keyword: Style.parse(INFO.style),
        Name.Decorator: Style.parse(WARNING.style),
        Number: Style.parse(WARNING.style),
        String: Style.parse(DONE.style),
    }
)


class _Code(CodeBlock):
    """A code block without a background; lines that are too long go on below, indented."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines."""
        code = str(self.text).rstrip()
        width = options.max_width - 2 * len(_INDENT)
        for line in Syntax(code, self.lexer_name, theme=_CODE).highlight(code).split("\n"):
            first, *more = line.wrap(console, width) or [line]
            yield Text(_INDENT).append_text(first)
            yield from (Text(2 * _INDENT).append_text(part) for part in more)


class _Page(Markdown):
    elements: ClassVar = {**Markdown.elements, "fence": _Code, "code_block": _Code}

    def __init__(self, page: str) -> None:
        """Parse a page with a parser that does not refuse links to files, as Rich's does."""
        super().__init__("")
        parser = MarkdownIt().enable("table")
        parser.validateLink = _is_link  # type: ignore[method-assign, assignment]
        self.markup, self.parsed = page, parser.parse(page)


def _is_link(_: str) -> bool:
    return True


def print_page(page: str, stream: TextIO) -> None:
    """Print a page of the documentation."""
    console = Console(file=stream, theme=_THEME)
    console.print(_Page(page), width=min(console.width, _WIDEST))
