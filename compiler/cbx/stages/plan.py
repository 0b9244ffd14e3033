"""What will be written: every dataset with its names, reads and checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from cbx.project.settings import Project
from cbx.stages.data_tests import DataTest, NoRows
from cbx.stages.inputs import FileInput, ReaderInput, SnapshotInput
from cbx.stages.measures import MeasureResult
from cbx.stages.resolved import Relationship, Verdict
from cbx.stages.resolved_model import Column, ResolvedModel
from cbx.syntax.text import Text, join


class Read(NamedTuple):
    """How a dataset gets one of its inputs.

    Attributes:
        parameter: The parameter that takes it; None in SQL.
        keyword_only: Whether the parameter is keyword-only.
        table: The dataset or table; for files and readers in SQL the view over them, in Python None.
        is_streaming: Whether only new rows are read.
        reader: The files or the other system, where it reads these.
        snapshots: The snapshots, where it reads one after the other.
    """

    parameter: str | None
    keyword_only: bool
    table: Text | None
    is_streaming: bool
    reader: FileInput | ReaderInput | None
    snapshots: SnapshotInput | None = None

    @property
    def in_query(self) -> Text:
        """The table as a query reads it; empty if it has none."""
        table = self.table.parts if self.table is not None else ()
        return join(("STREAM(", *table, ")")) if self.is_streaming else join(table)


class DataTestCheck(NamedTuple):
    """The check of a data test.

    Attributes:
        name: The name of the check's table.
        artifact: Its notebook.
        model: The model that declares it.
        table: The table that is tested: the model's, or the source of a freshness.
        test: The test.
        query: The query of ``no_rows``.
        current_only: Whether versions of rows that have ended are skipped.
        is_proven: Whether the test needs no check, because it cannot fail.
    """

    name: str
    artifact: str
    model: str
    table: Text
    test: DataTest
    query: Text | None
    current_only: bool
    is_proven: bool

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the check reads."""
        rule = self.test.rule
        return (self.model, *(rule.models if isinstance(rule, NoRows) else ()))


class ModelPlan(NamedTuple):
    """A model's notebook.

    Attributes:
        changes_view: The view of the changes or of the snapshot that AUTO CDC applies; None where it reads none.
        pipeline: Its pipeline; None where the project names no pipelines.
        target: The model whose table a flow fills; None for other models.
        tests: Its data tests.
        quarantine_schema: The elements of the schema of its quarantine table; empty where the pipeline infers it.
    """

    model: ResolvedModel
    artifact: str
    reads: tuple[Read, ...]
    query: Text | None
    schema: tuple[str, ...]
    changes_view: str | None
    pipeline: str | None = None
    target: ResolvedModel | None = None
    tests: tuple[DataTestCheck, ...] = ()
    quarantine_schema: tuple[str, ...] = ()


class KeyCheck(NamedTuple):
    """A check that a key is unique; ``current_only`` skips versions of rows that have ended."""

    name: str
    artifact: str
    model: str
    table: str
    columns: tuple[str, ...]
    current_only: bool
    on_violation: Literal["warn", "fail"]


class RelationshipCheck(NamedTuple):
    """A check that every row has its parent; ``on`` pairs the child's columns with the parent's.

    ``models`` are those that it reads: the child, and the parent if it is no table of another project.
    """

    name: str
    artifact: str
    child: str
    child_table: str
    parent: str
    parent_table: Text
    on: tuple[tuple[str, str], ...]
    current_only: bool
    on_violation: Literal["warn", "fail"]
    models: tuple[str, ...]


class MeasureCheck(NamedTuple):
    """A check that an aggregate, with the text ``measure``, counts each row of its home once."""

    name: str
    artifact: str
    model: str
    measure: str
    homes: tuple[str, ...]
    query: Text
    on_violation: Literal["warn", "fail"]


Check = KeyCheck | RelationshipCheck | MeasureCheck | DataTestCheck


class PipelinePlan(NamedTuple):
    """A pipeline.

    Attributes:
        name: Its name in ``project.toml``; None for the only pipeline of a project that names none.
        artifacts: The paths of its source files, those of models first.
        after: The names of the pipelines that have to be updated before.
    """

    name: str | None
    artifacts: tuple[str, ...]
    after: tuple[str, ...]


class Plan(NamedTuple):
    """All that a compilation will write."""

    project: Project
    models: tuple[ModelPlan, ...]
    pipelines: tuple[PipelinePlan, ...]
    key_checks: tuple[KeyCheck, ...]
    relationship_checks: tuple[RelationshipCheck, ...]
    measure_checks: tuple[MeasureCheck, ...]
    relationships: tuple[Relationship, ...]
    columns: Mapping[str, tuple[Column, ...] | None]
    key_verdicts: Mapping[str, Verdict]
    further_verdicts: Mapping[str, tuple[Verdict, ...]]
    measures: Mapping[str, tuple[MeasureResult, ...]]
    traced: frozenset[str]

    @property
    def relationships_by_model(self) -> Mapping[str, tuple[Relationship, ...]]:
        """The relationships of each model as parent or child, in the order of all."""
        by_model: dict[str, list[Relationship]] = {planned.model.id: [] for planned in self.models}
        for relationship in self.relationships:
            for model in dict.fromkeys((relationship.parent, relationship.child)):
                by_model.setdefault(model, []).append(relationship)
        return {model: tuple(relationships) for model, relationships in by_model.items()}

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks."""
        return (*self.key_checks, *self.relationship_checks, *self.measure_checks, *self.data_tests)

    @property
    def data_tests(self) -> tuple[DataTestCheck, ...]:
        """The data tests that are not proven."""
        return tuple(test for planned in self.models for test in planned.tests if not test.is_proven)

    @property
    def check_names(self) -> frozenset[str]:
        """The datasets that only check others."""
        return frozenset(check.name for check in self.checks)


class Artifact(NamedTuple):
    """A file to be written: its path under ``target/`` and its text."""

    path: str
    text: str


class Emitted(NamedTuple):
    """The files to be written, in the order of their paths, and the SHA-256 of each by path."""

    artifacts: tuple[Artifact, ...]
    hashes: Mapping[str, str]
