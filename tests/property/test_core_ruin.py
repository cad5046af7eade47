"""Ruin in thousands of bold accounts: it is told exactly where equity is nothing, and nothing is entered after it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.types import BreakerCause
from framework.types.setting_values import Sizing
from tests.property.scenarios import Scenario, Watched, changed, scenarios

BOLD = st.fixed_dictionaries({
    "capital": st.sampled_from([300.0, 900.0, 2_500.0]),
    "sizing": st.sampled_from(["margin:150%", "fixed:25", "equity:400%"]).map(Sizing.parse),
    "long_margin": st.sampled_from([0.1, 0.2]),
    "short_margin": st.sampled_from([0.1, 0.2]),
})  # fmt: skip


@settings(max_examples=250)
@given(scenarios(actions=True), BOLD)
def test_ruin_is_told_where_equity_is_nothing_and_ends_all_entries(scenario: Scenario, bold):
    record = Watched(changed(scenario, settings=scenario.settings.model_copy(update=bold))).record
    ruins = [event.time for event in record.breaker_events if event.cause is BreakerCause.RUIN]
    closes = record.panel.close_time[record.first_row :]
    ruined = closes[record.equity_paise <= 0]
    assert ruined[:1].tolist() == ruins
    if ruins:
        after = [one for one in record.settlements if one.fill.time >= ruins[0]]
        assert all(one.reduces for one in after)
        assert not [event for event in record.breaker_events if event.time > ruins[0]]
