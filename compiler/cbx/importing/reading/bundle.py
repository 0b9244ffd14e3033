"""The definition of a pipeline in a bundle: its source files, its configuration, and where its tables are.

The format is that of the Databricks page "Databricks Asset Bundles resources".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report, listing
from cbx.diagnostics.source_files import Span, as_text
from cbx.files.bounded_read import read_regular
from cbx.importing.reading.bundle_settings import NO_SETTINGS, BundleSettings, read_settings

_LARGEST: Final = 1 << 20
_SUFFIXES: Final = (".yml", ".yaml")
_REFERENCE: Final = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class BundlePipeline:
    """A pipeline of a bundle.

    Attributes:
        name: Its key among the resources.
        paths: Its notebooks, files and folders.
        configuration: Its configuration, without values that only a deployment has.
        catalog: The catalog of its tables; None if it is not known.
        schema: The schema of tables whose names have none; None if it is not known.
        settings: Its other settings.
    """

    name: str
    paths: tuple[Path, ...]
    configuration: Mapping[str, str] = field(default_factory=dict)
    catalog: str | None = None
    schema: str | None = None
    settings: BundleSettings = NO_SETTINGS


def is_bundle(path: Path) -> bool:
    """Whether a path is a file of a bundle, or a folder with one."""
    return path.suffix in _SUFFIXES or (path / "databricks.yml").is_file()


def read_bundle(path: Path, wanted: str | None, report: Report) -> BundlePipeline | None:
    """Read the pipeline of a bundle; None after a diagnostic.

    Args:
        path: The YAML file, or the folder with ``databricks.yml``.
        wanted: The key of the pipeline, if the bundle has several.
        report: Gets CBX107 for unreadable files, and CBX507 if there is not one pipeline.
    """
    file = path / "databricks.yml" if path.is_dir() else path
    documents = list(_documents(file, report))
    defaults = {name: value for _, document in documents for name, value in _defaults(document)}
    pipelines = {
        name: (origin, definition)
        for origin, document in documents
        for name, definition in _mapping(_mapping(document, "resources"), "pipelines").items()
        if isinstance(definition, dict)
    }
    chosen = wanted or next(iter(pipelines), "")
    if chosen not in pipelines or (wanted is None and len(pipelines) > 1):
        hint = f"name one with --pipeline: {listing(pipelines)}" if pipelines else None
        message = f"the bundle has no pipeline `{chosen}`" if wanted else f"the bundle has {len(pipelines)} pipelines"
        report.add(codes.CANNOT_START, message, Span(str(file)), hint=hint)
        return None
    origin, definition = pipelines[chosen]
    values = {str(key): _resolve(str(value), defaults) for key, value in _mapping(definition, "configuration").items()}
    return BundlePipeline(
        chosen,
        tuple(_libraries(definition, origin.parent)),
        {key: value for key, value in values.items() if value is not None},
        _resolve(definition.get("catalog"), defaults),
        _resolve(definition.get("schema") or definition.get("target"), defaults),
        read_settings(definition, lambda text: _resolve(text, defaults)),
    )


def _documents(file: Path, report: Report) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A YAML file, and those that it includes."""
    try:
        document = yaml.safe_load(as_text(read_regular(file, _LARGEST)))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = str(error).split("\n")[0]
        report.add(codes.UNREADABLE_FILE, f"this file cannot be read: {problem}", Span(str(file)))
        return
    if not isinstance(document, dict):
        return
    yield file, document
    for pattern in document.get("include") or ():
        for included in sorted(file.parent.glob(str(pattern))):
            if included != file and included.suffix in _SUFFIXES:
                yield from _documents(included, report)


def _mapping(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def _defaults(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The values of the bundle's variables: their defaults, or those of the default target."""
    for name, definition in _mapping(document, "variables").items():
        if isinstance(definition, dict) and isinstance(definition.get("default"), (str, int)):
            yield f"var.{name}", str(definition["default"])
    for target in _mapping(document, "targets").values():
        if isinstance(target, dict) and target.get("default"):
            for name, value in _mapping(target, "variables").items():
                plain = value.get("default") if isinstance(value, dict) else value
                yield f"var.{name}", str(plain)
    bundle_name = _mapping(document, "bundle").get("name")
    if isinstance(bundle_name, str):
        yield "bundle.name", bundle_name


def _resolve(value: Any, defaults: Mapping[str, str]) -> str | None:
    """A text with its references resolved; None if one is known to a deployment only."""
    if not isinstance(value, str):
        return None
    keys = _REFERENCE.findall(value)
    if any(key not in defaults for key in keys):
        return None
    text = _REFERENCE.sub(lambda match: defaults[match[1]], value)
    return None if _REFERENCE.search(text) else text


def _libraries(definition: dict[str, Any], folder: Path) -> Iterator[Path]:
    for library in definition.get("libraries") or ():
        for kind, key in (("notebook", "path"), ("file", "path"), ("glob", "include")):
            path = _mapping(library, kind).get(key)
            if isinstance(path, str):
                yield _folder_of_glob(folder / path) if kind == "glob" else folder / path


def _folder_of_glob(path: Path) -> Path:
    """The folder before the first part of a path with a wildcard."""
    parts = list(path.parts)
    number = next((number for number, part in enumerate(parts) if "*" in part), len(parts))
    return Path(*parts[:number])
