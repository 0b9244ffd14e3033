"""Expressions of a query."""
