"""One update of a pipeline."""
