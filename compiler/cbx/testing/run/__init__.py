"""Runs the notebook of a model on the rows of a test."""
