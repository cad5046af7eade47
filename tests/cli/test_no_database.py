"""A mistyped --db is told, not created; only import and sample make a database."""

import pytest

GOOG = "Date,Open,High,Low,Close,Volume\n2004-08-19,100,104.06,95.96,100.34,22351900\n"


@pytest.mark.parametrize(
    "words",
    [
        "backtest rsi --symbols SP500",
        "backtest rsi --symbols all",
        "report last",
        "runs list",
        "runs show last",
        "runs compare last last",
        "data list",
        "data show SP500",
        "data show SP500 --issues",
        "data plot SP500",
        "data export SP500 out.csv",
    ],
)
def test_a_reading_command_says_that_there_is_no_database_and_creates_nothing(tulya, home, words):
    before = sorted(home.rglob("*"))
    done = tulya(*words.split(), "--db", "typo/markt.sqlite")
    sentence = "there is no database typo/markt.sqlite; tulya data sample or tulya data import makes one"
    assert (1, "", before) == (done.code, done.out, sorted(home.rglob("*")))
    assert done.err.startswith(f"tulya: {sentence}")


def test_import_and_sample_make_the_database(tulya, home):
    (home / "goog.csv").write_text(GOOG)
    assert 0 == tulya("data", "import", "goog.csv", "--symbol", "GOOG", "-t", "1d", "--db", "new/one.sqlite").code
    assert 0 == tulya("data", "sample", "--db", "new/two.sqlite").code
    assert {"one.sqlite", "two.sqlite"} <= {path.name for path in (home / "new").iterdir()}
