"""A hash of the code that computes a model's rows. Deployments store it, so it outlives this version of cbx."""

from __future__ import annotations

import hashlib
import json

from cbx.stages.resolved_model import PythonCode, SqlCode

SCHEME = "2"
"""Names the content that is hashed. Change it with the content: hashes of two schemes cannot be compared."""


def code_hash(code: PythonCode | SqlCode) -> str:
    """The scheme and a SHA-256 of the code, without the declaration around it.

    Only the model's own texts are hashed, in the order below; no name of a class, module or attribute of cbx.
    """
    match code:
        case PythonCode(source=source, definitions=definitions, imports=imports):
            content: list[object] = [
                "python",
                source.text,
                [definition.text for definition in definitions],
                list(imports),
            ]
        case SqlCode(query=query, functions=functions):
            content = ["sql", query.as_data(), *([] if functions is None else _functions(functions))]
    return f"{SCHEME}:{hashlib.sha256(json.dumps(content).encode()).hexdigest()}"


def _functions(code: PythonCode) -> list[object]:
    """What a query's declaration names: functions of macros, and their imports."""
    return [[definition.text for definition in code.definitions], list(code.imports)]
