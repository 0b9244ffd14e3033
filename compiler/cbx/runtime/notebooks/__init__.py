"""Notebooks and SQL files, read and executed."""
