"""``cbx graph``: draws the graph of the models, the lineage of columns, and relationships."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cbx.cli.options import EnvOption, ExcludeOption, NoTraceOption, ProjectOption, SelectOption, StateManifestOption
from cbx.cli.selection import SelectionOptions
from cbx.cli.stop import stop

if TYPE_CHECKING:
    from rich.console import Group

    from cbx.graph.graph_document import GraphDocument, Node
    from cbx.render.column_lineage import ColumnGraph

_Output = TypeVar("_Output")


class GraphFormat(str, Enum):
    """The format of the graph."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    html = "html"
    json = "json"


EXTENSIONS = {
    ".txt": GraphFormat.tree,
    ".mmd": GraphFormat.mermaid,
    ".md": GraphFormat.mermaid,
    ".dot": GraphFormat.dot,
    ".gv": GraphFormat.dot,
    ".svg": GraphFormat.svg,
    ".html": GraphFormat.html,
    ".htm": GraphFormat.html,
    ".json": GraphFormat.json,
}
"""The formats by the extension of the output file."""


@dataclass(frozen=True)
class _Picture:
    """What is drawn: the graph of tables, the lineage of their columns, or their relationships."""

    document: GraphDocument
    columns: ColumnGraph | None
    is_of_relationships: bool

    def draw(
        self,
        tables: Callable[[GraphDocument], _Output],
        columns: Callable[[ColumnGraph], _Output],
        relationships: Callable[[GraphDocument], _Output],
    ) -> _Output:
        """The output of one of three functions."""
        if self.is_of_relationships:
            return relationships(self.document)
        return tables(self.document) if self.columns is None else columns(self.columns)


def graph(
    about: Annotated[
        str | None,
        typer.Argument(metavar="MODEL[.COLUMN]", help="Only what is up- and downstream of this model or column."),
    ] = None,
    output_format: Annotated[
        GraphFormat | None,
        typer.Option(
            "--format",
            help="Default: by the extension of --output, else a tree.",
        ),
    ] = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    columns: Annotated[
        bool, typer.Option("--columns", help="Draw the lineage of columns: of all, or of the model in the argument.")
    ] = False,
    relationships: Annotated[
        bool, typer.Option("--relationships", help="Draw the entity-relationship diagram, with crow's feet.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The file to write; default: standard output.")
    ] = None,
    state_manifest: StateManifestOption = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="With html: the state folder of the run whose counts it shows; default: .cbx."
        ),
    ] = None,
    event_log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With html: an event log of a workspace instead, exported as JSON."),
    ] = None,
    project: ProjectOption = None,
    env: EnvOption = "local",
    no_trace: NoTraceOption = False,
) -> None:
    """Draw the graph of models, the lineage of columns or relationships."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import compile_or_exit, project_graph, read_graph, select_nodes
    from cbx.graph.selectors import lineage_of
    from cbx.incremental.options import Options

    output_format = output_format or EXTENSIONS.get(output.suffix.lower() if output else "", GraphFormat.tree)
    if columns and relationships:
        stop("--columns and --relationships cannot be combined", "use one of them")
    for name, runs in (("--state", state), ("--event-log", event_log)):
        if runs is not None and output_format is not GraphFormat.html:
            stop(f"{name} needs a page, which shows the counts of a run", "use --format html")
    if state is not None and event_log is not None:
        stop("--state and --event-log cannot be combined", "use one of them")
    if output_format is GraphFormat.html and output is None and sys.stdout.isatty():
        stop("a terminal cannot show the page", "write it to a file: --output graph.html")
    root = project_folder(project)
    # the page shows the compiled notebooks, too
    options = Options(env, with_trace=not no_trace)
    compilation = compile_or_exit(root, options) if output_format is GraphFormat.html else None
    whole = project_graph(root, options) if compilation is None else read_graph(compilation)
    document = whole.restrict_to(select_nodes(whole, SelectionOptions.of(select, exclude, state_manifest)))
    node, column = _find_about(whole, document, about) if about is not None else (None, None)
    if node is not None and not columns and column is None:
        document = document.restrict_to(lineage_of(document, node.id))
    lineage = _lineage(document, node, column) if columns or column is not None else None
    picture = _Picture(document, lineage, relationships)
    _warn_if_empty(picture)
    if compilation is not None:
        from cbx.cli.graph_page import InitialView, Runs, create_page

        view = InitialView(None if node is None else (node.id, column), relationships=relationships)
        _write_or_print(create_page(document, compilation, root, Runs(state, event_log), view), output)
    elif output_format is GraphFormat.tree:
        _write_or_print_tree(_tree(picture), output)
    else:
        text = _text(picture, output_format)
        _warn_if_too_large(text, output_format)
        is_markdown = output is not None and output.suffix.lower() == ".md" and output_format is GraphFormat.mermaid
        _write_or_print(f"```mermaid\n{text}```\n" if is_markdown else text, output)


def _find_about(whole: GraphDocument, document: GraphDocument, about: str) -> tuple[Node, str | None]:
    """The node, and the column if there is one, of the argument; an unknown name ends the command."""
    from cbx.diagnostics.diagnostic import did_you_mean
    from cbx.render.column_lineage import columns_by_node

    node, name = _find_node(whole, about), None
    if node is None:
        model, _, name = about.rpartition(".")
        node = _find_node(whole, model)
        if node is None:
            ids = [node.id for node in whole.nodes]
            hint = did_you_mean(about, ids) or did_you_mean(model, ids, "`cbx list` prints the models")
            stop(f"no model is named `{about}`" + (f", nor `{model}`" if "." in model else ""), hint)
    if node.id not in document.by_id:
        stop(f"`{node.id}` is not selected", "remove --select, or select it too")
    names = columns_by_node(document)[node.id]
    if name is not None and name not in names:
        hint = did_you_mean(name, names, f"it has {', '.join(names)}" if names else "its columns are not known")
        stop(f"`{node.id}` has no column `{name}`", hint)
    return node, name


def _lineage(document: GraphDocument, node: Node | None, column: str | None) -> ColumnGraph:
    """The lineage of all columns, or of a model or column."""
    from cbx.render.column_lineage import column_lineage

    return column_lineage(document) if node is None else column_lineage(document, node.id, column)


def _find_node(document: GraphDocument, name: str) -> Node | None:
    """The node with an id or a name; an ambiguous name ends the command."""
    from cbx.diagnostics.diagnostic import listing

    if name in document.by_id:
        return document.by_id[name]
    nodes = [node for node in document.nodes if node.name == name]
    if len(nodes) > 1:
        stop(f"several models are named `{name}`", f"use one of the ids {listing(node.id for node in nodes)}")
    return nodes[0] if nodes else None


def _warn_if_empty(picture: _Picture) -> None:
    """Print a warning if the picture is empty; it is written all the same."""
    if not picture.document.nodes:
        print("Nothing is selected.", file=sys.stderr)
    elif picture.is_of_relationships and not picture.document.relations:
        print("No relationship between these models is declared.", file=sys.stderr)
    elif picture.columns is not None and not picture.columns.columns:
        print("The lineage of these columns is not known.", file=sys.stderr)


def _warn_if_too_large(text: str, output_format: GraphFormat) -> None:
    """Print a warning if the text exceeds Mermaid's limits (``maxTextSize`` and ``maxEdges``), which GitHub has too."""
    if output_format is GraphFormat.mermaid and (len(text) > 50_000 or text.count("->") > 500):
        limits = "Mermaid's default limits, which GitHub uses, are 500 arrows and 50,000 characters."
        print(f"{limits} Select fewer models with --select.", file=sys.stderr)


