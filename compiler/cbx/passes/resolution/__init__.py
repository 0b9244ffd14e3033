"""Parts of resolving a model, one file per part of its declaration."""
