"""Reads TOML files beside models and seeds as declarations are read."""
