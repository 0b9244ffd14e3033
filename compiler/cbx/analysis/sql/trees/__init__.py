"""What is understood of a tree that sqlglot makes."""
