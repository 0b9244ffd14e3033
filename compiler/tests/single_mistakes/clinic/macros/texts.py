"""Texts as the clinic wants them."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def tidy(name: str) -> Column:
    """A text without spaces around it, with capitals at the beginning of words."""
    return F.initcap(F.trim(F.col(name))).alias(name)
