"""The graph of the models, and how a selector chooses from it."""
