"""Renders the page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from html import escape

from cbx.graph.graph_document import GraphDocument
from cbx.render.html.assets import libraries, page_text, script, style_sheet
from cbx.render.html.last_run import LastRun
from cbx.render.html.page_address import PageAddress
from cbx.render.html.page_data import Checks, page_data
from cbx.render.html.prose import ProsePage, prose_data
from cbx.render.html.safe_json import safe_json
from cbx.render.html.texts import ModelTexts, encode_chunks

_HOLE = re.compile(r"\{\{ (\w+) \}\}")


def render_html(
    document: GraphDocument,
    checks: Checks,
    texts: Mapping[str, ModelTexts],
    runs: Sequence[LastRun] = (),
    start: PageAddress | None = None,
    prose: Sequence[ProsePage] = (),
) -> str:
    """One HTML file with the graph, the relationships and a page for every model.

    Users' texts are only in JSON, and the scripts show them as text. A content security policy allows only the page's
    own scripts, and no requests.

    Args:
        document: The graph to show.
        checks: The checks on the data.
        texts: The sources and notebooks of models, by id.
        runs: The last runs, oldest first.
        start: The address that the page opens at, if the URL has none.
        prose: The prose pages of the project.
    """
    models = {node.id for node in document.nodes if node.is_model}
    data = {**page_data(document, checks, runs), "prose": prose_data(prose, models)}
    styles, code = style_sheet(), [libraries(), script()]
    pieces = {
        "title": escape(f"{document.project}: lineage"),
        "policy": f"default-src 'none'; style-src {_hash(styles)}; script-src {' '.join(map(_hash, code))}",
        "styles": styles,
        "graph": safe_json({**data, "start": (start or PageAddress()).fragment}),
        "texts": "\n".join(
            f'<script type="text/plain" class="texts" data-encoding="{encoding}">{content}</script>'
            for encoding, content in encode_chunks([node.id for node in document.nodes], texts)
        ),
        "libraries": code[0],
        "script": code[1],
    }
    return _HOLE.sub(lambda hole: pieces[hole[1]], page_text())


def _hash(text: str) -> str:
    """The source expression of an inline script or style sheet in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
