"""What a run of a model gave, and how it differs."""
