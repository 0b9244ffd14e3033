"""Reading files of the user within bounds."""
