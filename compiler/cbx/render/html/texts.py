"""The sources and notebooks of all models, in chunks that the page decodes when they are needed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cbx.render.html.safe_json import safe_json

CHUNK = 100
"""How many nodes are in a chunk; ``data.js`` has the same number."""

_MOST_PLAIN = 2_000_000


@dataclass(frozen=True, slots=True)
class ModelTexts:
    """A model's source and the notebook that it compiles to."""

    source: str
    notebook: str


def encode_chunks(ids: Sequence[str], texts: Mapping[str, ModelTexts]) -> Iterator[tuple[str, str]]:
    """The encoding (``json`` or ``deflate``) and content of each chunk of `CHUNK` nodes.

    Texts of up to two million characters stay readable; more are compressed.

    Args:
        ids: The nodes in the order of the page.
        texts: The texts of nodes, by id; some nodes may have none.
    """
    is_small = sum(len(model_texts.source) + len(model_texts.notebook) for model_texts in texts.values()) <= _MOST_PLAIN
    for start in range(0, len(ids), CHUNK):
        chunk = {
            name: [texts[name].source, texts[name].notebook] for name in ids[start : start + CHUNK] if name in texts
        }
        if is_small:
            yield "json", safe_json(chunk)
        else:
            yield "deflate", base64.b64encode(zlib.compress(json.dumps(chunk).encode(), 6)).decode()
