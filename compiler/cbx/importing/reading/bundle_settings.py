"""The settings of a pipeline in a bundle that ``project.toml`` can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from cbx.project.setting_types.pipeline_settings import PipelineSettings

_CODE = frozenset({"notebook", "file", "glob"})
_TO_DEPLOYMENT = "a part of it is known to a deployment only"
_OF_ENVIRONMENTS = ("permissions", "run_as")


class BundleSettings(NamedTuple):
    """Settings, by their names in the bundle schema.

    Attributes:
        given: The settings that ``project.toml`` can have.
        left: The names of the others, each with the reason.
    """

    given: Mapping[str, Any]
    left: tuple[tuple[str, str], ...]


NO_SETTINGS = BundleSettings({}, ())


def read_settings(definition: Mapping[str, Any], resolve: Callable[[str], str | None]) -> BundleSettings:
    """The settings of a pipeline.

    Args:
        definition: The pipeline in the bundle, where `serverless` is false by default.
        resolve: A text with its references resolved; None if one is known to a deployment only.
    """
    given: dict[str, Any] = {}
    left = [(name, "set it in project.toml") for name in _OF_ENVIRONMENTS if name in definition]
    for path, value in _settings({"serverless": False, **definition}):
        resolved = _resolve(value, resolve)
        if resolved is None:
            left.append((".".join(path), _TO_DEPLOYMENT))
        elif not _is_valid(path, resolved):
            left.append((".".join(path), "project.toml has no such setting"))
        else:
            table = given.setdefault(path[0], {}) if len(path) > 1 else given
            table[path[-1]] = resolved
    return BundleSettings(given, tuple(left))


def _settings(definition: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The settings of a pipeline; a configuration and tags one by one, and libraries without code."""
    for name in PipelineSettings.model_fields:
        value = definition.get(name)
        if name == "libraries":
            libraries = [library for library in value or () if not (isinstance(library, dict) and _CODE & set(library))]
            yield from [((name,), libraries)] if libraries else []
        elif name in {"configuration", "tags"} and isinstance(value, dict):
            yield from (((name, str(key)), item) for key, item in value.items())
        elif value is not None:
            yield (name,), value


def _resolve(value: Any, resolve: Callable[[str], str | None]) -> Any:
    """A value with all references resolved; None if one cannot be."""
    if isinstance(value, str):
        return resolve(value)
    if isinstance(value, dict):
        resolved = {str(key): _resolve(item, resolve) for key, item in value.items()}
        return None if None in resolved.values() else resolved
    if isinstance(value, list):
        items = [_resolve(item, resolve) for item in value]
        return None if None in items else items
    return value


def _is_valid(path: tuple[str, ...], value: Any) -> bool:
    document = {path[0]: {path[1]: value}} if len(path) > 1 else {path[0]: value}
    try:
        PipelineSettings.model_validate(document)
    except ValueError:
        return False
    return True
