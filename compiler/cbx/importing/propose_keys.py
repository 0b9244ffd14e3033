"""Proposes keys for models that declare none: those that the compiler proves, and those that local tables have."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cbx.importing.import_report import ImportedModel, ProposedKey
from cbx.runtime.errors import CannotRunError
from cbx.stages.resolved import KnownTable

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

FEWEST_ROWS: Final = 10
"""In fewer rows, most columns happen to be unique."""

_KEY: Final = re.compile(r"(?:^|_)(?i:id|key|code|number|no|uuid|guid|sku)$|[a-z](?:Id|ID|Key|Code|Number|UUID)$")


def propose_keys(
    models: Sequence[ImportedModel], tables: Mapping[str, KnownTable], state: Path | None
) -> list[ProposedKey]:
    """A key for each model that has one.

    Args:
        models: The models without a declared key.
        tables: What the compiler knows of the tables of models, by id.
        state: The tables of a local run of the pipeline, or of the project; None if there was none.
    """
    has_arrow = find_spec("pyarrow") is not None
    proposals = []
    for model in models:
        proven = sorted(filter(None, tables[model.id].keys), key=len) if model.id in tables else []
        if proven:
            proposals.append(ProposedKey(model.id, proven[0], None))
        elif state is not None and has_arrow and model.kind != "view":
            proposals += _found_in_data(model, state)
    return proposals


def _found_in_data(model: ImportedModel, state: Path) -> Iterator[ProposedKey]:
    rows = _rows(model, state)
    if rows is None or rows.num_rows < FEWEST_ROWS:
        return
    columns = next((columns for columns in _candidate_keys(rows, model.table) if _is_key(rows, columns)), None)
    if columns is not None:
        yield ProposedKey(model.id, columns, rows.num_rows)


def _rows(model: ImportedModel, state: Path) -> pa.Table | None:
    """The rows of a model's table, which a run of the pipeline calls by its first name."""
    from cbx.runtime.tables.show_table import first_rows

    for name in (model.name, model.table):
        try:
            return first_rows(state, name, 0)
        except CannotRunError:
            continue
    return None


def _candidate_keys(rows: pa.Table, table: str) -> Iterator[tuple[str, ...]]:
    """Columns that are named as keys, that of the table's own rows first; then pairs of them, or of one and a date."""
    import pyarrow.types as kinds  # type: ignore[import-untyped]

    whole = [field for field in rows.schema if rows.column(field.name).null_count == 0]
    named = [
        field.name for field in whole if _KEY.search(field.name) and (_is_text(field) or kinds.is_integer(field.type))
    ]
    own = re.sub(r"\W", "", table.rpartition(".")[2]).lower()
    stems = {name: _KEY.sub("", name).rstrip("_").lower() for name in named}
    named.sort(key=lambda name: not (stems[name] == "" or stems[name] in own))
    dates = [field.name for field in whole if kinds.is_date(field.type)]
    yield from ((name,) for name in named)
    yield from itertools.combinations(named, 2)
    yield from itertools.product(named, dates)


def _is_text(field: pa.Field) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_string(field.type) or kinds.is_large_string(field.type))


def _is_key(rows: pa.Table, columns: tuple[str, ...]) -> bool:
    return bool(rows.group_by(list(columns)).aggregate([]).num_rows == rows.num_rows)
