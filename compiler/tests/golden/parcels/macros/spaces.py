from pyspark.sql import Column
from pyspark.sql import functions as F


def squeeze(text: Column) -> Column:
    return F.trim(F.regexp_replace(text, r"\s+", " "))
