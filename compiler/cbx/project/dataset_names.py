"""What the datasets of a pipeline are called: tables of models, the datasets beside them, and checks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cbx.project.settings import Project


WITHOUT_TABLE = frozenset({"view", "flow", "sink"})
"""The kinds of models that have no table of their own."""


def dataset_name(project: Project, layer: str, name: str, *, is_published: bool) -> str:
    """The name under which a pipeline reads a model: ``schema.table``; without a schema if it is not published."""
    schema, table = project.schema_of(layer, name), project.table_of(layer, name)
    return f"{schema}.{table}" if is_published else f"{schema}_{table}"


def quarantine_table(dataset: str) -> str:
    """The table of the rows that a model's expectations drop."""
    return f"{dataset}_quarantine"


def changes_view(dataset: str) -> str:
    """The view of the changes that AUTO CDC applies to a dataset."""
    return f"{_flat(dataset)}_changes"


def snapshot_view(dataset: str) -> str:
    """The view of the snapshot that AUTO CDC compares with a dataset."""
    return f"{_flat(dataset)}_snapshot"


def sink_flow(sink: str) -> str:
    """The flow of a model's rows into its sink."""
    return f"{sink}_flow"


def files_view(dataset: str, number: int | None = None) -> str:
    """The view over the files that a SQL model reads; numbered from 1 by its inputs if the model reads several."""
    return f"{_flat(dataset)}_files{'' if number is None else number}"


def input_view(dataset: str, number: int | None = None) -> str:
    """The view over what a SQL model reads from another system; numbered as `files_view` is."""
    return f"{_flat(dataset)}_input{'' if number is None else number}"


def key_check(dataset: str, further_key: Iterable[str] = ()) -> str:
    """The check of a dataset's key; of a key beside the first one its columns are part of the name."""
    return "_".join([f"{_flat(dataset)}_key", *map(_identifier, further_key)])


def relationship_check(child: str, columns: Iterable[str], parent: str) -> str:
    """The check of the columns of a child dataset against the key of its parent."""
    return f"{_flat(child)}_{'_'.join(map(_identifier, columns))}_in_{_flat(parent)}"


def measure_check(dataset: str, column: str) -> str:
    """The check that an aggregate, which is in a column of a dataset, counts rows once."""
    return f"{_flat(dataset)}_{_identifier(column)}_counted_once"


def data_test_check(dataset: str, word: str, column: str | None, name: str | None) -> str:
    """The check of a data test: ``silver_orders_status_accepted_values``, or with the test's own name."""
    parts = [name] if name is not None else [*([column] if column is not None else []), word]
    return "_".join([_flat(dataset), *map(_identifier, parts)])


def _flat(dataset: str) -> str:
    return dataset.replace(".", "_")


def _identifier(column: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "_" for character in column)
