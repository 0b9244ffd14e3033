"""What need not be compiled again: a record of the last compilation, and how to tell that nothing has changed."""
