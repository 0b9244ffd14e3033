"""The vocabulary of model files, and the documents that its words fill in."""
