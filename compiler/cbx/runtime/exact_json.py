"""Texts of values of any type, to compare those that Spark cannot."""

from typing import Final

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - the idiom of its documentation

_TIMESTAMP: Final = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"
_OPTIONS: Final = {
    "ignoreNullFields": "false",
    "timestampFormat": f"{_TIMESTAMP}XXX",
    "timestampNTZFormat": _TIMESTAMP,
}
"""By default, NULL and microseconds are left out."""


def exact_json(*values: Column | str) -> Column:
    """The JSON of columns, or of those with these names in backticks: it differs where a value does."""
    return F.to_json(F.struct(*values), _OPTIONS)
