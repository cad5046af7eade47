"""The command line: the composition root, the only place that knows everything."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from framework.errors import TulyaError, sentence_of
from framework.types.visible import visible_text

if TYPE_CHECKING:
    from types import FrameType

LEAK_EXIT_CODE = 3
"""Exit code of a run whose strategy sees the future."""
DIFFERENCE_EXIT_CODE = 4
"""Exit code when another engine's result differs."""
REFUSED_EXIT_CODE = 5
"""Exit code when the risk rules leave nothing of an order."""
BROKEN_EXIT_CODE = 6
"""Exit code of a journal that was changed after it was written."""
UNFINISHED_EXIT_CODE = 7
"""Exit code of a journal that is sound, but was not written to its end."""
UNANSWERED_EXIT_CODE = 8
"""Exit code when a runner or a broker has not answered in time, or what was asked for is not seen."""
INTERRUPTED_EXIT_CODE = 130
DEBUG = "--debug"
"""Word, anywhere in the command, after which an error shows its traceback."""


def main() -> None:
    """Run the command line. Whatever goes wrong is one sentence on stderr and exit code 1; --debug shows where."""
    from framework.cli.app import app
    from framework.cli.talib_alone import import_talib_alone

    import_talib_alone()
    signal.signal(signal.SIGINT, _interrupted)
    debug = DEBUG in sys.argv
    sys.argv = [word for word in sys.argv if word != DEBUG]
    try:
        app()
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has left: nothing to say, and nobody to say it to
        sys.exit(0)
    except Exception as error:
        if debug:
            raise
        _fail(error)


def _fail(error: Exception) -> None:
    if isinstance(error, TulyaError | OSError):
        sentence = sentence_of(error)
    else:
        from framework.cli.foreign_errors import foreign_sentence

        sentence = foreign_sentence(error)
    sys.stderr.write(f"tulya: {visible_text(sentence)}\n")
    sys.exit(1)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """Ctrl-C leaves like any error: open transactions and half-written bundles are undone on the way out."""
    sys.stderr.write("\ntulya: interrupted; what was finished is kept\n")
    sys.exit(INTERRUPTED_EXIT_CODE)
