"""Diagnostics: codes, spans in source files, and suggestions for misspelt names."""
