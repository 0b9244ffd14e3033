"""The schema of a table as SQL, if constraints need one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cbx.passes.facts.quarantine_facts import has_quarantine, quarantine_columns
from cbx.spark_spelling import quote_if_needed
from cbx.stages.constraints import has_primary_key
from cbx.stages.inputs import FileInput
from cbx.stages.resolved import Proven, Relationship
from cbx.stages.resolved_model import Column, ResolvedModel

_RESCUED = Column("_rescued_data", "STRING")
_BROKEN_RULES = Column("broken_rules", "ARRAY<STRING>")


def table_schema(
    model: ResolvedModel, proven: Proven, references: Iterable[Relationship], flows: Sequence[str] = ()
) -> tuple[str, ...]:
    """The elements of a table's schema, columns first; empty if the pipeline infers the schema.

    Constraints and masks need a schema.

    ``references`` are the relationships in which the model is the child, ``flows`` the flows into its table.

    A key becomes an informational PRIMARY KEY if the model declares its columns, and its key columns as not null.
    With ``constraints = "all"``, a relationship to such a parent becomes a FOREIGN KEY. Only an explicit schema can
    have constraints.
    """
    columns = proven.columns[model.id]
    constraints = _constraints(model, proven, references)
    if columns is None or model.id in proven.partly_declared:
        return ()
    if not constraints and all(column.mask is None for column in columns):
        return ()
    return (*(_column(column) for column in _with_rescued(columns, model, proven, flows)), *constraints)


def quarantine_schema(model: ResolvedModel, proven: Proven, flows: Sequence[str] = ()) -> tuple[str, ...]:
    """The elements of the schema of a quarantine table with masks; empty if the pipeline infers it.

    A dropped row may have NULL where the table has none.
    """
    columns = quarantine_columns(model) if has_quarantine(model) else None
    is_masked = any(column.mask is not None for column in columns or ())
    if columns is None or not is_masked or model.id in proven.partly_declared:
        return ()
    rows = (column._replace(not_null=False) for column in _with_rescued(columns, model, proven, flows))
    return tuple(_column(column) for column in (*rows, _BROKEN_RULES))


def _with_rescued(
    columns: Sequence[Column], model: ResolvedModel, proven: Proven, flows: Sequence[str]
) -> tuple[Column, ...]:
    """The columns, with that of rescued data where the model or a flow reads files."""
    writers = (model, *(proven.models[flow] for flow in flows))
    lands = any(isinstance(source, FileInput) for writer in writers for source in writer.inputs)
    names = {column.name.lower() for column in columns}
    return (*columns, *((_RESCUED,) if lands and _RESCUED.name not in names else ()))


def _constraints(model: ResolvedModel, proven: Proven, references: Iterable[Relationship]) -> tuple[str, ...]:
    setting = proven.project.settings.compile.constraints
    if setting == "none" or not model.is_published:
        return ()
    constraints = []
    if has_primary_key(model):
        name = quote_if_needed(f"{model.name}_key")
        constraints.append(f"CONSTRAINT {name} PRIMARY KEY ({_names(model.key or ())})")
    if setting == "all" and model.columns is not None:
        constraints += [
            _foreign_key(relationship, proven) for relationship in references if _is_reference(relationship, proven)
        ]
    return tuple(constraints)


def _is_reference(relationship: Relationship, proven: Proven) -> bool:
    parent = proven.models.get(relationship.parent)
    if parent is None:  # whether a table of another project has a primary key is not known
        return False
    referenced = {theirs.lower() for _, theirs in relationship.on}
    if not parent.is_published or parent.id in proven.partly_declared or not has_primary_key(parent):
        return False
    return referenced == {name.lower() for name in parent.key or ()}


def _foreign_key(relationship: Relationship, proven: Proven) -> str:
    parent = proven.models[relationship.parent]
    ours, theirs = _names(mine for mine, _ in relationship.on), _names(other for _, other in relationship.on)
    return f"FOREIGN KEY ({ours}) REFERENCES {parent.dataset} ({theirs})"


def _names(names: Iterable[str]) -> str:
    return ", ".join(quote_if_needed(name) for name in names)


def _column(column: Column) -> str:
    not_null = " NOT NULL" if column.not_null else ""
    comment = f" COMMENT {_sql_text(column.description)}" if column.description else ""
    mask = f" MASK {column.mask}" if column.mask is not None else ""
    return f"{quote_if_needed(column.name)} {column.type}{not_null}{comment}{mask}"


def _sql_text(text: str) -> str:
    """A text as a SQL string literal, on one line."""
    escaped = " ".join(text.split()).replace("\\", "\\\\")
    if "'" in escaped and '"' not in escaped:
        return f'"{escaped}"'
    return "'" + escaped.replace("'", "\\'") + "'"
