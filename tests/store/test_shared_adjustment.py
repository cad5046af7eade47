"""The shared raw daily file, adjusted by the imported list of actions, is the shared adjusted file."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

pytestmark = [pytest.mark.shared, pytest.mark.slow]
RAW, LIST, ADJUSTED = (
    "daily_raw_2000_2021.parquet",
    "corporate_actions_2000_2021.csv",
    "daily_adjusted_2000_2021.parquet",
)
EPOCH = np.datetime64("1970-01-01", "D")


def test_all_rows_of_all_symbols_equal_the_adjusted_file(shared_folder, tmp_path):
    expected = pq.read_table(shared_folder / ADJUSTED).to_pandas()
    with open_store(tmp_path / "market.sqlite") as store:
        import_files(store, [shared_folder / LIST, shared_folder / RAW], ImportOptions(timezone="Asia/Kolkata"))
        symbols, rows = sorted(expected.symbol.unique()), 0
        for symbol in symbols:
            theirs = expected[expected.symbol == symbol].sort_values("date")
            view = store.load_bars(symbol).with_actions(store.actions_of(symbol)).adjusted("splits")
            days = (theirs.date.to_numpy().astype("datetime64[D]") - EPOCH).astype(np.int64)
            assert np.array_equal(days, view.session), symbol
            for name in ("open", "high", "low", "close"):
                assert np.allclose(theirs[name], getattr(view, name), rtol=1e-9, atol=6e-7), (symbol, name)
            assert np.allclose(theirs.adj_factor, view.factor, rtol=1e-9), symbol
            assert np.allclose(theirs.volume, view.volume, rtol=1e-9, atol=0.51), symbol  # theirs is in whole shares
            rows += len(view)
    assert (47, 224_580) == (len(symbols), rows)
