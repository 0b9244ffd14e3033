"""The rows of landing files, one file per format."""
