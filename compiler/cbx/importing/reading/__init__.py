"""Finds and reads the source files of a pipeline."""
