"""``python -m framework`` is ``tulya``."""

from framework.cli import main

if __name__ == "__main__":
    main()
