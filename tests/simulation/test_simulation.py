"""A short simulation of the runner: seeds of the faulty world, the same seed twice, a few planted bugs."""

import pytest

pytest.importorskip("apsw", reason="apsw, the journal's SQLite, is an extra that is not installed")

from tests.simulation.command import twice
from tests.simulation.planted import BY_NAME, run_with
from tests.simulation.world import run_seed

SEEDS, PARTS = 200, 4
BAD_ONCE = (309, 395, 876, 889, 962, 1371, 1689)
"""Seeds beyond those, each of which a mistake of the program, or of the watch, was found with."""
QUICKEST = ("resend_on_unknown", "resend_at_boot", "no_durable_flush", "gate_bypass", "never_compares")


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore")
def test_whatever_goes_wrong_nothing_happens_that_must_not(part):
    for seed in range(part * SEEDS // PARTS, (part + 1) * SEEDS // PARTS):
        report = run_seed(seed)
        assert not report.found, f"seed {seed}: {report.found[:3]}; make simulate ARGS='--seed {seed}'"


@pytest.mark.parametrize("seed", BAD_ONCE)
@pytest.mark.filterwarnings("ignore")
def test_a_seed_that_was_bad_once_is_good(seed):
    assert not run_seed(seed).found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", QUICKEST)
def test_a_planted_bug_is_found(name):
    assert any(run_with(BY_NAME[name], seed).found for seed in range(60))


def test_a_seed_is_the_same_run_in_another_process_of_another_zone():
    assert 0 == twice(4)
