"""Times of bars as people read them."""

from framework.report.wording import minute_text
from framework.types import Instrument, Panel
from tests.report.records import bars

MINUTES = 60 * 10**9


def test_a_bar_of_minutes_is_told_to_the_minute_where_its_exchange_is():
    """03:45 UTC is 09:15 in India."""
    infy = Instrument("INFY", "NSE", timezone="Asia/Kolkata")
    panel = Panel.from_bars([bars([100.0, 101.0], infy, "5m", start="2024-01-01T03:45", step=5 * MINUTES)])
    assert "2024-01-01 09:20" == minute_text(panel, 0, int(panel.time[1]))


def test_a_day_is_told_as_a_day():
    panel = Panel.from_bars([bars([100.0, 101.0])])
    assert "2024-01-02" == minute_text(panel, 0, int(panel.time[1]))
