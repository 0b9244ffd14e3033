"""Names and layers: the project's layers, the schema of its tables, and the id of each model."""

from __future__ import annotations

import fnmatch
import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cbx.importing.candidates import Candidate, read_key
from cbx.project.dataset_names import WITHOUT_TABLE
from cbx.runtime.names import DEFAULT_SCHEMA, DatasetName, InvalidNameError

STANDARD: Final = ("bronze", "silver", "gold")
_WORDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("bronze", "raw", "landing", "landed", "ingest", "ingestion", "source"), "bronze"),
    **dict.fromkeys(("silver", "clean", "cleaned", "cleansed", "validated", "enriched", "staging", "stg"), "silver"),
    **dict.fromkeys(("gold", "dim", "fact", "mart", "marts", "agg", "kpi", "report", "summary", "dashboard"), "gold"),
}
_NOT_IN_NAMES: Final = re.compile(r"\W+", re.ASCII)


@dataclass(frozen=True, slots=True)
class ModelName:
    """The id of a model, and the name under which a pipeline reads its table."""

    layer: str
    name: str
    dataset: str

    @property
    def id(self) -> str:
        """The model's id."""
        return f"{self.layer}.{self.name}"


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of a project.

    Attributes:
        layers: The layers, lowest first.
        schema: The template of the schema.
        models: The name of each model by the key of its table.
        notes: What changed, for the report.
    """

    layers: tuple[str, ...]
    schema: str
    models: Mapping[str, ModelName]
    notes: tuple[str, ...] = field(default=())


def name_models(
    candidates: Sequence[Candidate],
    configuration: Mapping[str, str],
    default_schema: str,
    patterns: Sequence[tuple[str, str]],
    paths: Mapping[str, str],
) -> Naming:
    """Choose layers and names.

    Args:
        candidates: All tables and views; those with problems become no models, but have a place in the graph.
        configuration: The values of the configuration.
        default_schema: The schema of tables whose names have none.
        patterns: The layers that the user wants: a pattern of table names and a layer.
        paths: The path of the source file of each table, by its key.
    """
    flows = [candidate for candidate in candidates if candidate.into is not None]
    candidates = [candidate for candidate in candidates if candidate.into is None]
    reads = {candidate.key: _upstream(candidate, configuration) for candidate in candidates}
    for flow in flows:
        reads[flow.into or ""] += _upstream(flow, configuration)
    tables = [candidate for candidate in candidates if candidate.kind not in WITHOUT_TABLE]
    schemas = list(dict.fromkeys(_schema(candidate, default_schema) for candidate in tables))
    order = _order_of_schemas(tables, reads, default_schema) if len(schemas) > 1 and not patterns else None
    if order is not None:
        layers, schema = order, "{layer}"
        by_key = _layers_by_schema(candidates, reads, default_schema, order)
    else:
        schema = schemas[0] if len(schemas) == 1 else "{layer}"
        wanted = {candidate.key: _wanted_layer(candidate, patterns) for candidate in candidates}
        extra = tuple(dict.fromkeys(layer for _, layer in patterns if layer not in STANDARD))
        layers = extra if extra and all(layer in extra for layer in wanted.values()) else (*STANDARD, *extra)
        by_key = _guess_layers(candidates, reads, wanted, layers, paths)
    notes = _list_moved_tables(tables, schema, by_key, default_schema)
    by_key |= {flow.key: by_key[flow.into or ""] for flow in flows}
    models = {
        candidate.key: _model_name(candidate, by_key[candidate.key], schema, taken)
        for taken in [set[str]()]
        for candidate in (*candidates, *flows)
    }
    return Naming(layers, schema, models, notes)


def _upstream(candidate: Candidate, configuration: Mapping[str, str]) -> list[str]:
    return [key for read in candidate.reads if (key := read_key(read, configuration)) is not None]


def _schema(candidate: Candidate, default_schema: str) -> str:
    try:
        schema = DatasetName.parse(candidate.dataset.name).schema
    except InvalidNameError:
        return default_schema
    return default_schema if schema == DEFAULT_SCHEMA else _NOT_IN_NAMES.sub("_", schema)


def _order_of_schemas(
    tables: Sequence[Candidate], reads: Mapping[str, list[str]], default_schema: str
) -> tuple[str, ...] | None:
    """The schemas, each after those that its tables read; None if they read each other."""
    schema_of = {table.key: _schema(table, default_schema) for table in tables}
    needs: dict[str, set[str]] = {schema: set() for schema in schema_of.values()}
    for key, schema in schema_of.items():
        needs[schema] |= {schema_of[other] for other in _tables_above(key, reads, schema_of)} - {schema}
    ordered: list[str] = []
    while len(ordered) < len(needs):
        free = [schema for schema in needs if schema not in ordered and needs[schema] <= set(ordered)]
        if not free:
            return None
        ordered.append(free[0])
    return tuple(ordered)


def _tables_above(key: str, reads: Mapping[str, list[str]], tables: Mapping[str, str]) -> set[str]:
    """The tables that a table reads, also through views."""
    above: set[str] = set()
    pending, seen = list(reads.get(key, ())), {key}
    while pending:
        other = pending.pop()
        if other in seen:
            continue
        seen.add(other)
        if other in tables:
            above.add(other)
        else:
            pending += reads.get(other, ())
    return above


def _layers_by_schema(
    candidates: Sequence[Candidate], reads: Mapping[str, list[str]], default_schema: str, order: Sequence[str]
) -> dict[str, str]:
    """The layer of each table is its schema; a view is in the highest layer of what it reads."""
    layer_of = {
        candidate.key: _schema(candidate, default_schema)
        for candidate in candidates
        if candidate.kind not in WITHOUT_TABLE
    }
    for candidate in candidates:
        if candidate.kind in WITHOUT_TABLE:
            above = [layer_of[key] for key in _tables_above(candidate.key, reads, layer_of)]
            layer_of[candidate.key] = max(above, key=list(order).index, default=order[0])
    return layer_of


def _wanted_layer(candidate: Candidate, patterns: Sequence[tuple[str, str]]) -> str | None:
    names = (candidate.key, candidate.key.rpartition(".")[2])
    return next(
        (layer for pattern, layer in patterns if any(fnmatch.fnmatch(name, pattern.lower()) for name in names)), None
    )


def _guess_layers(
    candidates: Sequence[Candidate],
    reads: Mapping[str, list[str]],
    wanted: Mapping[str, str | None],
    layers: Sequence[str],
    paths: Mapping[str, str],
) -> dict[str, str]:
    """A layer for each table, not below the layers of what it reads."""
    known = {candidate.key for candidate in candidates}
    is_read = {key for keys in reads.values() for key in keys}
    layer_of: dict[str, str] = {}
    for candidate in candidates:
        above = [key for key in reads[candidate.key] if key in known]
        guess = wanted[candidate.key] or _guess(candidate, paths.get(candidate.key, ""))
        if guess is None or guess not in layers:
            is_end = candidate.key not in is_read and candidate.kind not in {"auto_cdc", "auto_cdc_from_snapshot"}
            guess = "bronze" if not above else "gold" if is_end else "silver"
        layer_of[candidate.key] = guess
    for _ in candidates:  # each round settles at least one more table of a chain
        for key, layer in layer_of.items():
            above = [layer_of[other] for other in reads[key] if other in known]
            layer_of[key] = max([layer, *above], key=list(layers).index)
    return layer_of


def _guess(candidate: Candidate, path: str) -> str | None:
    """The layer that the properties, the folder or the name of a table tell."""
    quality = candidate.dataset.settings.properties.get("quality", "").lower()
    if quality in STANDARD:
        return quality
    for text in (*reversed(path.lower().split("/")[:-1]), candidate.key):
        for word in re.split(r"[^a-z0-9]+|_", text):
            if word in _WORDS:
                return _WORDS[word]
    return None


def _list_moved_tables(
    tables: Sequence[Candidate], schema: str, layers: Mapping[str, str], default_schema: str
) -> tuple[str, ...]:
    """The tables whose schema is another one than in the source."""
    if schema != "{layer}":
        return ()
    return tuple(
        f"`{table.dataset.name}` moves from the schema `{_schema(table, default_schema)}` to `{layers[table.key]}`"
        for table in tables
        if not table.problems and _schema(table, default_schema) != layers[table.key]
    )


def _model_name(candidate: Candidate, layer: str, schema: str, taken: set[str]) -> ModelName:
    try:
        written = DatasetName.parse(candidate.dataset.name).written.rpartition(".")[2]
    except InvalidNameError:
        written = candidate.dataset.name
    name = _NOT_IN_NAMES.sub("_", written)
    if name[:1].isdigit() or not name.strip("_") or keyword.iskeyword(name):
        name = f"t_{name}"
    while f"{layer}.{name}".lower() in taken:
        name += "_2"
    taken.add(f"{layer}.{name}".lower())
    of_layer = schema.replace("{layer}", layer)
    is_published = candidate.kind not in WITHOUT_TABLE and not candidate.dataset.settings.is_private
    return ModelName(layer, name, f"{of_layer}.{name}" if is_published else f"{of_layer}_{name}")
