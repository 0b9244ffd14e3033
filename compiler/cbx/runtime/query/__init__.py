"""Queries over the tables of the state folder, without Spark."""
