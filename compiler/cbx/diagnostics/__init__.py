"""What is reported: codes, places in files, and names that were probably meant."""
