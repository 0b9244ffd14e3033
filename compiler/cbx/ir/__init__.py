"""The values that pass between the stages, one set of frozen dataclasses each."""
