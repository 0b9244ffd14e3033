"""What the models know about money."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def revenue() -> Column:
    """What the order items of a group cost together."""
    return F.sum(F.col("item_price") * F.col("item_quantity")).cast("DECIMAL(18, 2)")
