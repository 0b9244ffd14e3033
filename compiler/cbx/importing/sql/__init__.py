"""Finds datasets in SQL statements, and rewrites their queries."""
