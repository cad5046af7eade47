"""The command line: the composition root, the only place that knows everything."""

from __future__ import annotations

import sys

from framework.errors import TulyaError

LEAK_EXIT_CODE = 3
"""Exit code of a run whose strategy sees the future."""
INTERRUPTED_EXIT_CODE = 130


def main() -> None:
    """Run the command line. Tulya's own errors are one sentence on stderr and exit code 1."""
    from framework.cli.app import app

    try:
        app()
    except TulyaError as error:
        sys.stderr.write(f"tulya: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("tulya: interrupted; what was finished is kept\n")
        sys.exit(INTERRUPTED_EXIT_CODE)
    except BrokenPipeError:
        # The reader (head, less) has left: nothing to say, and nobody to say it to.
        sys.stderr.close()
        sys.exit(0)
