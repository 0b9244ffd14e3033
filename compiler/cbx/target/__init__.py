"""Writes the folder ``target/``."""
