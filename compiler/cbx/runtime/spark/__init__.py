"""The Spark session and what is read through it."""
