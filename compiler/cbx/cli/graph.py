"""``cbx graph``: what reads what, and how it is related, as text and as pictures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cbx.cli.selection import EnvOption, ExcludeOption, ProjectOption, Selection, SelectOption, StateManifestOption

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cbx.graph.graph_document import GraphDocument, Node
    from cbx.render.column_lineage import ColumnGraph

_Drawn = TypeVar("_Drawn")


class Format(str, Enum):
    """How the graph is drawn."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    html = "html"
    json = "json"


ENDINGS = {
    ".txt": Format.tree,
    ".mmd": Format.mermaid,
    ".md": Format.mermaid,
    ".dot": Format.dot,
    ".gv": Format.dot,
    ".svg": Format.svg,
    ".html": Format.html,
    ".htm": Format.html,
    ".json": Format.json,
}
"""The formats that the endings of files stand for."""


@dataclass(frozen=True)
class _Picture:
    """What is drawn: tables, the lineage of their columns, or their relationships."""

    document: GraphDocument
    columns: ColumnGraph | None
    is_of_relationships: bool

    def drawn(
        self,
        tables: Callable[[GraphDocument], _Drawn],
        columns: Callable[[ColumnGraph], _Drawn],
        relationships: Callable[[GraphDocument], _Drawn],
    ) -> _Drawn:
        """By the one of three functions that is about it."""
        if self.is_of_relationships:
            return relationships(self.document)
        return tables(self.document) if self.columns is None else columns(self.columns)


