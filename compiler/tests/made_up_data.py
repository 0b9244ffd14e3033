"""Makes up the files and tables that a pipeline reads: columns by the names in its code, values by these names.

A file ``made_up.json`` in the folder of the pipeline says what the code does not: the values of columns that only some
values fit, in turn, files that are not found, the configuration, and options of ``cbx run``:

    {"values": {"name": ["Anna", "Carl"]}, "variables": {"region": "eu"}, "options": ["--stream", "kafka=streams"],
     "files": {"streams/orders": {"format": "json", "columns": {"name": "", "amount": "DOUBLE"}}}}
"""

from __future__ import annotations

import ast
import csv
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from cbx.diagnostics.diagnostic import Report
from cbx.importing.candidates import Candidate, CodePart, read_key
from cbx.importing.definitions import default_text
from cbx.importing.import_pipeline import FoundPipeline, ImportRequest
from cbx.importing.reading.pipeline_sources import read_sources
from cbx.importing.reads import FileInputRead, ReaderInputRead, TableInputRead
from cbx.importing.sql.queries import PARAMETER, ReadQuery, query_text
from cbx.runtime.errors import RunError
from cbx.runtime.sql.column_definitions import read_definitions
from cbx.runtime.sql.tokens import read_words
from compiler.tests.made_up_kinds import Kinds, kinds_of_python, kinds_of_sql, parse_sql

_ELSEWHERE = re.compile(
    r"(?:/Volumes|dbfs:|/dbfs|s3a?:/|abfss:/|gs:/|/mnt|/databricks-datasets|/FileStore)/(?=[\w${@])"
)
_NUMBER = re.compile(
    r"amount|price|qty|quantity|count|total|number|num|value|fare|rate|score|age|stock|cost|lat|lon|year|month|hours|size"
)
_TIME = re.compile(r"date|time|_at$|^at$|timestamp|_on$|updated|created|day$|sequence")
_NAMED = frozenset(("alias", "withColumnRenamed", "withColumn", "name", "cast", "format", "option", "table"))
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(slots=True)
class MadeUpSource:
    """A folder of files that a pipeline reads, or a table outside of it."""

    folder: Path
    format: str
    columns: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class MadeUpData:
    """The data of a pipeline: what it reads, its configuration, and notebooks that make the tables outside."""

    work: Path
    sources: list[MadeUpSource]
    variables: Mapping[str, str]
    stand_ins: list[Path]
    values: Mapping[str, list[Any]] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)

    def deliver(self, update: int) -> None:
        """Land the files of an update."""
        for source in self.sources:
            columns = {name.lower(): (name, kind) for name, kind in source.columns.items()}
            rows = [
                {name: self._value(name, kind, number) for name, kind in columns.values()}
                for number in range(3 * update - 2, 3 * update + 3)
            ]
            write_rows(self.work / source.folder, f"{update}", source.format, rows)

    def _value(self, name: str, kind: str, number: int) -> Any:
        values = self.values.get(name)
        return values[number % len(values)] if values else make_value(name, kind, number)


