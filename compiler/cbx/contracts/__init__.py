"""Contracts of the Open Data Contract Standard: exports what a project promises, imports what others promise."""
