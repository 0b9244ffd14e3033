"""Prices of lines."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def discounted() -> Column:
    """The price of a line less its discount."""
    return F.col("l_extendedprice") * (1 - F.col("l_discount"))
