"""What is unique in a relation."""
