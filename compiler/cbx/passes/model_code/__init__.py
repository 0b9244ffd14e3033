"""What the code of a model produces, compared with what the model declares."""
