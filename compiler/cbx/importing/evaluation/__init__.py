"""Computes the values in the code of a notebook without running it."""
