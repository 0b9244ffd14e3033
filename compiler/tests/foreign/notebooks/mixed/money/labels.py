from pyspark.sql import functions as F


def label(column):
    return F.when(F.col(column) == "EUR", "home").otherwise("abroad")
