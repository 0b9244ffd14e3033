"""The vocabulary of model files, and nothing else.

A model imports its words from here: ``from cbx import expect, stream, streaming_table``.
"""
