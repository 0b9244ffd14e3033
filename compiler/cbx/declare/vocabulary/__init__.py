"""The words of model files, for editors, type checkers, and tests that import a model.

A decorator returns its function unchanged and an input is a placeholder: an imported model is a plain function. The
compiler never calls these functions; it reads the words from the text.
"""
