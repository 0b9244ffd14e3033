"""The models of a project, from resolved names to verdicts: a type for each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from cbx.diagnostics.source_files import Span
from cbx.graph.model_graph import ModelGraph
from cbx.project.settings import Project
from cbx.stages.measures import MeasureResult
from cbx.stages.resolved_model import Cardinality, Column, ResolvedModel
from cbx.syntax.text import Text

if TYPE_CHECKING:
    from cbx.analysis.relation.hazards import Suspicion
    from cbx.analysis.relation.relations import Relation
    from cbx.analysis.relation.uniqueness import Grain

Verdict = Literal["proven", "proven_but_for_collisions", "unproven"]
"""``proven_but_for_collisions`` is a key of hashes of a key: only a collision of two hashes could violate it. Like an
unproven key it is checked on the data."""


class Resolved(NamedTuple):
    """The project's models, resolved; ``known_ids`` holds those of broken files too."""

    project: Project
    models: tuple[ResolvedModel, ...]
    known_ids: frozenset[str]


class KnownTable(NamedTuple):
    """The columns and keys of a model's table.

    Attributes:
        columns: Its columns; None if unknown.
        keys: Column sets that are proven to be unique in it.
        is_partly_declared: Whether its query produces more columns than are declared.
        never_null: Its columns without NULL, in lower case.
    """

    columns: tuple[Column, ...] | None
    keys: tuple[tuple[str, ...], ...]
    is_partly_declared: bool
    never_null: frozenset[str] = frozenset()


class Linked(NamedTuple):
    """The models and the graph of what reads what; edges lead from the model read to its reader."""

    project: Project
    models: Mapping[str, ResolvedModel]
    graph: ModelGraph


class Typed(NamedTuple):
    """`Linked`, with the columns and keys of each model's table.

    Attributes:
        project: The project.
        models: The models by id.
        graph: The graph of the models.
        columns: The columns of each table; None if unknown.
        relations: The relation that each analysed model computes.
        partly_declared: The models whose queries produce more columns than are declared.
        traced: The Python models whose functions were traced.
        proven_keys: The proven keys of analysed models; none of AUTO CDC targets.
        grains: The grains of models with a declared key that `proven_keys` do not prove.
        suspicions: What may be a hazard in each analysed model.
    """

    project: Project
    models: Mapping[str, ResolvedModel]
    graph: ModelGraph
    columns: Mapping[str, tuple[Column, ...] | None]
    relations: Mapping[str, Relation]
    partly_declared: frozenset[str]
    traced: frozenset[str]
    proven_keys: Mapping[str, tuple[tuple[str, ...], ...]]
    grains: Mapping[str, Grain]
    suspicions: Mapping[str, tuple[Suspicion, ...]]


class PublishedParent(NamedTuple):
    """The parent of a relationship in another project.

    Attributes:
        table: Its table.
        key: Its key that the relationship's columns include.
        key_verdict: The verdict of its own project on that key; None if its manifest has none.
        columns: The columns of the key and of the relationship, each with its type, which may be empty.
    """

    table: Text
    key: tuple[str, ...]
    key_verdict: str | None
    columns: tuple[tuple[str, str], ...]


class Relationship(NamedTuple):
    """A relationship, whichever model declared it.

    ``on`` pairs the child's columns with the parent's; ``span`` is that of one declaration. It is proven if each row
    of the child has a parent row, or NULL. ``published`` is a parent of another project; None for a model.
    """

    parent: str
    child: str
    on: tuple[tuple[str, str], ...]
    cardinality: Cardinality
    enforce: Literal["warn", "fail"]
    span: Span
    is_proven: bool = False
    published: PublishedParent | None = None


class Connected(NamedTuple):
    """`Typed`, with the relationships of the project in the order of child and parent, and verdicts on aggregates."""

    project: Project
    models: Mapping[str, ResolvedModel]
    graph: ModelGraph
    columns: Mapping[str, tuple[Column, ...] | None]
    relations: Mapping[str, Relation]
    partly_declared: frozenset[str]
    traced: frozenset[str]
    proven_keys: Mapping[str, tuple[tuple[str, ...], ...]]
    grains: Mapping[str, Grain]
    suspicions: Mapping[str, tuple[Suspicion, ...]]
    relationships: tuple[Relationship, ...]
    measures: Mapping[str, tuple[MeasureResult, ...]]


class Proven(NamedTuple):
    """`Connected`, with the verdict on each declared key, by model id; those on further keys are in their order."""

    project: Project
    models: Mapping[str, ResolvedModel]
    columns: Mapping[str, tuple[Column, ...] | None]
    partly_declared: frozenset[str]
    traced: frozenset[str]
    proven_keys: Mapping[str, tuple[tuple[str, ...], ...]]
    relationships: tuple[Relationship, ...]
    key_verdicts: Mapping[str, Verdict]
    further_verdicts: Mapping[str, tuple[Verdict, ...]]
    measures: Mapping[str, tuple[MeasureResult, ...]]


class PipelineModels(NamedTuple):
    """The models of a pipeline.

    Attributes:
        name: Its name in ``project.toml``; None for the only pipeline of a project that names none.
        models: The ids of its models, sorted.
        after: The names of the pipelines whose tables it reads, sorted.
    """

    name: str | None
    models: tuple[str, ...]
    after: tuple[str, ...] = ()
