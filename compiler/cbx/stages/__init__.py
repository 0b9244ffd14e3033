"""The values that pass between the stages, one set of named tuples each."""
