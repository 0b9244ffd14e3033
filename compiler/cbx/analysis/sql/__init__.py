"""Translates SQL, as sqlglot parses it, to the relational IR."""
