"""Functions for amounts of money."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def revenue() -> Column:
    """The total amount of the order items of a group."""
    return F.sum(F.col("item_price") * F.col("item_quantity")).cast("DECIMAL(18, 2)")
