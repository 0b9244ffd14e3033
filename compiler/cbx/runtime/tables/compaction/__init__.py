"""Puts the rows of several updates of a streaming table into one file."""
