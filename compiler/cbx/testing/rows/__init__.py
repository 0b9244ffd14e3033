"""The rows of a test."""
