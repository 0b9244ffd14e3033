"""Other projects whose tables models read: what their manifests say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, as_text
from cbx.files.bounded_read import check_document, read_regular
from cbx.project.setting_types.sections import DependencySection
from cbx.project.toml_spans import setting_span
from cbx.spark_spelling import quote_if_needed

SCHEMA_VERSION = 1
"""The newest version of the manifest's schema that is read here."""
_STORED = frozenset({"streaming_table", "materialized_view", "auto_cdc", "auto_cdc_from_snapshot", "seed"})
_VAR = re.compile(r"\{\{.*?\}\}")
_COMPILE = "compile that project with this version of cbx, and name its `target/manifest.json`"


class _Entry(BaseModel):
    """A part of a manifest; what is not read here is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class PublishedColumn(_Entry):
    """A column."""

    name: str
    type: str | None = None
    not_null: bool = False
    mask: str | None = None


class PublishedKey(_Entry):
    """A key beside the first one."""

    columns: tuple[str, ...]
    verdict: str | None = None


class PublishedRelationship(_Entry):
    """A relationship of a model, as its parent or its child; ``on`` is from the child's columns to the parent's."""

    parent: str
    child: str
    on: dict[str, str]
    cardinality: Literal["one_to_one", "one_to_many"]


class PublishedRule(_Entry):
    """An expectation."""

    condition: str
    on_violation: str


class PublishedHistory(_Entry):
    """How changes are applied."""

    scd_type: Literal[1, 2]
    sequence_by: tuple[str, ...] = ()


class PublishedModel(_Entry):
    """A model of another project."""

    kind: str
    dataset: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")]
    key: tuple[str, ...] | None = None
    key_verdict: str | None = None
    further_keys: tuple[PublishedKey, ...] = ()
    relationships: tuple[PublishedRelationship, ...] = ()
    expectations: tuple[PublishedRule, ...] = ()
    columns: tuple[PublishedColumn, ...] = ()
    cdc: PublishedHistory | None = None
    private: bool = False
    replace_using: tuple[str, ...] = ()
    has_schema: bool = True

    @property
    def is_published(self) -> bool:
        """Whether it has a table that other pipelines can read."""
        return self.kind in _STORED and not self.private

    @property
    def enforces_not_null(self) -> bool:
        """Whether its table is created with the schema of a primary key, which refuses NULL in NOT NULL columns."""
        required = {column.name.lower() for column in self.columns if column.not_null}
        is_history = self.cdc is not None and self.cdc.scd_type == 2
        return (
            self.has_schema
            and not is_history
            and bool(self.key)
            and required.issuperset(map(str.lower, self.key or ()))
        )

    @property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Its declared keys, each proven or checked on the data by its own project."""
        return tuple(self.verdicts)

    @property
    def verdicts(self) -> Mapping[tuple[str, ...], str | None]:
        """Its declared keys, each with the verdict of its own project."""
        first = {self.key: self.key_verdict} if self.key else {}
        further = {key.columns: key.verdict for key in self.further_keys if key.columns != self.key}
        return {**first, **further}


class _Head(_Entry):
    schema_version: int


class _Manifest(_Head):
    models: dict[str, PublishedModel]


class Dependency(NamedTuple):
    """Another project.

    Attributes:
        name: Its name in ``[dependencies]``.
        catalog: The catalog of its tables, with `var` for variables; None for that of this project's pipeline.
        models: Its models by id; None if its manifest could not be read, which was reported.
    """

    name: str
    catalog: str | None
    models: Mapping[str, PublishedModel] | None

    def table_of(self, model: PublishedModel) -> str:
        """The name of a model's table, with `var` for variables."""
        if self.catalog is None:
            return model.dataset
        is_plain = quote_if_needed(_VAR.sub("v", self.catalog)) == _VAR.sub("v", self.catalog)
        return f"{self.catalog if is_plain else f'`{self.catalog}`'}.{model.dataset}"


def read_dependencies(
    root: Path, sections: Mapping[str, DependencySection], source: SourceFile, report: Report
) -> dict[str, Dependency]:
    """Read the manifests of other projects.

    Args:
        root: The project's folder.
        sections: The settings of ``[dependencies]``.
        source: The text of ``project.toml``.
        report: Gets CBX273 for a manifest that cannot be read, and the texts of the others.
    """
    return {
        name: Dependency(name, section.catalog, _read_models(root, name, section.manifest, source, report))
        for name, section in sections.items()
    }


def _read_models(
    root: Path, name: str, path: str, source: SourceFile, report: Report
) -> Mapping[str, PublishedModel] | None:
    hint = _COMPILE
    try:
        content = read_regular(root / path)
        check_document(content)
        report.sources[path] = as_text(content)
        version = _Head.model_validate_json(content).schema_version
        if version <= SCHEMA_VERSION:
            return _Manifest.model_validate_json(content).models
        problem = f"has the schema version {version}; this version of cbx reads {SCHEMA_VERSION}"
        hint = "install a newer version of cbx"
    except FileNotFoundError:
        problem, hint = "does not exist", f"compile that project first: `cbx compile` writes `{path}`"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except (ValidationError, ValueError):
        problem = "is not a manifest of cbx"
    span = setting_span(source, ("dependencies", name, "manifest"))
    report.add(codes.INVALID_DEPENDENCY, f"the manifest `{path}` of `{name}` {problem}", span, hint=hint)
    return None
