"""The words of the comments on parts, by their place."""

from cbx import materialized_view, ref
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@materialized_view(key=["p_partkey", "place"])
def words_of_comments(parts: DataFrame = ref("bronze.part")) -> DataFrame:
    words = F.posexplode(F.split("p_comment", " ")).alias("place", "word")
    return parts.select("p_partkey", words)
