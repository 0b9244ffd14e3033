"""Writes a first test of a model: example rows for its inputs, and the current result as the expected rows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cbx.testing.coverage.exercised import Exercised
from cbx.testing.errors import ModelTestError, UnsupportedByEngine
from cbx.testing.results.result import ExpectationFailed, ResultTable

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructType

    from cbx.testing.project.compiled_project import CompiledInput, CompiledModel, CompiledProject

_NOW = "2026-01-31 12:00:00"
_ROWS = (1, 2)
_TECHNICAL = frozenset({"_rescued_data", "_metadata", "source_file", "loaded_at"})
"""Columns about how a row was loaded, which a generated test omits."""


def generate_test(project: CompiledProject, name: str, engine: str | None) -> tuple[str, str]:
    """A first test of a model.

    Args:
        project: The project.
        name: The model.
        engine: The engine; None for the project's.

    Returns:
        The path of the test file in the project, and its text.

    Raises:
        ModelTestError: If there is no such model, or it does not run on the example rows.
    """
    from cbx.testing.fixtures import Models

    models = Models(project.root, engine or project.engine, "local", Exercised(), frozenset(), project)
    model = models.model(name)
    upstream = [project.models[read.name].notebook for read in model.inputs if read.name in project.models]
    code = "\n".join([model.notebook, *upstream])
    given = {read.name: _text_table(*_example_rows(read, models, code)) for read in model.inputs}
    try:
        result: ResultTable = models.run_model(name, given, now=_NOW)
    except UnsupportedByEngine as error:
        raise ModelTestError(str(error), f"cbx test --generate {name} --engine spark") from None
    except ExpectationFailed as error:
        reason = f"example rows break `{next(iter(error.failed))}` of `{name}`"
        raise ModelTestError(reason, "write the test by hand, with rows that meet its expectations") from None
    layer, _, short = name.partition(".")
    return f"tests/{layer}/test_{short}.py", _text(model, short, given, result)


def _example_rows(read: CompiledInput, models: Any, code: str) -> tuple[list[str], list[list[Any]]]:
    """Columns and rows for an input."""
    from cbx.testing.rows.input_frames import input_columns

    models.engine  # noqa: B018 - the engine parses types, so it has to run
    schema: StructType | None = input_columns(read)
    if not schema:
        hint = "write the test by hand: its rows name the columns"
        raise ModelTestError(f"the columns of `{read.name}` are not known", hint)
    fields = [field for field in schema if field.name not in _TECHNICAL]
    rows = [[_value(field.name, field.dataType, row, code) for field in fields] for row in _ROWS]
    return [field.name for field in fields], rows


def _value(name: str, kind: DataType, row: int, code: str) -> Any:
    """A plausible value of a column, different in every row."""
    from pyspark.sql import types as t

    match kind:
        case t.ArrayType():
            return [_value(name, kind.elementType, row, code)]
        case t.StructType():
            return {field.name: _value(field.name, field.dataType, row, code) for field in kind}
        case t.MapType():
            return {_value(name, kind.keyType, row, code): _value(name, kind.valueType, row, code)}
        case _:
            return None if name == "__END_AT" else _scalar(name, kind, row, code)


def _scalar(name: str, kind: DataType, row: int, code: str) -> Any:
    scale = getattr(kind, "scale", 0)
    values = {
        "boolean": row % 2 == 1,
        "decimal": str(Decimal(row).quantize(Decimal(1).scaleb(-scale))),
        "float": row + 0.5,
        "double": row + 0.5,
        "date": f"2026-01-0{row}",
        "timestamp": f"2026-01-0{row} 10:00:00",
        "timestamp_ntz": f"2026-01-0{row} 10:00:00",
        "string": _text_value(name, row, code),
        "binary": f"{name} {row}",
        **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), row),
    }
    return values.get(kind.simpleString().partition("(")[0])


def _text_value(name: str, row: int, code: str) -> str:
    """A text; if the code compares the column with a literal, that literal."""
    compared = re.search(rf"\b{re.escape(name)}\s*(?:=|==|IN\s*\()\s*'([^']*)'", code, re.IGNORECASE)
    if compared is not None:
        return compared[1]
    words = name.lower().split("_")
    if {"date", "day"} & set(words):
        return f"2026-01-0{row}"
    if {"timestamp", "time", "at"} & set(words):
        return f"2026-01-0{row} 10:00:00"
    if "email" in words:
        return f"person{row}@example.com"
    return f"{next((word for word in reversed(words) if word.isalpha()), 'text')} {row}"


def _text_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a text table with aligned columns."""
    lines = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    padded = (
        " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
    return "\n".join(padded)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case dict() | list():
            return json.dumps(value, default=str)
        case bool():
            return str(value).lower()
        case datetime() | date() | Decimal() | int() | float():
            return str(value)
        case _:
            text = str(value)
            is_plain = text.strip() == text and text not in {"", "NULL"} and not set(text) & set("|\"'\n\\")
            return text if is_plain else json.dumps(text)


def _text(model: CompiledModel, short: str, given: dict[str, str], result: ResultTable) -> str:
    columns = [name for name in result.columns if name not in _TECHNICAL]
    needs_time = "current_" in model.notebook or "now()" in model.notebook
    inputs = [f'            "{name}": """\n{_indent(table, 16)}\n            """,' for name, table in given.items()]
    return "\n".join(
        [
            f'"""Tests of `{model.id}`."""',
            "",
            "from cbx.testing import assert_rows",
            "",
            "",
            f"def test_{short}(run_model):",
            '    """Describe what the model must do, and choose rows that show it."""',
            "    result = run_model(",
            f'        "{model.id}",',
            "        given={",
            *inputs,
            "        },",
            *([f'        now="{_NOW}",'] if needs_time else []),
            "    )",
            "",
            "    assert_rows(",
            "        result,",
            '        """',
            _indent(_text_table(columns, result.rows(*columns)), 8),
            '        """,',
            "    )",
            "",
        ]
    )


def _indent(lines: str | Iterable[str], width: int) -> str:
    split = lines.splitlines() if isinstance(lines, str) else lines
    return "\n".join(" " * width + line for line in split)
