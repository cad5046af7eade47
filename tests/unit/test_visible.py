"""Text from elsewhere: a terminal gets no commands by it, and a spreadsheet no formulas."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.types.csv_cell import harmless, plain
from framework.types.visible import visible_text


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("INFY", "INFY"),
        ("M&M ₹ é 中", "M&M ₹ é 中"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("TC\u200bS", "TC\\u200bS"),
        ("\u202eYFNI", "\\u202eYFNI"),
        ("over\rwritten", "over\\x0dwritten"),
    ],
)
def test_what_a_reader_cannot_see_is_written_out(given, seen):
    assert seen == visible_text(given)


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx"])
def test_what_a_spreadsheet_would_carry_out_is_marked_as_text(text):
    assert f"'{text}" == harmless(text)


@pytest.mark.parametrize("text", ["", "INFY", "-5.25", "+3", "-inf", "1e5", "2024-01-01"])
def test_numbers_and_plain_words_stay_as_they_are(text):
    assert text == harmless(text)


@given(st.text())
def test_the_mark_is_taken_off_again(text):
    assert text == plain(harmless(text))


@given(st.lists(st.text(alphabet="=+-@'\"\n,a1", max_size=6), min_size=1, max_size=4))
def test_no_cell_of_a_csv_of_ours_begins_a_formula(cells):
    from framework.report.frames import csv_text

    (row,) = list(csv.reader(io.StringIO(csv_text((), [cells]), newline="")))[1:] or [[]]
    for cell in row:
        assert not cell or cell[0] not in "=+-@" or float(cell) == float(cell)
