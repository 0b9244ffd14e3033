"""Finds datasets in Python files, and rewrites their functions."""
