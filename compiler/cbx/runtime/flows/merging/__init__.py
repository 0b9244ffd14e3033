"""Merges changes and snapshots into targets of AUTO CDC."""
