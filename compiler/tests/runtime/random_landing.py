"""Random landing folders: valid, odd and corrupt files in several formats, and the options to read them with."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
from pyarrow import orc, parquet

_NAMES: Final = ("id", "name", "amount", "seen_at", "day", "is_open", "items", "address", "tags", "note", "Name", "x y")
_TYPES: Final = {
    "id": ("BIGINT", "INT", "STRING", "DECIMAL(12, 2)"),
    "name": ("STRING", "DATE"),
    "amount": ("DOUBLE", "DECIMAL(10, 2)", "BIGINT", "STRING", "SMALLINT"),
    "seen_at": ("TIMESTAMP", "STRING", "DATE"),
    "day": ("DATE", "STRING", "TIMESTAMP"),
    "is_open": ("BOOLEAN", "STRING"),
    "items": ("ARRAY<STRUCT<sku: STRING, n: BIGINT>>", "ARRAY<STRUCT<sku: STRING>>", "ARRAY<BIGINT>", "STRING"),
    "address": ("STRUCT<city: STRING, zip: STRING>", "STRUCT<city: STRING, n: INT>", "MAP<STRING, STRING>", "STRING"),
    "tags": ("ARRAY<STRING>", "MAP<STRING, BIGINT>", "ARRAY<DOUBLE>"),
    "note": ("STRING",),
}
_FLAT: Final = ("id", "name", "amount", "seen_at", "day", "is_open", "note")


@dataclass(frozen=True)
class Draw:
    """A landing folder over time.

    Attributes:
        options: The options of the reader.
        schema: The schema given to the reader.
        batches: The files that land before each update, by name.
    """

    options: dict[str, str]
    schema: str | None
    batches: tuple[dict[str, bytes], ...]


def draw_landing(seed: str) -> Draw:
    """A random landing folder; the same seed gives the same."""
    rng = random.Random(seed)
    choice = rng.random()
    return _draw_json(rng) if choice < 0.55 else _draw_csv(rng) if choice < 0.94 else _draw_texts(rng)


def _common_options(rng: random.Random, file_format: str) -> dict[str, str]:
    options = {"cloudFiles.format": file_format}
    if rng.random() < 0.6:
        options["cloudFiles.inferColumnTypes"] = "true"
    if rng.random() < 0.5:
        options["cloudFiles.schemaEvolutionMode"] = rng.choice(("addNewColumns", "rescue", "failOnNewColumns", "none"))
    if rng.random() < 0.2:
        options["mode"] = rng.choice(("PERMISSIVE", "DROPMALFORMED", "FAILFAST"))
    if rng.random() < 0.1:
        options["rescuedDataColumn"] = "_rest"
    if rng.random() < 0.1:
        options["pathGlobFilter"] = "*a*"
    if rng.random() < 0.1:
        options["cloudFiles.includeExistingFiles"] = "false"
    if rng.random() < 0.1:
        options["cloudFiles.maxFilesPerTrigger"] = "1"
    return options


def _draw_types(rng: random.Random, names: tuple[str, ...]) -> str:
    hinted = [name for name in names if name in _TYPES and rng.random() < 0.7]
    return ", ".join(f"{name} {rng.choice(_TYPES[name])}" for name in hinted)


def _columns(rng: random.Random, names: tuple[str, ...], options: dict[str, str]) -> str | None:
    """Sets hints, or returns a schema."""
    choice = rng.random()
    text = _draw_types(rng, names)
    if choice < 0.5 and text:
        options["cloudFiles.schemaHints"] = text
    elif choice < 0.7 and text:
        if options.get("cloudFiles.schemaEvolutionMode") == "addNewColumns":
            del options["cloudFiles.schemaEvolutionMode"]
        return text + (", _corrupt_record STRING" if rng.random() < 0.3 else "")
    return None


def _folder(rng: random.Random, is_partitioned: bool) -> str:  # noqa: FBT001 - drawn once
    return (
        rng.choice(("year=2024/", "year=2025/", "year=07/", "year=2%2024/"))
        if is_partitioned
        else rng.choice(("", "", "deep/er/", "a b/", "x+y=1,2/"))
    )


def _draw_json(rng: random.Random) -> Draw:
    options = _common_options(rng, "json")
    names = tuple(rng.sample(_NAMES, rng.randint(2, 7)))
    schema = _columns(rng, names, options)
    oddity = rng.choice((0, 0.02, 0.1))
    is_partitioned = rng.random() < 0.15
    if rng.random() < 0.2:
        options["multiLine"] = "true"
    batches = []
    for batch in range(rng.randint(1, 3)):
        if batch and rng.random() < 0.4:
            names = (*names, rng.choice(("more", "later", "id")))
        files = {}
        for number in range(rng.randint(1, 3)):
            lines = [_json_line(rng, names, oddity) for _ in range(rng.randint(0, 6))]
            if "multiLine" in options:
                lines = _document(rng, lines)
            name = f"{_folder(rng, is_partitioned)}{batch}{number}{rng.choice('ab')}.json"
            _add_file(rng, files, name, lines)
        batches.append(files)
    return Draw(options, schema, tuple(batches))


def _document(rng: random.Random, lines: list[str]) -> list[str]:
    """One JSON document of these records."""
    if rng.random() < 0.5:
        return [line.replace(": ", ":\n ") for line in lines[:1]]
    return ["[", ",\n".join(line for line in lines if line), rng.choice(("]", " ]"))]


def _add_file(rng: random.Random, files: dict[str, bytes], name: str, lines: list[str]) -> None:
    end = rng.choice(("\n", "\n", "\n", "\r\n"))
    content = (end.join(lines) + (end if rng.random() < 0.9 else "")).encode()
    if rng.random() < 0.1:
        files[f"{name}.gz"] = gzip.compress(content)
    else:
        files[name] = content


def _json_line(rng: random.Random, names: tuple[str, ...], oddity: float) -> str:
    record = {name: _json_value(rng, name, oddity) for name in names if rng.random() < 0.9}
    text = json.dumps(record, ensure_ascii=rng.random() < 0.1, separators=rng.choice(((",", ":"), (", ", ": "))))
    for number, spelling in _SPELLED.items():
        text = text.replace(str(number), rng.choice(spelling))
    return _corrupt(rng, text) if rng.random() < oddity else text


_SPELLED: Final = {
    777001: ("1.50", "1.0", "0.1", "-0.0", "1e5", "100.000", "0.007", "12345678.9", "1E-7"),
    777002: (
        "99999999999999999999",
        "9223372036854775808",
        "123456789012345678901234567890123456789012",
        "-0",
        "2147483648",
    ),
    777003: ("NaN", "01", "1.", ".5", "+1", "tru", "Infinity"),
}


def _corrupt(rng: random.Random, text: str) -> str:
    return rng.choice(
        (
            lambda: text[: rng.randint(0, len(text))],
            lambda: "no json",
            lambda: text + " ",
            lambda: text.replace(",", " ", 1),
            lambda: text.replace(":", "", 1),
            lambda: "",
            lambda: "  ",
            lambda: rng.choice(("null", "5", '"x"', "[]", "{}", "true", "{,}", "}", "]")),
            lambda: "[" + text + "]",
            lambda: text + text,
            lambda: text[:-1] + ",}",
            lambda: text.replace('"', "'"),
            lambda: text.replace("{", '{"twice": 1, "twice": 2, ', 1),
        )
    )()


def _json_value(rng: random.Random, name: str, oddity: float) -> Any:
    if rng.random() < oddity:
        return _odd_value(rng)
    if rng.random() < 0.05:
        return None
    values: dict[str, Any] = {
        "id": lambda: rng.choice((rng.randint(-5, 500), rng.randint(0, 10**12))),
        "name": lambda: rng.choice(("Ann", "Bob", "Zoë", "a,b", 'q"q', "x\ty", "", "日本", "😀", "O'Neil", "\\")),
        "Name": lambda: rng.choice(("Ann", "Bob")),
        "x y": lambda: rng.choice((1, 2, "z")),
        "amount": lambda: rng.choice((rng.randint(0, 100), round(rng.uniform(-10, 10), 2), 777001, 3)),
        "seen_at": lambda: _timestamp(rng),
        "day": lambda: rng.choice(("2024-01-31", "1999-12-31", "0001-01-01", "2024-02-29")),
        "is_open": lambda: rng.choice((True, False)),
        "items": lambda: [{"sku": "a", "n": rng.randint(0, 9)} for _ in range(rng.randint(0, 2))],
        "address": lambda: {"city": rng.choice(("Rome", "Oslo", None)), "zip": "01234"},
        "tags": lambda: rng.choice((["a", "b"], [], [None, "c"], {"k": 1}, [1, 2.5])),
    }
    return values.get(name, lambda: rng.choice(("plain", 1, 2, True)))()


def _timestamp(rng: random.Random) -> str:
    day = f"{rng.choice((1900, 1970, 2024))}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"
    time = f"{rng.choice('T ')}1{rng.randint(0, 9)}:0{rng.randint(0, 9)}:5{rng.randint(0, 9)}"
    return (
        day
        + time
        + rng.choice(("", ".5", ".123", ".123456", ".1234567"))
        + rng.choice(("", "", "Z", "+02:00", "-05:30"))
    )


def _odd_value(rng: random.Random) -> Any:
    return rng.choice(
        (
            777001, 777002, 777003, "one", "", "n/a", "12", "1.5", "true", "NaN", "Infinity", "1,000.5", "2024-02-30",
            "2024-13-01", "2024-1-2", "10:00", "2024", "2024-01-01T25:00:00", "2024-01-01 10", "tomorrow",
            1.5, -3, 10**10, 40000, True, None, [], {}, [1], ["x", None], [{"sku": 5}], [{"sku": "a", "n": "b"}],
            [{"new": 1}], {"city": 5}, {"city": "x", "n": 3, "new": {"deep": [1.5]}}, {"k": "v"}, {"k": 777001}, [[1]],
            [777001], {"zip": 777002}, "line\u2028end", "ctrl\u0001", "\u007f", "quote'",
        )
    )  # fmt: skip


def _draw_texts(rng: random.Random) -> Draw:
    options = {"cloudFiles.format": rng.choice(("text", "binaryFile"))}
    if rng.random() < 0.3:
        options["pathGlobFilter"] = "?1*"
    batches = []
    for batch in range(rng.randint(1, 2)):
        files: dict[str, bytes] = {}
        for number in range(rng.randint(1, 3)):
            lines = rng.choices(("one", "", " two ", "Zo\u00eb", "a\tb", '"q"'), k=rng.randint(0, 5))
            _add_file(rng, files, f"{_folder(rng, number == 7)}{batch}{number}.txt", lines)
        batches.append(files)
    return Draw(options, None, tuple(batches))


def _draw_csv(rng: random.Random) -> Draw:
    options = _common_options(rng, "csv")
    if rng.random() < 0.8:
        options["header"] = rng.choice(("true", "true", "true", "false"))
    if rng.random() < 0.3:
        options[rng.choice(("sep", "delimiter"))] = rng.choice((";", "|", "\t"))
    if rng.random() < 0.3:
        options["escape"] = '"'
    names = tuple(rng.sample(_FLAT, rng.randint(1, 5)))
    schema = _columns(rng, names, options)
    oddity = rng.choice((0, 0.02, 0.1))
    is_partitioned = rng.random() < 0.15
    separator = options.get("sep", options.get("delimiter", ","))
    batches = []
    for batch in range(rng.randint(1, 3)):
        if batch and rng.random() < 0.4:
            names = tuple(rng.sample((*names, "more"), len(names) + 1))
        files = {}
        for number in range(rng.randint(1, 2)):
            lines = [separator.join(names)] if rng.random() < 0.98 else []
            lines += [_csv_line(rng, names, separator, oddity) for _ in range(rng.randint(0, 6))]
            name = f"{_folder(rng, is_partitioned)}{batch}{number}{rng.choice('ab')}.csv"
            _add_file(rng, files, name, lines)
        batches.append(files)
    return Draw(options, schema, tuple(batches))


def _csv_line(rng: random.Random, names: tuple[str, ...], separator: str, oddity: float) -> str:
    values = [_csv_value(rng, name, oddity) for name in names]
    if rng.random() < oddity:
        values = rng.choice((values[:-1], [*values, "extra"], [*values, ""], []))
    line = separator.join(values)
    return rng.choice((line, line + " ", "", " ", "\t", line + '"', "junk")) if rng.random() < oddity / 3 else line


def _csv_value(rng: random.Random, name: str, oddity: float) -> str:
    if rng.random() < oddity:
        return rng.choice(
            (
                "one", "n/a", "12", "1.5", "true", "NaN", "Inf", "-Inf", "Infinity", '"1,000.5"', "2024-02-30", "x y",
                "2024-1-2", "10:00", "2024", "2024-01-01T25:00:00", "2024-01-01 10", "tomorrow", "1e5", "1d", "0x10",
                "+5", "007", "-0", " 7", "7 ", '""', '"a""b"', '"a\\"b"', 'a"b', '"open', ' "x"', '"x" ', "1,5", "null",
                "99999999999999999999", "Zoë", "😀", "\\", "\\N", "3rd street", "12 Main", "+49 123", "1-2", "'q'",
            )
        )  # fmt: skip
    if rng.random() < 0.08:
        return ""
    values: dict[str, Any] = {
        "id": lambda: str(rng.choice((rng.randint(-5, 500), rng.randint(0, 10**12)))),
        "name": lambda: rng.choice(("Ann", "Bob", "Ann Lee", '"quoted"', '"Lee, Ann"', "O'Neil")),
        "amount": lambda: rng.choice((str(rng.randint(0, 100)), str(round(rng.uniform(-10, 10), 2)))),
        "seen_at": lambda: _timestamp(rng),
        "day": lambda: rng.choice(("2024-01-31", "1999-12-31", "2024-02-29")),
        "is_open": lambda: rng.choice(("true", "false", "TRUE")),
    }
    return str(values.get(name, lambda: rng.choice(("plain", "text")))())


def draw_columnar_landing(seed: str) -> Draw:
    """A random landing folder of Parquet or ORC files."""
    rng = random.Random(seed)
    file_format = rng.choice(("parquet", "parquet", "orc"))
    options = _common_options(rng, file_format)
    options.pop("mode", None)
    names = rng.sample(tuple(_COLUMNAR), rng.randint(1, 6))
    kinds = {name: rng.choice(_COLUMNAR[name]) for name in names}
    hints = [f"{name} {rng.choice(_TYPES[name])}" for name in names if name in _TYPES and rng.random() < 0.1]
    if hints:
        options["cloudFiles.schemaHints"] = ", ".join(hints)
    batches = []
    for batch in range(rng.randint(1, 3)):
        files = {}
        for number in range(rng.randint(1, 2)):
            if rng.random() < 0.3:
                name = rng.choice(tuple(_COLUMNAR))
                kinds[name] = kinds.get(name) or rng.choice(_COLUMNAR[name])
            here = [name for name in kinds if rng.random() < 0.9] or list(kinds)
            rows = rng.choice((0, 1, 5))
            columns = {
                name: pa.array([_COLUMNAR_VALUES[kinds[name]](rng) for _ in range(rows)], kinds[name]) for name in here
            }
            files[f"{_folder(rng, is_partitioned=False)}{batch}{number}a.{file_format}"] = _write(file_format, columns)
        batches.append(files)
    return Draw(options, None, tuple(batches))


def _write(file_format: str, columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    (parquet.write_table if file_format == "parquet" else orc.write_table)(pa.table(columns), sink)
    return sink.getvalue()


def _or_null(draw: Callable[[random.Random], Any]) -> Callable[[random.Random], Any]:
    return lambda rng: None if rng.random() < 0.2 else draw(rng)


_ADDRESS: Final = pa.struct([("city", pa.string()), ("n", pa.int32())])
_COLUMNAR_VALUES: Final = {
    kind: _or_null(draw)
    for kind, draw in (
        (pa.int64(), lambda rng: rng.randint(-(10**12), 10**12)),
        (pa.int32(), lambda rng: rng.randint(-100, 100)),
        (pa.int16(), lambda rng: rng.randint(-100, 100)),
        (pa.float64(), lambda rng: round(rng.uniform(-10, 10), 3)),
        (pa.string(), lambda rng: rng.choice(("Ann", "", "Zoë"))),
        (pa.bool_(), lambda rng: rng.random() < 0.5),
        (pa.date32(), lambda rng: rng.choice((date(2024, 2, 29), date(1950, 1, 1), date(1500, 1, 1)))),
        (pa.timestamp("us", tz="UTC"), lambda rng: datetime(2024, 1, 31, 10, rng.randrange(60), 5, 7, timezone.utc)),
        (pa.timestamp("us"), lambda rng: datetime(2024, 1, 31, rng.randrange(24))),  # noqa: DTZ001 - it has no zone
        (pa.decimal128(10, 2), lambda rng: Decimal(rng.randint(-999, 999)) / 100),
        (pa.list_(pa.string()), lambda rng: [rng.choice(("a", None)) for _ in range(rng.randrange(3))]),
        (_ADDRESS, lambda rng: {"city": rng.choice(("Ulm", None)), "n": rng.choice((1, None))}),
    )
}
_COLUMNAR: Final = {
    "id": (pa.int64(), pa.int32()),
    "name": (pa.string(),),
    "amount": (pa.float64(), pa.decimal128(10, 2), pa.int16()),
    "seen_at": (pa.timestamp("us", tz="UTC"), pa.timestamp("us", tz="UTC"), pa.timestamp("us")),
    "day": (pa.date32(),),
    "is_open": (pa.bool_(),),
    "tags": (pa.list_(pa.string()),),
    "address": (_ADDRESS,),
    "x y": (pa.int64(),),
}
