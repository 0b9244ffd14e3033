"""Types of values, by rules held against Spark."""
