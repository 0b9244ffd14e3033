"""The notebooks of models and checks, and the parts of notebooks."""
