"""Functions and queries that Sail evaluates otherwise than Spark, replaced by ones that it evaluates as Spark does."""
