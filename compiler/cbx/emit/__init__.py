"""From the plan to the text of files. Pure: nothing here reads or writes, or knows the time."""
