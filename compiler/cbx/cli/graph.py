"""``cbx graph``: what reads what, and how it is related, as text and as pictures."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cbx.cli.selection import EnvOption, ExcludeOption, ProjectOption, Selection, SelectOption, StateManifestOption

if TYPE_CHECKING:
    from rich.tree import Tree

    from cbx.graph_document import GraphDocument
    from cbx.render.column_lineage import ColumnGraph


class Format(str, Enum):
    """How the graph is drawn."""

    tree = "tree"
    mermaid = "mermaid"
    dot = "dot"
    svg = "svg"
    html = "html"
    json = "json"


def graph(
    about: Annotated[
        str | None, typer.Argument(metavar="[MODEL[.COLUMN]]", help="With --columns: only the lineage of these.")
    ] = None,
    output_format: Annotated[
        Format | None, typer.Option("--format", help="Default: by the ending of --output, else tree.")
    ] = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    columns: Annotated[bool, typer.Option("--columns", help="The lineage of columns, up and down.")] = False,
    relationships: Annotated[
        bool, typer.Option("--relationships", help="The relationships, with crow's feet: mermaid, svg, html or json.")
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
    """Draw the graph of the project: lineage of tables or columns, or the relationships."""
    from cbx.cli.places import project_folder
    from cbx.cli.selection import chosen, compiled, graph_of, project_graph, stop

    drawn_as = output_format or _format_of(output, relationships=relationships)
    if about is not None and not columns:
        stop(f"`{about}` is the model or column of --columns", f"to draw a part of the graph: --select '+{about}+'")
    if columns and relationships:
        stop("--columns and --relationships are two pictures", "ask for one of them")
    if relationships and drawn_as in {Format.tree, Format.dot}:
        stop(f"--format {drawn_as.value} cannot show relationships", "mermaid, svg, html and json can")
    if drawn_as is Format.html and output is None and sys.stdout.isatty():
        stop("the page is a long text, which a terminal cannot show", "name a file: --output graph.html")
    root = project_folder(project)
    compilation = compiled(root, env) if drawn_as is Format.html else None  # the page shows what is compiled, too
    whole = project_graph(root, env) if compilation is None else graph_of(compilation)
    document = whole.restricted(chosen(whole, Selection.of(select, exclude, state_manifest)))
    if not document.nodes:
        print("Nothing is selected.", file=sys.stderr)
        return
    lineage = _lineage(document, about) if columns else None
    if compilation is not None:
        from cbx.cli.graph_page import Asked, graph_page

        asked = Asked(lineage.asked if lineage is not None else None, relationships=relationships)
        _hand_over(graph_page(document, compilation, root, state, asked), output)
    elif drawn_as is Format.tree:
        _print_tree(document, lineage, output)
    else:
        _hand_over(_text(drawn_as, document, lineage, relationships=relationships), output)


def _format_of(output: Path | None, *, relationships: bool) -> Format:
    """What the ending of the file says, else a tree, which relationships have none of."""
    endings = {
        ".mmd": Format.mermaid,
        ".gv": Format.dot,
        ".md": Format.mermaid,
        ".txt": Format.tree,
    }
    endings |= {f".{one.value}": one for one in Format}
    if output is not None and output.suffix.lower() in endings:
        return endings[output.suffix.lower()]
    return Format.mermaid if relationships else Format.tree


def _lineage(document: GraphDocument, about: str | None) -> ColumnGraph:
    """The lineage of columns that was asked for; a name that there is not ends the command."""
    from cbx.cli.selection import stop
    from cbx.diagnostics import did_you_mean
    from cbx.render.column_lineage import column_lineage

    if about is None:
        return column_lineage(document)
    if about in document.by_id:
        return column_lineage(document, about)
    model, _, column = about.rpartition(".")
    if model not in document.by_id:
        known = [node.id for node in document.nodes if node.is_model]
        hint = did_you_mean(about, known) or did_you_mean(model, known, "`cbx list` prints the models")
        stop(f"no model is named `{about}`, nor `{model}`" if model else f"no model is named `{about}`", hint)
    names = [one.name for one in document.by_id[model].columns]
    if column not in names:
        stop(f"`{model}` has no column `{column}`", did_you_mean(column, names, f"it has {', '.join(names) or 'none'}"))
    return column_lineage(document, model, column)


def _text(drawn_as: Format, document: GraphDocument, lineage: ColumnGraph | None, *, relationships: bool) -> str:
    """The formats that are texts."""
    from cbx.render.dot import render_dot, render_dot_columns
    from cbx.render.json_text import render_json
    from cbx.render.mermaid import render_mermaid, render_mermaid_columns, render_mermaid_relationships
    from cbx.render.svg import render_svg
    from cbx.render.svg_columns import render_svg_columns
    from cbx.render.svg_relationships import render_svg_relationships

    if drawn_as is Format.json:
        return render_json(document if lineage is None else lineage.document, lineage)
    if drawn_as is Format.dot:
        return render_dot(document) if lineage is None else render_dot_columns(lineage)
    if relationships:
        return (render_svg_relationships if drawn_as is Format.svg else render_mermaid_relationships)(document)
    if lineage is not None:
        return (render_svg_columns if drawn_as is Format.svg else render_mermaid_columns)(lineage)
    return (render_svg if drawn_as is Format.svg else render_mermaid)(document)


def _tree(document: GraphDocument, lineage: ColumnGraph | None) -> Tree:
    from cbx.render.tree import render_column_tree, render_tree

    return render_tree(document) if lineage is None else render_column_tree(lineage)


def _print_tree(document: GraphDocument, lineage: ColumnGraph | None, output: Path | None) -> None:
    """In colours on a terminal; elsewhere the lines are as long as they need to be."""
    from io import StringIO

    from rich.console import Console

    console = Console()
    if output is None and console.is_terminal:
        console.print(_tree(document, lineage), highlight=False)
        return
    text = StringIO()
    Console(file=text, width=10_000).print(_tree(document, lineage), highlight=False)
    _hand_over("".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines()), output)


def _hand_over(text: str, output: Path | None) -> None:
    """Write to the file that was named, or print."""
    from cbx.cli.selection import stop

    if output is None:
        print(text, end="")
        return
    try:
        output.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        stop(f"{output} cannot be written: {error.strerror}")
    print(f"Wrote {output}.", file=sys.stderr)
