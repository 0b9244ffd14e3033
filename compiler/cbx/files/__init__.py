"""Reads user files within limits, and replaces files as a whole."""
