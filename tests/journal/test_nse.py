"""A run over every NSE share of the shared files: journalled, verified, folded, and equal to the bit."""

import numpy as np
import pandas as pd
import pytest

from framework import Bars, Instrument, backtest
from framework.journal.chain import Walk
from framework.journal.file import read_lines
from framework.journal.fold import fold
from strategies.rsi import RSI

pytestmark = [pytest.mark.shared, pytest.mark.slow]

COLUMNS = ("open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def shares(shared_folder):
    """Every share, two years as printed."""
    frame = pd.read_parquet(shared_folder / "daily_raw_2000_2021.parquet", columns=["symbol", "date", *COLUMNS])
    frame["time"] = pd.to_datetime(frame["date"], utc=True)
    frame = frame[(frame["time"] >= "2017-01-01") & (frame["time"] < "2019-01-01")]
    found = []
    for symbol, rows in frame.sort_values("time").groupby("symbol"):
        time = rows["time"].dt.tz_localize(None).to_numpy("datetime64[ns]").astype(np.int64)
        prices = [rows[name].to_numpy(np.float64) for name in COLUMNS]
        found.append(Bars.from_arrays(Instrument(symbol, "NSE", tick=0.05), "1d", time, *prices))
    return found


def test_every_nse_share_in_one_run_folds_to_itself(shares, tmp_path):
    path = tmp_path / "nse.journal"
    chosen = {"stop_loss": "5%", "take_profit": "8%", "max_daily_loss": "1%"}
    costs = {"charges": "percent:0.1", "slippage": "ticks:1", "sizing": "equity:300%", "capital": 1_000_000}
    result = backtest(RSI(), shares, engine="event", causality="off", journal=path, **chosen, **costs)
    assert 47 == len(shares)
    assert len(result.record.settlements) > 300
    walk = Walk(read_lines(path))
    entries = sum(1 for _ in walk)
    folded = fold(read_lines(path))
    assert (entries, result.provenance["journal_head"], True) == (folded.entries, folded.head, folded.closed)
    assert int(result.record.equity_paise[-1]) == folded.session.equity_paise
    assert result.record.positions == tuple(folded.session.account.quantity)
