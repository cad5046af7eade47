"""Whatever goes wrong is one sentence; a traceback is for --debug."""

import sqlite3

import pyarrow as pa
import pytest

from framework.cli.foreign_errors import foreign_sentence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "the memory of this machine is used up"),
        (RecursionError("maximum recursion depth exceeded"), "nested too deep"),
        (pa.ArrowInvalid("Parquet magic bytes not found"), "a file cannot be read or written (Parquet magic bytes"),
        (sqlite3.OperationalError("x"), "a database cannot be used (x)"),
        (ValueError("could not\nconvert"), "this should not have happened: ValueError: could not convert"),
        (ZeroDivisionError(), "ZeroDivisionError: no more is said"),
    ],
)
def test_every_foreign_error_is_one_line_that_says_what_to_do(error, words):
    told = foreign_sentence(error)
    assert words in told
    assert "\n" not in told


@pytest.fixture
def broken(monkeypatch):
    def breaks(*_given, **_options):
        raise ValueError("from deep inside")

    monkeypatch.setattr("framework.store.open_store", breaks)


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_a_sentence_and_exit_code_1(tulya, home):
    done = tulya("runs", "list")
    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("tulya: this should not have happened: ValueError: from deep inside. It is a fault")
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("words", [("--debug", "runs", "list"), ("runs", "list", "--debug")])
def test_debug_shows_where_it_came_from_wherever_the_word_stands(tulya, home, words):
    with pytest.raises(ValueError, match="from deep inside"):
        tulya(*words)


def test_the_help_names_debug(tulya, home):
    assert "--debug" in tulya("--help").out
