"""``python -m cbx``."""

from cbx.cli import main

if __name__ == "__main__":
    main()