def make_up_data(pipeline: Path, work: Path) -> MadeUpData:
    """Make up the data of a pipeline, whose paths elsewhere become paths below ``landing`` in the working folder."""
    texts = [file for file in pipeline.rglob("*") if file.suffix in {".py", ".sql", ".ipynb"}]
    for file in texts:
        file.write_text(_ELSEWHERE.sub("landing/", file.read_text(encoding="utf-8")), encoding="utf-8")
    sources = read_sources([pipeline], Report())
    variables = {
        key: key.rpartition(".")[2]
        for text in sources.texts.values()
        for key in [*PARAMETER.findall(text), *re.findall(r"conf\.get\(\s*[\"']([\w.]+)[\"']\s*\)", text)]
    }
    told = _read_told(pipeline / "made_up.json")
    variables |= told.get("variables", {})
    found = FoundPipeline.of(sources, ImportRequest((pipeline,), "made_up", variables))
    candidates = found.candidates()
    known = {candidate.key for candidate in candidates}
    kinds: dict[str, str] = {}
    for candidate in candidates:
        for name, kind in (kind for part in _parts(candidate) for kind in _kinds_of_part(part)):
            kinds.setdefault(name, kind)
    made: dict[str, MadeUpSource] = {}
    tables: dict[str, MadeUpSource] = {}
    for candidate in candidates:
        names = columns_for_readers(candidate, candidates, found.configuration)
        columns = {name: kinds.get(name, "") for name in names} | _declared_by_table(candidate)
        for read in candidate.reads:
            key = read_key(read, found.configuration)
            if isinstance(read, FileInputRead):
                path = default_text(read.path, found.configuration) or "landing/unknown"
                source = made.setdefault(path, MadeUpSource(Path(path.replace("*", "x")), read.format))
                source.columns = {**columns, **source.columns, **declared_columns(read)}
            elif isinstance(read, ReaderInputRead) and "path" in read.options:
                path = default_text(read.options["path"], found.configuration) or "landing/unknown"
                source = made.setdefault(path, MadeUpSource(Path(path.replace("*", "x")), read.format))
                source.columns = {**columns, **source.columns}
            elif isinstance(read, TableInputRead) and key not in known:
                name = default_text(read.name, found.configuration) or "unknown"
                folder = Path("tables") / re.sub(r"\W+", "_", name)
                homes = _homes_of_columns(candidate, found.configuration)
                own = {name: kind for name, kind in columns.items() if name not in homes or key in homes[name]}
                tables.setdefault(name, MadeUpSource(folder, "json")).columns |= own
    stand_in = work / "stand_ins.py"
    stand_in.write_text(_stand_ins(tables), encoding="utf-8")
    for path, source in told.get("files", {}).items():
        made[path] = MadeUpSource(Path(path.replace("*", "x")), source["format"], source["columns"])
    stand_ins = [Path("stand_ins.py")] if tables else []
    every = [*made.values(), *tables.values()]
    return MadeUpData(work, every, variables, stand_ins, told.get("values", {}), told.get("options", []))


def _read_told(path: Path) -> dict[str, Any]:
    """What ``made_up.json`` says; nothing if there is none."""
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return told


def _kinds_of_part(part: CodePart) -> Kinds:
    """The types that code needs."""
    if isinstance(part.code, ReadQuery):
        yield from kinds_of_sql(re.sub("[\ue000\ue001]", "_", part.code.text))
    else:
        yield from kinds_of_python(part.code.function.node)
        for query in part.code.reads.queries:
            yield from kinds_of_sql(query.text if isinstance(query.text, str) else "")


def _stand_ins(tables: Mapping[str, MadeUpSource]) -> str:
    blocks = ["import dlt"]
    for number, (name, source) in enumerate(tables.items()):
        blocks.append(
            f"@dlt.table(name={name!r})\ndef stand_in_{number}():\n"
            "    files = spark.readStream.format('cloudFiles').option('cloudFiles.format', 'json')\n"
            f"    return files.option('cloudFiles.inferColumnTypes', 'true').load({str(source.folder)!r})"
        )
    return "\n\n\n".join(blocks) + "\n"


def declared_columns(read: FileInputRead) -> dict[str, str]:
    """The columns of a schema or of hints, with their types."""
    hints = next((value for name, value in read.options.items() if name.lower().endswith("schemahints")), None)
    try:
        texts = [text for text in (read.schema, hints) if isinstance(text, str)]
        return {column.name: column.type for text in texts for column in read_definitions(read_words(text)).columns}
    except RunError:
        return {}


def _declared_by_table(candidate: Candidate) -> dict[str, str]:
    """The declared columns of a table that has all columns of its files, with their types."""
    if not all(map(_passes_all, _parts(candidate))):
        return {}
    columns = candidate.dataset.settings.columns
    return {column.name: column.type for column in columns if not column.expression and column.name[:1] != "_"}


