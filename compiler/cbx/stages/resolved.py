"""Models with rendered templates and resolved names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from cbx.analysis.facts import ColumnHome
from cbx.declare.outside_systems import FILE_FORMATS
from cbx.diagnostics.source_files import Span
from cbx.graph.model_graph import ModelGraph
from cbx.project.dataset_names import WITHOUT_TABLE
from cbx.project.settings import Project
from cbx.stages.data_tests import DataTest
from cbx.stages.imports import Import
from cbx.stages.measures import MeasureResult
from cbx.stages.seeds import Seed
from cbx.stages.table_options import TableOptions
from cbx.syntax.declarations import Parameters, Snippet
from cbx.syntax.spans import PackedSpans
from cbx.syntax.text import Text, TextSpans, text_in_words

if TYPE_CHECKING:
    from cbx.analysis.relation.hazards import Suspicion
    from cbx.analysis.relation.relations import Relation
    from cbx.analysis.relation.uniqueness import Grain

Kind = Literal[
    "streaming_table", "materialized_view", "view", "auto_cdc", "auto_cdc_from_snapshot", "flow", "sink", "seed"
]
OnViolation = Literal["warn", "drop", "fail"]
Cardinality = Literal["one_to_one", "one_to_many"]
Verdict = Literal["proven", "proven_but_for_collisions", "unproven"]
"""``proven_but_for_collisions`` is a key of hashes of a key: only a collision of two hashes could violate it. Like an
unproven key it is checked on the data."""


class Column(NamedTuple):
    """A column of a model.

    Attributes:
        name: Its name.
        type: Its SQL type as declared, else as inferred; empty if unknown.
        description: Its description.
        not_null: Whether it is declared to be never NULL.
        lineage: The models and columns that its values come from; None if unknown.
        is_computed: Whether it is an expression of unknown type, so that nothing is assumed of the type.
        home: Where a numeric column is at home, and what it is declared to measure; None if unknown.
        mask: The function that hides its values, with its further columns, as in the MASK clause.
        tags: Its tags in Unity Catalog.
    """

    name: str
    type: str
    description: str | None = None
    not_null: bool = False
    lineage: tuple[tuple[str, str], ...] | None = None
    is_computed: bool = False
    home: ColumnHome | None = None
    mask: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


class Expectation(NamedTuple):
    """A condition on the rows of a model; ``macros`` are those that rendered its text."""

    name: str
    condition: Text
    on_violation: OnViolation
    span: Span
    name_span: Span
    macros: tuple[str, ...] = ()


class ModelInput(NamedTuple):
    """A model that is read."""

    parameter: str | None
    keyword_only: bool
    model: str
    is_streaming: bool
    span: Span


class TableInput(NamedTuple):
    """A table that is read and that is no model here; ``dependency`` is its name in another project.

    Example: ``crm:silver.customers`` is the model ``silver.customers`` of the project ``crm``.
    """

    parameter: str | None
    keyword_only: bool
    table: Text
    is_streaming: bool
    span: Span
    dependency: str | None = None

    @property
    def name(self) -> str:
        """What it is called in diagnostics, tests and the graph."""
        return self.dependency or text_in_words(self.table)


class FileInput(NamedTuple):
    """A folder whose new files are read by Auto Loader.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        path: The folder.
        format: The format of the files.
        schema_hints: Types by column name, as DDL: those of the input and those of the model's columns.
        options: Further options of the reader.
        span: The span of the input.
        schema: All columns and their types, as DDL; empty if they are inferred.
    """

    parameter: str | None
    keyword_only: bool
    path: Text
    format: str
    schema_hints: str
    options: tuple[tuple[str, Text], ...]
    span: Span
    is_streaming: bool = True
    schema: str = ""


class ReaderInput(NamedTuple):
    """What a reader of Spark reads outside of tables and files: topics of a streaming service, a table of a database.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        format: The format of the reader.
        name: The topics or the table; the format where the options name none.
        options: The options of the reader.
        span: The span of the input.
        schema: All columns and their types, as DDL; empty if the reader knows them.
    """

    parameter: str | None
    keyword_only: bool
    format: str
    name: Text
    options: tuple[tuple[str, Text], ...]
    span: Span
    is_streaming: bool
    schema: str = ""

    @property
    def place(self) -> str:
        """What it reads in words: ``kafka:orders``, ``jdbc:public.orders``, the path of files, or only the format."""
        name = text_in_words(self.name)
        return name if name == self.format or self.format.lower() in FILE_FORMATS else f"{self.format}:{name}"


class SnapshotInput(NamedTuple):
    """Snapshots of a table, each with a version, which are read one after the other.

    Attributes:
        parameter: The parameter's name; None in SQL.
        keyword_only: Whether the parameter is keyword-only in Python.
        path: The folder of the snapshots; None for a function.
        format: The format of the files.
        schema: All columns and their types, as DDL; empty if they are inferred.
        options: Further options of the reader.
        function: The function that returns the next snapshot and its version; None for a folder.
        version: The type of the versions.
        span: The span of the input.
    """

    parameter: str | None
    keyword_only: bool
    path: Text | None
    format: str
    schema: str
    options: tuple[tuple[str, Text], ...]
    function: str | None
    version: str
    span: Span
    is_streaming: bool = False


Input = ModelInput | TableInput | FileInput | ReaderInput | SnapshotInput


class RelationshipClaim(NamedTuple):
    """A relationship as one model declares it.

    Attributes:
        on: The child's columns, each with the parent's.
        on_spans: The spans of each pair.
    """

    parent: str
    child: str
    on: tuple[tuple[str, str], ...]
    cardinality: Cardinality
    enforce: Literal["warn", "fail"]
    declared_by: str
    span: Span
    model_span: Span
    on_spans: tuple[tuple[Span, Span], ...]


class Cdc(NamedTuple):
    """How the changes of an ``auto_cdc`` model are applied."""

    sequence_by: tuple[str, ...]
    scd_type: Literal[1, 2]
    apply_as_deletes: Text | None
    apply_as_truncates: Text | None
    ignore_null_updates: bool | tuple[str, ...]
    except_columns: tuple[str, ...]
    track_history: tuple[str, ...]
    track_history_except: tuple[str, ...]


class FlowTarget(NamedTuple):
    """The model whose table a flow fills, and whether the flow runs once, in batch."""

    model: str
    once: bool
    span: Span


class PythonCode(NamedTuple):
    """The complete code of a Python model, as it is in a notebook.

    Attributes:
        function: The function's name.
        source: The function verbatim, without its declaration.
        definitions: What it needs from macros and from its own file, in an order that can be executed.
        imports: The imports that all of this needs.
        variables: The variables that the code reads with ``var``.
        names: The names that all of this defines or imports.
    """

    function: str
    source: Snippet
    definitions: tuple[Snippet, ...]
    imports: tuple[Import, ...]
    variables: tuple[str, ...]
    names: tuple[str, ...]


class SqlCode(NamedTuple):
    """The query of a SQL model, with slots for its inputs, and the Python functions that its declaration names."""

    query: Text
    spans: TextSpans | None = None
    functions: PythonCode | None = None


class SinkTarget(NamedTuple):
    """Where the rows of a ``sink`` model go.

    Attributes:
        format: The format; None for a function.
        options: Options of the format.
        function: The function that takes each micro-batch; None for a format.
    """

    format: str | None
    options: tuple[tuple[str, Text], ...]
    function: str | None


class ResolvedModel(NamedTuple):
    """A model with rendered texts and resolved names.

    Attributes:
        id: ``layer.name``.
        layer: The layer.
        name: The name inside the layer.
        path: The file.
        kind: The kind.
        dataset: The name under which pipelines read it: ``schema.table``; a plain name for a view or flow.
        description: Its description.
        inputs: Its inputs.
        key: The declared key; None if none is declared.
        columns: The declared columns; None if none are declared.
        expectations: The expectations.
        tests: The data tests.
        claims: The relationships that it declares.
        cdc: How changes are applied; for ``auto_cdc`` and ``auto_cdc_from_snapshot`` only.
        tags: Tags for selectors.
        owner: Its owner.
        properties: Table properties.
        cluster_by: Columns for clustering.
        quarantine: Whether dropped rows are kept in a quarantine table.
        enforce: What happens if the data have a duplicate key.
        code: Its code.
        spans: The spans of its declaration.
        unread: Arguments that could not be read; checks that depend on them are skipped.
        content_hash: A hash of the model's file and of the macros it uses.
        parameters: Its parameters, if its file defines several models with ``for_each``.
        options: How its table is stored, refreshed and shown.
        sink: Where its rows go; for ``sink`` only.
        flow: The target; for ``flow`` only.
        seed: Its rows, if they are written in the project.
    """

    id: str
    layer: str
    name: str
    path: str
    kind: Kind
    dataset: str
    description: str | None
    inputs: tuple[Input, ...]
    key: tuple[str, ...] | None
    further_keys: tuple[tuple[str, ...], ...]
    columns: tuple[Column, ...] | None
    expectations: tuple[Expectation, ...]
    claims: tuple[RelationshipClaim, ...]
    cdc: Cdc | None
    tags: tuple[str, ...]
    owner: str | None
    properties: tuple[tuple[str, str], ...]
    cluster_by: tuple[str, ...]
    quarantine: bool
    enforce: Literal["warn", "fail"]
    code: PythonCode | SqlCode
    spans: PackedSpans
    unread: frozenset[str]
    content_hash: str
    parameters: Parameters | None = None
    options: TableOptions = TableOptions()
    sink: SinkTarget | None = None
    flow: FlowTarget | None = None
    seed: Seed | None = None
    tests: tuple[DataTest, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether it has a table."""
        return self.kind not in WITHOUT_TABLE

    @property
    def is_published(self) -> bool:
        """Whether it has a table that others than its own pipeline can read."""
        return self.is_table and not self.options.private

    @property
    def reads_in_batch(self) -> bool:
        """Whether its kind reads all inputs in batch."""
        return self.kind in {"materialized_view", "auto_cdc_from_snapshot"} or (
            self.flow is not None and self.flow.once
        )

    @property
    def declared_keys(self) -> tuple[tuple[str, ...], ...]:
        """All keys that are declared, the one of ``key`` first."""
        return (*([self.key] if self.key else []), *self.further_keys)

    @property
    def is_streaming(self) -> bool:
        """Whether any of its inputs is a stream."""
        return any(source.is_streaming for source in self.inputs)

    @property
    def snapshots(self) -> SnapshotInput | None:
        """The snapshots that it reads one after the other; None if it reads none."""
        return next((source for source in self.inputs if isinstance(source, SnapshotInput)), None)

    @property
    def model_inputs(self) -> tuple[ModelInput, ...]:
        """The inputs that are models."""
        return tuple(source for source in self.inputs if isinstance(source, ModelInput))


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


class Relationship(NamedTuple):
    """A relationship, whichever model declared it.

    ``on`` pairs the child's columns with the parent's; ``span`` is that of one declaration. It is proven if each row
    of the child has a parent row, or NULL.
    """

    parent: str
    child: str
    on: tuple[tuple[str, str], ...]
    cardinality: Cardinality
    enforce: Literal["warn", "fail"]
    span: Span
    is_proven: bool = False


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
