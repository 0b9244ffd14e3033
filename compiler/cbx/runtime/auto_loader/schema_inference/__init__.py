"""The columns of landing files: inferred, stored, and changed by new files."""
