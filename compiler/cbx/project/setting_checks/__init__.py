"""Problems of settings: wrong names, types and values, and misplaced secrets."""
