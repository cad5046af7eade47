"""Real splits and bonuses: what is bought and held is worth its shares times the printed close, day by day."""

import numpy as np
import pyarrow.csv as pc
import pytest

from framework.backtest import backtest
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

pytestmark = [pytest.mark.shared, pytest.mark.slow]
EPOCH = np.datetime64("1970-01-01", "D")


def test_what_is_held_is_its_shares_times_the_printed_close(shared_folder, tmp_path):
    listed = pc.read_csv(shared_folder / "corporate_actions_2000_2021.csv").to_pylist()
    with open_store(tmp_path / "market.sqlite") as store:
        files = [shared_folder / name for name in ("corporate_actions_2000_2021.csv", "daily_raw_2000_2021.parquet")]
        import_files(store, files, ImportOptions(timezone="Asia/Kolkata"))
        for symbol in ("RELIANCE", "INFY", "TCS"):
            bars = store.load_bars(symbol).with_actions(store.actions_of(symbol))
            record = backtest("buy_and_hold", bars, sizing="fixed:100", capital=5e6, causality="off").record
            shares = np.where(np.arange(len(bars)) > 0, 100, 0)  # bought at the second open
            ex_days = 0
            for row in listed:
                day = int((np.datetime64(str(row["ex_date"]), "D") - EPOCH).astype(np.int64))
                if row["symbol"] == symbol and day > bars.session[1]:
                    shares[bars.session >= day] = shares[bars.session >= day] * int(row["factor"])  # all are whole
                    ex_days += 1
            cash = 5_000_000 - 100 * bars.open[1]
            expected = np.where(shares > 0, cash + shares * bars.close, 5_000_000)
            assert np.allclose(expected, record.equity_paise / 100, rtol=0, atol=0.0101), symbol
            assert ex_days == len(record.actions) > 0, symbol