def graph(
    about: Annotated[
        str | None, typer.Argument(metavar="MODEL[.COLUMN]", help="With --columns: only the lineage of this.")
    ] = None,
    output_format: Annotated[
        Format | None,
        typer.Option("--format", help="Default: by the ending of --output, else a tree, in colours on a terminal."),
    ] = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    columns: Annotated[
        bool, typer.Option("--columns", help="Which columns are made of which: of all, or up and down from one.")
    ] = False,
    relationships: Annotated[
        bool, typer.Option("--relationships", help="The entity-relationship diagram, with crow's feet.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write instead of standard output.")
    ] = None,
    state_manifest: StateManifestOption = None,
    state: Annotated[
        Path | None, typer.Option(help="With html: the folder of the run whose counts it shows; default: .cbx.")
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
) -> None:
    """Draw the graph of the project: what reads what, the lineage of columns, or the relationships."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import chosen, compiled, graph_of, project_graph, stop

    drawn_as = output_format or ENDINGS.get(output.suffix.lower() if output else "", Format.tree)
    if about is not None and not columns:
        stop(f"`{about}` is the model or column of --columns", f"to draw a part of the graph: --select '+{about}+'")
    if columns and relationships:
        stop("--columns and --relationships are two pictures", "ask for one of them")
    if state is not None and drawn_as is not Format.html:
        stop("--state is the run whose counts a page shows", "ask for one: --format html")
    if drawn_as is Format.html and output is None and sys.stdout.isatty():
        stop("the page is a long text, which a terminal cannot show", "name a file: --output graph.html")
    root = project_folder(project)
    compilation = compiled(root, env) if drawn_as is Format.html else None  # the page shows what is compiled, too
    whole = project_graph(root, env) if compilation is None else graph_of(compilation)
    document = whole.restrict_to(chosen(whole, Selection.of(select, exclude, state_manifest)))
    lineage = _lineage(whole, document, about) if columns else None
    picture = _Picture(document, lineage, relationships)
    _say_if_empty(picture)
    if compilation is not None:
        from cbx.cli.graph_page import Asked, graph_page

        asked = Asked(lineage.selected if lineage is not None else None, relationships=relationships)
        _hand_over(graph_page(document, compilation, root, state, asked), output)
    elif drawn_as is Format.tree:
        _hand_over_tree(_tree(picture), output)
    else:
        text = _text(picture, drawn_as)
        _say_if_too_large(text, drawn_as)
        is_markdown = output is not None and output.suffix.lower() == ".md" and drawn_as is Format.mermaid
        _hand_over(f"```mermaid\n{text}```\n" if is_markdown else text, output)


def _lineage(whole: GraphDocument, document: GraphDocument, about: str | None) -> ColumnGraph:
    """The lineage of columns that was asked for; a name that there is not ends the command."""
    from cbx.cli.selection import stop
    from cbx.diagnostics.diagnostic import did_you_mean
    from cbx.render.column_lineage import column_lineage, columns_by_node

    if about is None:
        return column_lineage(document)
    node, name = _named(whole, about), None
    if node is None:
        model, _, name = about.rpartition(".")
        node = _named(whole, model)
        if node is None:
            known = [one.id for one in whole.nodes]
            hint = did_you_mean(about, known) or did_you_mean(model, known, "`cbx list` prints the models")
            stop(f"no model is named `{about}`" + (f", nor `{model}`" if model else ""), hint)
    if node.id not in document.by_id:
        stop(f"`{node.id}` is not among what is selected", "leave out --select, or select it too")
    names = columns_by_node(document)[node.id]
    if name is not None and name not in names:
        hint = did_you_mean(name, names, f"it has {', '.join(names)}" if names else "its columns are not known")
        stop(f"`{node.id}` has no column `{name}`", hint)
    return column_lineage(document, node.id, name)


def _named(document: GraphDocument, name: str) -> Node | None:
    """The node with an id or a name; a name that several have ends the command."""
    from cbx.cli.selection import stop
    from cbx.diagnostics.diagnostic import listing

    if name in document.by_id:
        return document.by_id[name]
    found = [node for node in document.nodes if node.name == name]
    if len(found) > 1:
        stop(f"several are named `{name}`", f"there are {listing(node.id for node in found)}")
    return found[0] if found else None


def _say_if_empty(picture: _Picture) -> None:
    """An empty picture is drawn all the same, since a file was asked for, but not without a word."""
    if not picture.document.nodes:
        print("Nothing is selected.", file=sys.stderr)
    elif picture.is_of_relationships and not picture.document.relations:
        print("No relationship between these models is declared.", file=sys.stderr)
    elif picture.columns is not None and not picture.columns.columns:
        print("Nothing is known of where these columns come from.", file=sys.stderr)


def _say_if_too_large(text: str, drawn_as: Format) -> None:
    """Mermaid has limits (``maxTextSize`` and ``maxEdges``), which GitHub does not let anybody raise."""
    if drawn_as is Format.mermaid and (len(text) > 50_000 or text.count("->") > 500):
        said = "Mermaid draws at most 500 arrows and 50,000 characters, unless it is set up for more; GitHub is not."
        print(f"{said} Choose a part with --select.", file=sys.stderr)


def _tree(picture: _Picture) -> RenderableType:
    from cbx.render.tree import render_column_tree, render_relationship_tree, render_tree

    return picture.drawn(render_tree, render_column_tree, render_relationship_tree)


def _text(picture: _Picture, drawn_as: Format) -> str:
    """The formats that are texts."""
    if drawn_as is Format.json:
        from cbx.render.json_text import render_json

        return picture.drawn(
            render_json,
            lambda one: render_json(one.document, one),
            lambda document: render_json(document.with_relationships),
        )
    if drawn_as is Format.dot:
        from cbx.render.dot import render_dot, render_dot_columns, render_dot_relationships

        return picture.drawn(render_dot, render_dot_columns, render_dot_relationships)
    if drawn_as is Format.mermaid:
        from cbx.render.mermaid import render_mermaid, render_mermaid_columns, render_mermaid_relationships

        return picture.drawn(render_mermaid, render_mermaid_columns, render_mermaid_relationships)
    from cbx.render.svg import render_svg
    from cbx.render.svg_columns import render_svg_columns
    from cbx.render.svg_relationships import render_svg_relationships

    return picture.drawn(render_svg, render_svg_columns, render_svg_relationships)


def _hand_over_tree(tree: RenderableType, output: Path | None) -> None:
    """In colours on a terminal; elsewhere in plain lines, as long as they need to be."""
    from io import StringIO

    from rich.console import Console

    console = Console()
    if output is None and console.is_terminal:
        console.print(tree, highlight=False)
        return
    text = StringIO()
    Console(file=text, width=10_000).print(tree, highlight=False)
    _hand_over("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()), output)


def _hand_over(text: str, output: Path | None) -> None:
    """Write to the file that was named, which is replaced as a whole, or print."""
    from cbx.cli.selection import stop
    from cbx.target.write import replace_file

    if output is None:
        print(text, end="")
        return
    try:
        if output.exists() and not output.is_file():  # a device or a pipe
            output.write_text(text, encoding="utf-8", newline="\n")
        else:
            replace_file(output.resolve(), text.encode())
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}")
    print(f"Wrote {output}.", file=sys.stderr)
