"""The page, put together."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from html import escape

from cbx.graph.graph_document import GraphDocument
from cbx.render.html.assets import libraries, page_text, script, style_sheet
from cbx.render.html.last_run import LastRun
from cbx.render.html.page_data import Checks, page_data
from cbx.render.html.place import PageAddress
from cbx.render.html.safe_json import safe_json
from cbx.render.html.texts import ModelTexts, encode_chunks

_HOLE = re.compile(r"\{\{ (\w+) \}\}")


def render_html(
    document: GraphDocument,
    checks: Checks,
    texts: Mapping[str, ModelTexts],
    run: LastRun | None = None,
    start: PageAddress | None = None,
) -> str:
    """One file with the graph, the relationships and a page for every model.

    What users wrote reaches it as JSON only, which the scripts put on the screen as text; a content security policy
    lets no script run but the page's own, and asks nothing of any host.

    Args:
        document: The graph to show.
        checks: The checks on the data.
        texts: The sources and notebooks of models by id.
        run: What the last run did; None where there was none.
        start: The place that the page opens at, unless the URL names one.
    """
    styles, code = style_sheet(), [libraries(), script()]
    pieces = {
        "title": escape(f"{document.project}: lineage"),
        "policy": f"default-src 'none'; style-src {_hash(styles)}; script-src {' '.join(map(_hash, code))}",
        "styles": styles,
        "graph": safe_json({**page_data(document, checks, run), "start": (start or PageAddress()).fragment}),
        "texts": "\n".join(
            f'<script type="text/plain" class="texts" data-encoding="{encoding}">{content}</script>'
            for encoding, content in encode_chunks([node.id for node in document.nodes], texts)
        ),
        "libraries": code[0],
        "script": code[1],
    }
    return _HOLE.sub(lambda hole: pieces[hole[1]], page_text())


def _hash(text: str) -> str:
    """How a content security policy names an inline script or sheet."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
