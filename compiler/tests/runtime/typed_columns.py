"""Columns of every type, for the tests that ask Spark for types."""

from __future__ import annotations

from cbx.analysis.facts import UNKNOWN_TYPE

TYPES = {
    "truth": "BOOLEAN",
    "tiny": "TINYINT",
    "small": "SMALLINT",
    "num": "INT",
    "big": "BIGINT",
    "flt": "FLOAT",
    "dbl": "DOUBLE",
    "money": "DECIMAL(10, 2)",
    "units": "DECIMAL(5, 0)",
    "long_dec": "DECIMAL(38, 18)",
    "twelve": "DECIMAL(12, 4)",
    "name": "STRING",
    "code": "STRING COLLATE UTF8_LCASE",
    "raw": "BINARY",
    "day": "DATE",
    "at": "TIMESTAMP",
    "local": "TIMESTAMP_NTZ",
    "years": "INTERVAL YEAR TO MONTH",
    "days": "INTERVAL DAY TO SECOND",
    "minutes": "INTERVAL HOUR TO MINUTE",
    "one_day": "INTERVAL DAY",
    "nums": "ARRAY<INT>",
    "names": "ARRAY<STRING>",
    "ratios": "ARRAY<DOUBLE>",
    "lists": "ARRAY<ARRAY<BIGINT>>",
    "dims": "STRUCT<w: INT, h: DECIMAL(4, 1)>",
    "sizes": "STRUCT<w: BIGINT, h: DOUBLE>",
    "all_dims": "ARRAY<STRUCT<w: INT, h: DECIMAL(4, 1)>>",
    "counts": "MAP<STRING, INT>",
    "dates": "MAP<INT, DATE>",
    "any_json": "VARIANT",
}

UNKNOWN = {None, UNKNOWN_TYPE}
"""What cbx says of a type that it does not know."""
