"""The graph of the models, and selectors."""
