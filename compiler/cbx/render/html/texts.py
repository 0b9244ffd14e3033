"""The sources and notebooks of all models, in parcels that the page opens when somebody looks."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cbx.render.html.safe_json import safe_json

CHUNK = 100
"""How many nodes share a parcel."""

_MOST_PLAIN = 2_000_000


@dataclass(frozen=True, slots=True)
class ModelTexts:
    """A model's source and the notebook that it compiles to."""

    source: str
    notebook: str


def encode_chunks(ids: Sequence[str], texts: Mapping[str, ModelTexts]) -> Iterator[tuple[str, str]]:
    """The encoding (``json`` or ``deflate``) and content of each parcel of `PARCEL` nodes.

    Small projects stay readable; above a few megabytes parcels are compressed, which browsers undo one by one.

    Args:
        ids: The nodes in the order of the page.
        texts: Those that are known, by id.
    """
    is_small = sum(len(model_texts.source) + len(model_texts.notebook) for model_texts in texts.values()) <= _MOST_PLAIN
    for start in range(0, len(ids), CHUNK):
        parcel = {
            name: [texts[name].source, texts[name].notebook] for name in ids[start : start + CHUNK] if name in texts
        }
        if is_small:
            yield "json", safe_json(parcel)
        else:
            yield "deflate", base64.b64encode(zlib.compress(json.dumps(parcel).encode(), 6)).decode()
