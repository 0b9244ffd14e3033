"""Rows of queries on Sail as Arrow tables and files."""
