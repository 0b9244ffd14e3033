"""Seeds: the rows of CSV files, and the values that they may have."""
