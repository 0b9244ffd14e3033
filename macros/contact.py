"""Functions for contact details."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def digits_only(name: str) -> Column:
    """Remove everything but digits from a string column."""
    return F.regexp_replace(name, "[^0-9]", "")
