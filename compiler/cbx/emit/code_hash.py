"""A hash of what computes the rows of a model, which outlives this version of cbx: it is stored in every deployment."""

from __future__ import annotations

import hashlib
import json

from cbx.stages.resolved import PythonCode, SqlCode

SCHEME = "2"
"""Which content is hashed. Whoever changes the content changes this: hashes of two schemes cannot be compared."""


def code_hash(code: PythonCode | SqlCode) -> str:
    """The scheme and a SHA-256 of the code, without the declaration around it.

    Only texts of the model's are hashed, in an order that is written here: no class, module or attribute of cbx has
    a part in it.
    """
    match code:
        case PythonCode(source=source, definitions=definitions, imports=imports):
            content: list[object] = [
                "python",
                source.text,
                [definition.text for definition in definitions],
                list(imports),
            ]
        case SqlCode(query=query):
            content = ["sql", query.as_data()]
    return f"{SCHEME}:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"