def _tree(picture: _Picture) -> Group:
    from cbx.render.tree import render_column_tree, render_relationship_tree, render_tree

    return picture.draw(render_tree, render_column_tree, render_relationship_tree)


def _text(picture: _Picture, output_format: GraphFormat) -> str:
    """The picture in one of the text formats."""
    if output_format is GraphFormat.json:
        from cbx.render.json_text import render_json

        return picture.draw(
            render_json,
            lambda columns: render_json(columns.document, columns),
            lambda document: render_json(document.with_relationships),
        )
    if output_format is GraphFormat.dot:
        from cbx.render.dot import render_dot, render_dot_columns, render_dot_relationships

        return picture.draw(render_dot, render_dot_columns, render_dot_relationships)
    if output_format is GraphFormat.mermaid:
        from cbx.render.mermaid import render_mermaid, render_mermaid_columns, render_mermaid_relationships

        return picture.draw(render_mermaid, render_mermaid_columns, render_mermaid_relationships)
    from cbx.render.svg import render_svg
    from cbx.render.svg_columns import render_svg_columns
    from cbx.render.svg_relationships import render_svg_relationships

    return picture.draw(render_svg, render_svg_columns, render_svg_relationships)


def _write_or_print_tree(tree: Group, output: Path | None) -> None:
    """Print the tree in colour on a terminal; elsewhere as plain lines, which are not wrapped."""
    from cbx.cli.display.console_text import console_width, open_console, print_plain
    from cbx.cli.graph_tree import tree_lines

    console = open_console(sys.stdout)
    if output is None:
        for line in tree_lines(tree, console_width(console)):
            line.rstrip()
            print_plain(console, line)
        return
    _write_or_print("".join(f"{line.plain.rstrip()}\n" for line in tree_lines(tree, None)), output)


def _write_or_print(text: str, output: Path | None) -> None:
    """Replace the output file in one step, or print."""
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