def columns_for_readers(
    candidate: Candidate, candidates: Iterable[Candidate], configuration: Mapping[str, str], depth: int = 0
) -> list[str]:
    """The columns that a table and those that read it use, as far as it passes all columns on."""
    names = list(_names_of_candidate(candidate))
    made, table = set(_names_made_by(candidate)), candidate.into or candidate.key
    if depth < 4 and all(map(_passes_all, _parts(candidate))):
        for other in candidates:
            keys = list(dict.fromkeys(read_key(read, configuration) for read in other.reads))
            if candidate.into == other.key:
                names += _names_of_candidate(other)
            if other is not candidate and table in keys:
                further = columns_for_readers(other, candidates, configuration, depth + 1)
                inputs = _Inputs.of(other, keys, candidates, configuration)
                names += [name for name in further if name not in made and inputs.has(table, name)]
    return list(dict.fromkeys(name for name in names if not name.startswith("_")))


@dataclass(frozen=True, slots=True)
class _Inputs:
    """The inputs of a table by their keys, the columns that its query reads of them, and those that each uses."""

    keys: list[str | None]
    homes: dict[str, set[str | None]]
    users: dict[str, set[str]]

    @classmethod
    def of(
        cls,
        candidate: Candidate,
        keys: list[str | None],
        candidates: Iterable[Candidate],
        configuration: Mapping[str, str],
    ) -> _Inputs:
        users = {key: _names_above(key, candidates, configuration) for key in keys if key is not None}
        return cls(keys, _homes_of_columns(candidate, configuration), users)

    def has(self, key: str, name: str) -> bool:
        """Whether a column is one of a certain input: keys are in all inputs, other columns in those that use them."""
        if name in self.homes:
            return key in self.homes[name]
        users = [user for user, names in self.users.items() if name in names]
        if name.lower().endswith("id") and not (users and self.homes):
            return True
        return key in users if users else zlib.crc32(name.encode()) % len(self.keys) == self.keys.index(key)


def _names_above(
    key: str, candidates: Iterable[Candidate], configuration: Mapping[str, str], depth: int = 0
) -> set[str]:
    """The columns that a table and those that it reads use or compute."""
    names: set[str] = set()
    for candidate in candidates:
        if candidate.key == key and depth < 6:
            names |= {*_names_of_candidate(candidate), *_names_made_by(candidate)}
            for read in candidate.reads:
                other = read_key(read, configuration)
                names |= _names_above(other, candidates, configuration, depth + 1) if other and other != key else set()
    return names


def _homes_of_columns(candidate: Candidate, configuration: Mapping[str, str]) -> dict[str, set[str | None]]:
    """The inputs of a query by the columns that it reads of them: ``o.amount`` of the alias ``o``, ``USING`` of all."""
    homes: dict[str, set[str | None]] = {}
    for part in _parts(candidate):
        if not isinstance(part.code, ReadQuery):
            continue
        tree = parse_sql(re.sub("\ue000(\\d+)\ue001", r"read_\1", part.code.text))
        aliases = {table.alias_or_name: table.name for table in tree.find_all(exp.Table)} if tree else {}
        for column in tree.find_all(exp.Column) if tree else ():
            number = aliases.get(column.table, "").removeprefix("read_")
            if number.isdigit():
                key = read_key(part.code.reads[int(number)], configuration)
                homes.setdefault(column.name, set()).add(key)
        for join in tree.find_all(exp.Join) if tree else ():
            for name in join.args.get("using") or ():
                homes[name.name] = {read_key(read, configuration) for read in part.code.reads}
    return homes


def _parts(candidate: Candidate) -> list[CodePart]:
    return [] if candidate.part is None else [candidate.part]


def _names_made_by(candidate: Candidate) -> Iterator[str]:
    """The columns that the code of a table computes."""
    for part in _parts(candidate):
        if isinstance(part.code, ReadQuery):
            yield from re.findall(r"(?i)\bAS\s+`?(\w+)", part.code.text)
        else:
            text = ast.unparse(part.code.function.node)
            yield from re.findall(r"\.(?:alias|withColumn)\(['\"](\w+)", text)


def _passes_all(part: CodePart) -> bool:
    if isinstance(part.code, ReadQuery):
        return "*" in part.code.text
    text = ast.unparse(part.code.function.node)
    return not re.search(r"\.(select|agg|groupBy)\(", text) or "'*'" in text


