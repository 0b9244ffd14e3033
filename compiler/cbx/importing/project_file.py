"""The text of ``project.toml`` of an imported project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What ``project.toml`` says.

    Attributes:
        name: The project's name.
        layers: The layers, lowest first.
        schema: The template of the schema.
        api: ``dlt`` or ``pipelines``.
        variables: The values of the variables.
        catalog: The catalog of the tables; None if the sources do not say.
    """

    name: str
    layers: Sequence[str]
    schema: str
    api: str
    variables: Mapping[str, str]
    catalog: str | None = None


def project_text(facts: ProjectFacts) -> str:
    """The text of ``project.toml``."""
    blocks = [
        f"[project]\nname = {_text(facts.name)}\nlayers = [{', '.join(map(_text, facts.layers))}]\n",
        f"[naming]\nschema = {_text(facts.schema)}\n",
        f"[compile]\napi = {_text(facts.api)}\n",
    ]
    if facts.variables:
        lines = "".join(f"{name} = {_text(value)}\n" for name, value in sorted(facts.variables.items()))
        blocks.append(f"[vars]\n{lines}")
    if facts.catalog is not None:
        blocks.append(f"[environments.prod]\ncatalog = {_text(facts.catalog)}\n")
    return "\n".join(blocks)


def _text(value: str) -> str:
    """A text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
