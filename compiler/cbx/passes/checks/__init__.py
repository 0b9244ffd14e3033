"""Checks that only report problems, one file per check."""
