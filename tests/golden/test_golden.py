"""Golden answers: what every engine came to on the day they were frozen, and must come to ever after.

A run that differs is named with the section that does; ``python -m tests.golden first N CHECKOUT`` shows the line.
"""

import pytest

from tests.golden.__main__ import ANSWERS, NSE_ANSWERS
from tests.golden.facts import SECTIONS, answer
from tests.golden.nse import NSE_RUNS, PRICES, nse_bars, nse_record
from tests.golden.runs import RUNS, golden_run

TOGETHER = 50
"""Runs of one test: their answers come in one list."""


def said(path):
    """Name → its line."""
    return {line.partition(":")[0]: line for line in path.read_text("utf-8").splitlines()}


def differing(expected: str, actual: str) -> str:
    """The figures and the sections that are not as they were; empty when all are."""
    if expected == actual:
        return ""
    (before, ours), (after, theirs) = (line.split("; ") for line in (expected, actual))
    pairs = zip(SECTIONS, ours.split(), theirs.split(), strict=True)
    sections = [name for name, one, other in pairs if one != other]
    return f"{before} became {after.partition(': ')[2]}: {', '.join(sections)} differ"


@pytest.mark.parametrize("begin", range(0, RUNS, TOGETHER))
@pytest.mark.parametrize("engine", ["event", "compiled"])
def test_the_answers_of_made_up_markets_are_those_that_were_frozen(engine, begin):
    golden, changed = said(ANSWERS), []
    for number in range(begin, begin + TOGETHER):
        run = golden_run(number)
        record = run.by_event() if engine == "event" else run.by_kernel(machine_code=True)
        if record is not None:
            changed.append(differing(golden[f"{number:03}"], answer(f"{number:03}", record)))
    assert [] == [text for text in changed if text]


def test_there_is_an_answer_for_every_run():
    assert [f"{number:03}" for number in range(RUNS)] == list(said(ANSWERS))
    assert list(NSE_RUNS) == list(said(NSE_ANSWERS))


@pytest.fixture(scope="module")
def all_47(shared_folder):
    if not (shared_folder / PRICES).exists():
        pytest.skip("the adjusted daily prices of the 47 NSE shares are not here")
    bars = nse_bars(shared_folder)
    assert 47 == len(bars)
    return bars


@pytest.mark.shared
@pytest.mark.parametrize("name", NSE_RUNS)
def test_the_answers_over_47_nse_shares_are_those_that_were_frozen(all_47, name):
    assert "" == differing(said(NSE_ANSWERS)[name], answer(name, nse_record(name, all_47, "compiled")))


@pytest.mark.shared
def test_the_event_engine_gives_them_too(all_47):
    name = "nse momentum"
    assert "" == differing(said(NSE_ANSWERS)[name], answer(name, nse_record(name, all_47, "event")))
