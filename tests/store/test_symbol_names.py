"""Names of instruments: refused where they break a terminal or a table, told where they pass for another one."""

from __future__ import annotations

import pytest

from framework.errors import DataError
from framework.types.intake.names import checked_symbol, likeness
from framework.types.visible import visible

ROW = "Date,Open,High,Low,Close,Symbol\n"


def named(*names):
    return ROW + "".join(f'2024-01-0{day},1,1,1,1,"{name}"\n' for name in names for day in (2, 3))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("A\x1b[31mB", "the symbol 'A\\\\x1b[31mB' is refused: its character 2 is a control character"),
        ("A\x07", "its character 2 is a control character"),
        ("A\u2028B", "its character 2 is a line break"),
        ("A" * 65, "it has 65 characters, and 64 are the most"),
    ],
)
def test_rows_of_a_symbol_that_cannot_be_one_are_refused_and_the_others_kept(take, rows, name, reason):
    summary = take("s.csv", named(name, "INFY"))
    assert (4, 2, 2, ("INFY",)) == (summary.rows_read, summary.new, summary.refused, summary.symbols)
    told = rows("SELECT kind, symbol, reason FROM data_issues WHERE line IS NOT NULL")
    assert [("bad_symbol", "")] * 2 == [row[:2] for row in told]
    assert reason in told[0][2]


def test_a_line_break_inside_a_quoted_symbol_is_refused(take):
    summary = take("s.csv", named("A\nB", "INFY"))
    assert (2, 2) == (summary.new, summary.refused)


def test_sixty_four_characters_are_a_symbol(take):
    assert 2 == take("s.csv", named("A" * 64)).new


def test_a_symbol_that_was_said_or_is_the_file_s_name_is_checked_too(take):
    plain = "Date,Open,High,Low,Close\n2024-01-02,1,1,1,1\n"
    assert (
        "symbol 'A\\\\x1bB' is refused: its character 2 is a control character"
        in take("x.csv", plain, symbol="A\x1bB").error
    )
    assert "is refused" in take("a\x1b[2J.csv", plain).error
    with pytest.raises(DataError, match="the symbol is empty"):
        checked_symbol(" ")


@pytest.mark.parametrize(
    ("other", "how"),
    [
        ("infy", "upper and lower case"),
        ("INF\u0423", "letters that look alike"),  # a Cyrillic letter
        ("\uff29\uff2e\uff26\uff39", "letters that look alike"),  # full width
        ("IN\u200bFY", "characters that show nothing"),
        ("INFY\u202e", "characters that show nothing"),
        ("lNFY", "letters that look alike"),  # a small L
    ],
)
def test_a_name_that_passes_for_a_stored_one_is_told(take, store, other, how):
    take("one.csv", named("INFY"))
    take("two.csv", named(other))
    told = [issue.reason for issue in store.issues() if issue.kind == "doubtful_name"]
    assert any(how in reason and "INFY, which is stored too" in reason for reason in told)
    assert not any("\u200b" in reason or "\u202e" in reason for reason in told)


def test_names_that_are_only_near_each_other_are_two_names(take, store):
    take("one.csv", named("TIL", "TLL", "INFY", "INFYX", "L&T", "M&M", "NIFTY 50", "NIFTY50", "BAJAJ-AUTO"))
    assert [] == [issue.reason for issue in store.issues() if issue.kind == "doubtful_name"]
    assert likeness("INFY", "INFY") is None


def test_what_shows_nothing_is_shown_as_its_escape():
    assert "a\\x1b[2Jb\\u202e\\x85 c" == visible("a\x1b[2Jb\u202e\x85 c")
    assert "NIFTY 50 – Müller" == visible("NIFTY 50 – Müller")