def _names_of_candidate(candidate: Candidate) -> Iterator[str]:
    for part in _parts(candidate):
        if isinstance(part.code, ReadQuery):
            yield from _columns_of_sql(re.sub("[\ue000\ue001]", "_", part.code.text))
        else:
            yield from _names_of_function(part.code.function.node)
            for query in part.code.reads.queries:
                yield from _columns_of_sql(query.text)
    for expectation in candidate.dataset.expectations:
        yield from _columns_of_sql(f"SELECT {query_text(expectation.condition)}")
    if candidate.changes is not None:
        changes = candidate.changes
        yield from (*changes.keys, *changes.sequence_by, *changes.except_column_list, *(changes.column_list or ()))
        for condition in (changes.apply_as_deletes, changes.apply_as_truncates):
            yield from _columns_of_sql(f"SELECT {query_text(condition)}") if condition is not None else ()


def _columns_of_sql(text: str) -> Iterator[str]:
    tree = parse_sql(text)
    if tree is None:
        return
    aliases = {alias.alias for alias in tree.find_all(exp.Alias)}
    tables = {table.alias_or_name for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Lateral)}
    for column in tree.find_all(exp.Column):
        is_input = column.name not in aliases or column.table or column.find_ancestor(exp.Alias) is not None
        first = column.parts[0].name
        if is_input and first not in {"_metadata", "*", ""}:
            yield column.name if first in tables or not column.table else first


def _names_of_function(function: ast.AST) -> Iterator[str]:
    function = ast.Module(getattr(function, "body", []), [])
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            method = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for argument in node.args[1:] if method == "withColumn" else () if method in _NAMED else node.args:
                yield from _names_of_argument(argument)
            yield from (
                name for keyword in node.keywords if keyword.arg == "on" for name in _names_of_argument(keyword.value)
            )
        elif isinstance(node, ast.Attribute) and id(node) not in called and isinstance(node.value, ast.Name):
            yield from [node.attr] if node.value.id not in {"spark", "dlt", "dp", "F", "Window"} else []
        elif isinstance(node, ast.Subscript):
            yield from _names_of_argument(node.slice)


def _names_of_argument(node: ast.expr) -> Iterator[str]:
    for part in node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]:
        value = part.value if isinstance(part, ast.Constant) else None
        if isinstance(value, str) and _WORD.fullmatch(value.rpartition(".")[2]):
            yield value.rpartition(".")[2]
        elif isinstance(value, str) and " " in value:
            yield from _columns_of_sql(f"SELECT {value}")


def make_value(name: str, kind: str, number: int) -> Any:
    """A value for a column; the fifth row has none in a column that is no key."""
    lowered, kind = name.lower(), kind.upper()
    if kind.startswith(("INT", "BIGINT", "LONG", "SMALLINT")) or (not kind and lowered.endswith("id")):
        return number
    if number % 5 == 0 and not _TIME.search(lowered):
        return None
    if kind.startswith(("DOUBLE", "FLOAT", "DECIMAL")) or (not kind and _NUMBER.search(lowered)):
        return number * 7 % 11 + 1
    if kind.startswith("BOOL") or (not kind and lowered.startswith(("is_", "has_"))):
        return number % 2 == 0
    if kind.startswith("DATE"):
        return f"2026-01-{number:02}"
    if kind.startswith("TIMESTAMP") or (kind in {"", "STRING"} and _TIME.search(lowered)):
        return f"2026-01-{number:02} 10:00:00"
    if kind.startswith(("ARRAY", "STRUCT", "MAP")):
        return None
    if "mail" in lowered:
        return f"name{number}@example.com"
    if lowered in {"operation", "op", "_change_type"}:
        return "DELETE" if number == 4 else "UPDATE"
    return f"{name} {number % 3}"


def write_rows(folder: Path, name: str, file_format: str, rows: list[dict[str, Any]]) -> None:
    """Write a file of a format."""
    folder.mkdir(parents=True, exist_ok=True)
    if file_format == "csv":
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else [])
            writer.writeheader()
            writer.writerows(rows)
    elif file_format == "delta":
        import pyarrow as pa
        from deltalake import write_deltalake

        write_deltalake(folder, pa.Table.from_pylist(rows), mode="append", schema_mode="merge")
    elif file_format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.{'json' if file_format == 'json' else 'txt'}").write_text(lines, encoding="utf-8")
