"""The passes of a compilation: one verb, one file, one public function named as the file."""
