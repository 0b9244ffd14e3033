"""What FROM may list, one file per form: tables, joins, generators, pivots."""
