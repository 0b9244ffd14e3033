"""Finds out which nodes of a sqlglot tree the reader supports, and their spans."""
