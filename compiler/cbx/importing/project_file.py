"""The text of ``project.toml`` of an imported project."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_TABLES: Final = ("configuration", "tags")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


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
        settings: The settings of the pipeline, by their names in the bundle schema.
    """

    name: str
    layers: Sequence[str]
    schema: str
    api: str
    variables: Mapping[str, str]
    catalog: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


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
    inner = {name: facts.settings[name] for name in _TABLES if name in facts.settings}
    plain = {name: value for name, value in facts.settings.items() if name not in inner}
    blocks += [f"[environments.prod.pipeline]\n{_settings(plain)}"] if plain else []
    blocks += [f"[environments.prod.pipeline.{name}]\n{_settings(value)}" for name, value in inner.items()]
    return "\n".join(blocks)


def _settings(values: Mapping[str, Any]) -> str:
    return "".join(f"{_key(name)} = {_value(value)}\n" for name, value in values.items())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    """A value as TOML on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(str(name))} = {_value(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """A text as a basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
