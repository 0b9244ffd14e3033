"""The passes of a compilation: one file per pass, with one public function of the same name."""
