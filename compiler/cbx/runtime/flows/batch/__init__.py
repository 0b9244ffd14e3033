"""Batch tables: materialized views, which a query makes."""
