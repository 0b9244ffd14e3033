"""JSON files without Spark."""
