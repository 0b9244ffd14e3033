"""What the models know about reaching a customer."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def digits_only(name: str) -> Column:
    """The digits of a text column."""
    return F.regexp_replace(name, "[^0-9]", "")
