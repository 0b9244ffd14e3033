"""Writes the files of models."""
