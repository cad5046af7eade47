"""docs/pretrade.md names every send rule in its order, all twenty checks, and tests that exist."""

import re
from pathlib import Path

from framework.pretrade import gate

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pretrade.md").read_text("utf-8")


def test_every_send_rule_stands_on_the_page_in_its_order():
    rows = re.findall(r"^\| `(\w+)` \|.*\| (asked|passes) \|$", PAGE, re.MULTILINE)
    assert [rule.__name__ for rule in gate.RULES] == [name for name, _ in rows]
    asked_of_reductions = [rule.__name__ for rule in (*gate.VALIDITY, gate.rate)]
    assert asked_of_reductions == [name for name, word in rows if word == "asked"]


def test_all_twenty_checks_stand_on_the_page_each_with_a_test_that_exists():
    rows = re.findall(r"^\| (\d+) \|.*\| `(test_\w+)` \|$", PAGE, re.MULTILINE)
    assert [str(number) for number in range(1, 21)] == [number for number, _ in rows]
    tests = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    assert [] == [name for _, name in rows if f"def {name}(" not in tests and f"{name} = " not in tests]
