"""The passes of a compilation, each a file with a public function of the same name; folders have checks and parts."""
