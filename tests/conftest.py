"""Hypothesis profiles: HYPOTHESIS_PROFILE=ci looks longer, =deep for as long as it takes; the default is repeatable."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "nse"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile("default", max_examples=100, deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.register_profile("ci", max_examples=400, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.register_profile("deep", max_examples=10_000, deadline=None, suppress_health_check=SLOW, print_blob=True)
settings.register_profile(  # scripts/mutate.py: a failure is all that is asked, not the smallest one
    "mutate",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def shared_folder():
    """The real NSE prices that are not part of this project."""
    if not SHARED.is_dir():
        pytest.skip("the shared NSE price files are not here")
    return SHARED
