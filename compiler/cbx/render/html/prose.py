"""Prose pages of a project, from Markdown to plain data: the page's scripts make elements of it, and text stays text.

An element is a list of its tag and its children; a string is text. Raw HTML is text, images are their descriptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

_TAGS = {
    "paragraph": "p",
    "bullet_list": "ul",
    "ordered_list": "ol",
    "list_item": "li",
    "blockquote": "blockquote",
    "hr": "hr",
    "strong": "strong",
    "em": "em",
    "s": "s",
    "hardbreak": "br",
    "table": "table",
    "thead": "thead",
    "tbody": "tbody",
    "tr": "tr",
    "th": "th",
    "td": "td",
}
_LEAVES: dict[str, Callable[[SyntaxTreeNode], Any]] = {
    "text": lambda node: node.content,
    "html_inline": lambda node: node.content,
    "html_block": lambda node: node.content,
    "softbreak": lambda _: " ",
    "code_inline": lambda node: ["code", node.content],
    "fence": lambda node: ["pre", node.content.rstrip("\n")],
    "code_block": lambda node: ["pre", node.content.rstrip("\n")],
    "image": lambda node: ["em", node.content],
}
"""What has no children that matter."""

_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_PAGE = re.compile(r"(?:\./)?([^/#]+)\.md(?:#.*)?")
_MODEL_FILE = re.compile(r"(?:\.\./)?models/([^/]+)/(?:.*/)?([^/]+)\.(?:sql|py)")


class ProsePage(NamedTuple):
    """A page of a project's documentation.

    Attributes:
        name: The name of its file, without the suffix.
        text: Its Markdown.
    """

    name: str
    text: str


def prose_data(pages: Sequence[ProsePage], models: Collection[str]) -> list[list[Any]]:
    """Each page with its name, its title and its elements.

    Args:
        pages: The pages, in the order in which they are listed.
        models: The ids of models, to which links lead.

    Example:
        The page ``orders`` with ``# Orders of *customers*`` becomes
        ``["orders", "Orders of customers", [["h1", "Orders of ", ["em", "customers"]]]]``.
    """
    if not pages:
        return []
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    names = {page.name for page in pages}
    data = []
    for page in pages:
        tree = SyntaxTreeNode(markdown.parse(page.text))
        elements = list(_Converter(names, models).convert_all(tree.children))
        data.append([page.name, _title(elements) or page.name, elements])
    return data


class _Converter(NamedTuple):
    """What links may lead to: the names of pages and the ids of models."""

    pages: Collection[str]
    models: Collection[str]

    def convert_all(self, nodes: Sequence[SyntaxTreeNode]) -> Iterator[Any]:
        for node in nodes:
            yield from (element for element in self._convert(node) if element != "")

    def _convert(self, node: SyntaxTreeNode) -> Iterator[Any]:
        kind = node.type
        if kind in _LEAVES:
            yield _LEAVES[kind](node)
        elif kind == "link":
            yield from self._link(node)
        elif kind in _TAGS and not node.hidden:
            yield [_TAGS[kind], *self.convert_all(node.children)]
        elif kind == "heading":
            yield [node.tag, *self.convert_all(node.children)]
        else:
            yield from self.convert_all(node.children)

    def _link(self, node: SyntaxTreeNode) -> Iterator[Any]:
        """A link to the web, another page or a model; the text alone of any other link."""
        written = str(node.attrs.get("href", ""))
        address = unquote(written)
        children = list(self.convert_all(node.children))
        page, model_file = _PAGE.fullmatch(address), _MODEL_FILE.fullmatch(address)
        model = f"{model_file[1]}.{model_file[2]}" if model_file else address
        if _WEB.match(written):
            yield ["a", written, *children]
        elif page and page[1] in self.pages:
            yield ["a", f"#/docs/{quote(page[1])}", *children]
        elif model in self.models:
            yield ["a", f"#/lineage/{quote(model)}", *children]
        else:
            yield from children


def _title(elements: Sequence[Any]) -> str | None:
    first = next((element for element in elements if isinstance(element, list) and element[0] == "h1"), None)
    return None if first is None else "".join(_text(first[1:]))


def _text(children: Sequence[Any]) -> Iterator[str]:
    for child in children:
        if isinstance(child, str):
            yield child
        else:
            yield from _text(child[2:] if child[0] == "a" else child[1:])
