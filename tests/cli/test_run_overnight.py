"""``tulya run`` over several days: an order decided at a session's last close reaches the next session's open."""

import json

import numpy as np
import pytest

pytest.importorskip("apsw", reason="apsw, the journal's SQLite, is an extra that is not installed")

from framework.store import open_store
from framework.types import Bars, Instrument
from tests.live.rows import MINUTE_NS, ist

DAYS = ("2015-01-05", "2015-01-06", "2015-01-07")


@pytest.fixture
def deployment(tulya, home):
    """Three days of minutes: ten paise up and down; a day's last one falls by two rupees, and the next begins there."""
    opens = [ist(f"{day} 09:15") + k * MINUTE_NS for day in DAYS for k in range(375)]
    close = np.array([100.0 - 2 * day + 0.1 * (k % 2) for day in range(len(DAYS)) for k in range(375)])
    close[374::375] -= 2.0
    bars = Bars.from_arrays(Instrument("ABC", "NSE", 0.05, 1, "Asia/Kolkata"), "1m", opens, close, close, close, close)
    with open_store(home / "data" / "market.sqlite") as store:
        store.save_bars(bars)
    written = tulya(*"new deployment abc --strategy rsi --symbols NSE:ABC --timeframe 1m --out abc.yaml".split())
    assert written.code == 0, written.err
    return "abc.yaml"


def test_an_order_of_the_last_close_fills_at_the_next_open(tulya, deployment):
    kept = json.loads(tulya("backtest", deployment, "--from", DAYS[0], "--to", DAYS[-1], "--json").out)

    run = tulya("run", deployment, "--replay", f"{DAYS[0]}..{DAYS[-1]}", "--speed", "max", "--json")

    assert run.code == 0, run.err
    traded = json.loads(run.out)
    [expected] = kept["strategies"]
    first = expected["fill_rows"][0]
    assert ("2015-01-05T15:30:00+05:30", "2015-01-06T09:15:00+05:30") == (
        expected["order_rows"][0]["decided_at"],
        first["time"],
    )
    assert expected["order_rows"] == traded["strategies"]["rsi"]["order_rows"]
    assert expected["fill_rows"] == traded["strategies"]["rsi"]["fill_rows"]
    assert kept["final_equity"] == traded["final_equity"]
