"""What tests exercise of a project."""
