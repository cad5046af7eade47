"""One error tree, ordered by who must act.

Every message names the parameter, the value, the bound and the fix.
"""

from __future__ import annotations


class TulyaError(Exception):
    """Anything Tulya raises on purpose; the command line prints it as one sentence and exits with 1."""


class ConfigError(TulyaError):
    """A setting, flag or file is wrong: whoever started the run mends it."""


class DataError(TulyaError):
    """Prices, times or the store are wrong or absent: whoever owns the data mends them."""


class StoreError(DataError):
    """A database file as a whole cannot be used (locked, damaged, read-only, full): what follows would fail, too."""


class StrategyError(TulyaError):
    """A strategy broke its contract (shape, range, missing method): its author mends it."""


class BrokerError(TulyaError):
    """A broker did not carry out a request; the subclass says whether sending it again is safe."""


class RetryableError(BrokerError):
    """Nothing happened at the broker and the same request may be sent again."""


class RefusedError(BrokerError):
    """The broker refused, with proof; sending the same again would be refused again."""


class UnknownOutcomeError(BrokerError):
    """Unknown whether the broker acted: never send again, look the order up by its tag."""


class InvariantError(TulyaError):
    """A rule that always holds did not hold: our bug, stop at once."""


class RefusedInputError(InvariantError):
    """An input of a session that cannot come now: it was not let in, and nothing has changed."""


def sentence_of(error: Exception) -> str:
    """An error of ours or of the system as a sentence: a file's name and what the system says of it."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)
