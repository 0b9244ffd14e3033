"""The passes of a compilation, each a file with a public function of the same name, and the parts of passes."""
