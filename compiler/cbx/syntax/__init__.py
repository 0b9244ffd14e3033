"""What a parser makes of a text."""
