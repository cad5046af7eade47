"""docs/execution.md and its tests name each other, and the rule on the page does what the page says."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from framework import Rule
from framework.session.lifecycle import printed
from tests.contract.market import NAN, fills, play, refusals, still

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "execution.md").read_text(encoding="utf-8")
NAMED = Counter(re.findall(r"`(test_\w+)`", PAGE))
GROUPED = re.findall(r"`(test_\w+\.py)`: `(test_\w+_)…`", PAGE)
"""Tests of a file that begin alike, the way a row with many of them names its own: (file, beginning)."""
WHOLE = set(re.findall(r"\| `(test_\w+\.py)` \|", PAGE))
"""Files whose tests all belong to one row."""


def functions_in(file: Path) -> list[str]:
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def functions_of(folder: Path) -> dict[str, Path]:
    return {name: file for file in sorted(folder.rglob("test_*.py")) for name in functions_in(file)}


def test_every_test_that_the_page_names_exists():
    assert NAMED
    missing = set(NAMED) - set(functions_of(ROOT / "tests"))
    assert set() == missing


def test_every_group_and_every_file_of_tests_that_the_page_names_exists():
    there = {file.name: functions_in(file) for file in sorted((ROOT / "tests" / "contract").glob("test_*.py"))}
    assert len(GROUPED) > 5
    assert [group for group in GROUPED if not any(name.startswith(group[1]) for name in there.get(group[0], ()))] == []
    assert set() == WHOLE - set(there)


def test_every_test_of_the_contract_is_named_on_the_page():
    """By its own name, by the beginning that the tests of its row share, or with its whole file."""
    unnamed = {
        name
        for name, file in functions_of(ROOT / "tests" / "contract").items()
        if name not in NAMED
        and file.name not in WHOLE
        and not any(file.name == group and name.startswith(start) for group, start in GROUPED)
    }
    assert set() == unnamed


def test_every_row_of_the_page_names_its_test():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [SMRPATB]?\d+ \|", line)]
    assert len(rows) > 40
    assert [row for row in rows if "`test_" not in row] == []


def test_the_table_of_an_orders_life_is_on_the_page():
    assert printed() in PAGE


@pytest.fixture
def no_mondays():
    blocks = re.findall(r"```python[^\n]*\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 1
    names: dict = {}
    exec(blocks[0], names)  # noqa: S102 - what a reader would copy
    return names["NoMondays"]()


def test_the_rule_on_the_page_refuses_what_a_daily_bar_of_monday_decides(no_mondays):
    assert isinstance(no_mondays, Rule)
    # Row 0 is Monday 2024-01-01 and row 7 the next Monday; its close is Tuesday 00:00 UTC.
    record = play(still(100, 9), [0.1, 0.3, NAN, NAN, NAN, NAN, 0.5, 0.7, NAN], rules=[no_mondays])
    assert [fill[0] for fill in fills(record)] == [2, 7]
    assert refusals(record) == [(1, "monday"), (2, "monday")]


def test_the_rule_on_the_page_refuses_what_an_hourly_bar_of_monday_decides(no_mondays):
    record = play(still(100, 8), [0.1, NAN, NAN, 0.4], rules=[no_mondays], per_session=3)
    assert [fill[0] for fill in fills(record)] == [4]
    assert refusals(record) == [(1, "monday")]
