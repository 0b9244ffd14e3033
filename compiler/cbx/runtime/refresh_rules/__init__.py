"""The rules that decide how a materialized view is refreshed. They know neither Spark nor files."""
