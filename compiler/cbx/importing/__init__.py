"""Imports pipelines that cbx did not compile: reads notebooks and files, and writes a project of models."""
