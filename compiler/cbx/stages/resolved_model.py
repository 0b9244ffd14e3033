"""A model with rendered templates and resolved names."""

from __future__ import annotations

from typing import Literal, NamedTuple

from cbx.analysis.facts import ColumnHome
from cbx.diagnostics.source_files import Span
from cbx.project.dataset_names import WITHOUT_TABLE
from cbx.stages.data_tests import DataTest
from cbx.stages.imports import Import
from cbx.stages.inputs import Input, ModelInput, SnapshotInput
from cbx.stages.seeds import Seed
from cbx.stages.table_options import TableOptions
from cbx.syntax.declarations import Parameters, Snippet
from cbx.syntax.spans import PackedSpans
from cbx.syntax.text import Text, TextSpans

Kind = Literal[
    "streaming_table", "materialized_view", "view", "auto_cdc", "auto_cdc_from_snapshot", "flow", "sink", "seed"
]
OnViolation = Literal["warn", "drop", "fail"]
Cardinality = Literal["one_to_one", "one_to_many"]


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
        is_derived: Whether its values are computed, not passed on as they are from the columns of its lineage.
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
    is_derived: bool = False


class Expectation(NamedTuple):
    """A condition on the rows of a model; ``macros`` are those that rendered its text."""

    name: str
    condition: Text
    on_violation: OnViolation
    span: Span
    name_span: Span
    macros: tuple[str, ...] = ()


class RelationshipClaim(NamedTuple):
    """A relationship as one model declares it.

    Attributes:
        on: The child's columns, each with the parent's.
        on_spans: The spans of each pair.
        parent_table: The table of a parent of another project; None for a model.
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
    parent_table: Text | None = None


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
