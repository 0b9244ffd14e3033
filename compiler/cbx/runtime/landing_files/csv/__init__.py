"""CSV files without Spark."""
