"""Finds and reads ``project.toml``."""
