"""Larger than memory: what lies on disk comes to the same, stays within its bound, and leaves nothing behind."""

from __future__ import annotations

import errno
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from framework import Bars, Instrument, Result, backtest, scratch, sweep
from framework.engines.rows import DecisionArrays
from framework.errors import ConfigError
from framework.scratch import BoundedSpace, bytes_of, is_mapped, machine_bytes
from framework.store import open_store
from framework.types.actions import Action
from strategies.rsi import RSI

DAY_NS = 86_400 * 10**9
SRC = Path(__file__).resolve().parents[2]


def universe(instruments: int, days: int, part: int = 0) -> list[Bars]:
    """Random walks; every third begins late, every fourth has gaps, every fifth a split and a dividend."""
    generator = np.random.default_rng(part)
    series = []
    for number in range(instruments):
        own = np.arange(generator.integers(1, days // 3) if number % 3 == 0 else 0, days)
        if number % 4 == 0:
            own = own[generator.random(own.shape[0]) > 0.05]
        close = np.round(100 * np.exp(np.cumsum(generator.normal(0, 0.02, own.shape[0]))), 2)
        start = np.round(close * (1 + generator.normal(0, 0.005, own.shape[0])), 2)
        high, low = np.maximum(start, close) + 0.05, np.minimum(start, close) - 0.05
        volume = generator.integers(1_000, 10**6, own.shape[0])
        bars = Bars.from_arrays(
            Instrument(f"S{part * instruments + number:03}", tick=0.05),
            "1d",
            own * DAY_NS,
            start,
            high,
            low,
            close,
            volume,
        )
        middle = days // 2
        listed = (Action(middle, "split", factor=2.0), Action(middle + 40, "dividend", dividend=0.25))
        series.append(bars.with_actions(listed) if number % 5 == 0 else bars)
    return series


def assert_same(expected, actual) -> None:
    """Every array of two records, bit for bit, and everything else that is in them."""
    one, other = expected.record, actual.record
    assert [repr(order) for order in one.orders] == [repr(order) for order in other.orders]
    assert [repr(fill) for fill in one.settlements] == [repr(fill) for fill in other.settlements]
    for name in ("engine", "notices", "actions", "breaker_events", "positions", "style", "first_row", "rules"):
        assert getattr(one, name) == getattr(other, name)
    arrays = [(one.targets, other.targets), *zip(one.prices.values(), other.prices.values(), strict=True)]
    arrays += [(getattr(one, name), getattr(other, name)) for name in ("equity_paise", "cash_paise", "exposure_paise")]
    arrays += [(getattr(one.panel, name), getattr(other.panel, name)) for name in ("time", "open", "low", "volume")]
    assert one.columns.keys() == other.columns.keys()
    for symbol, columns in one.columns.items():
        arrays += [(values, other.columns[symbol][name]) for name, values in columns.items()]
    for here, there in arrays:
        np.testing.assert_array_equal(here, there)
    assert expected.causality._replace(cuts=0, checked_decisions=0) == actual.causality._replace(
        cuts=0, checked_decisions=0
    )  # how many a second allows is not the same twice
    assert repr(expected.stats) == repr(actual.stats)
    assert expected.provenance["data_sha256"] == actual.provenance["data_sha256"]


@pytest.mark.parametrize("engine", ["event", "compiled"])
@pytest.mark.parametrize(
    "choices",
    [
        {"sizing": "equity:95%", "stop_loss": "5%", "take_profit": "10%", "charges": "percent:0.1"},
        {"sizing": "volatility:15%", "slippage": "bps:5", "max_drawdown": "10%", "adjust": "total"},
    ],
    ids=["exits", "volatility"],
)
def test_a_run_on_disk_is_the_run_in_memory_to_the_bit(engine, choices, tmp_path):
    """24 × 1,000 bars: 1.2 MB of tables and as much of signals, seven times the bound of a quarter megabyte."""
    series = universe(24, 1_000)
    space = BoundedSpace("0.25MB", tmp_path)
    actual = backtest(RSI(period=5), series, memory=space, engine=engine, **choices)
    assert is_mapped(actual.record.panel.close)
    assert is_mapped(actual.record.targets)
    assert space.in_memory <= bytes_of("0.25MB") < 1_500_000 < space.on_disk
    assert_same(backtest(RSI(period=5), series, engine=engine, **choices), actual)


def test_symbols_of_the_store_are_loaded_onto_the_disk_beside_it(tmp_path):
    db = tmp_path / "market.sqlite"
    with open_store(db) as store:
        for bars in universe(6, 600):
            store.save_bars(bars)
    symbols = [f"S{number:03}" for number in range(6)]
    space = BoundedSpace("0.05MB")
    actual = backtest(RSI(period=5), symbols, db=db, memory=space)
    assert tmp_path == space.folder
    assert all(is_mapped(bars.close) for bars in actual.record.panel.series[2:])
    assert_same(backtest(RSI(period=5), symbols, db=db), actual)


def test_what_fits_is_left_where_it_is():
    space = BoundedSpace("100MB")
    bars = universe(1, 50)[0]
    signals = RSI().signals(bars)
    assert bars.kept_in(space) is bars
    assert signals.kept_in(space) is signals
    assert not is_mapped(space.empty((10, 10)))
    assert 0 == space.on_disk


def test_what_is_kept_on_disk_is_a_copy_that_nobody_can_write_to(tmp_path):
    space = BoundedSpace("1KB", tmp_path)
    given = np.arange(1_000.0)
    kept = space.keep(given)
    given[0] = 7.0
    assert np.arange(1_000.0).tolist() == kept.tolist()
    assert not kept.flags.writeable
    assert space.keep(kept) is kept


def test_it_is_said_once_where_it_goes_and_how_much(tmp_path):
    told: list[str] = []
    space = BoundedSpace("2MB", tmp_path, told.append)
    space.reserve(1_000_000)
    assert [] == told
    space.reserve(3_000_000)
    space.reserve(3_000_000)
    where = f"about 1 MB go to the disk of {tmp_path} until the run ends"
    assert [f"Prices and decisions take 3 MB, more than the memory of 2MB for them: {where}"] == told


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**5))
    with pytest.raises(
        ConfigError, match=r"this run needs 1 MB of disk beyond the memory of 0\.25MB, and .* 0 MB free"
    ):
        backtest(RSI(), universe(24, 1_000), memory=BoundedSpace("0.25MB", tmp_path))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2GB", 2 * 10**9), ("500 MB", 5 * 10**8), ("1.5gb", 15 * 10**8), ("50%", machine_bytes() // 2), ("1KB", 1_000)],
)
def test_amounts_of_memory_are_read(text, expected):
    assert expected == bytes_of(text)


@pytest.mark.parametrize("text", ["", "2", "-1GB", "0MB", "nan%", "infGB", "2 PB"])
def test_an_amount_of_memory_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="is not understood; write an amount such as 2GB or 500MB"):
        bytes_of(text)


WAITING = """
import sys, time
from pathlib import Path
from framework import backtest
from framework.scratch import BoundedSpace
from strategies.rsi import RSI
sys.path.insert(0, {tests!r})
from test_scratch import universe

class Waiting(RSI):
    def signals(self, bars):
        if bars.symbol == "S003":
            print("there", flush=True)
            {then}
        return super().signals(bars)

backtest(Waiting(), universe(8, 400), memory=BoundedSpace("0.05MB", Path({folder!r})))
"""


def started(folder: Path, then: str) -> subprocess.Popen[str]:
    code = WAITING.format(tests=str(Path(__file__).parent), folder=str(folder), then=then)
    return subprocess.Popen(
        [sys.executable, "-c", code], cwd=SRC, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_leaves_nothing_on_the_disk(tmp_path, how):
    with started(tmp_path, "time.sleep(60)") as process:
        assert "there\n" == process.stdout.readline()
        process.send_signal(how)
        assert process.wait(120) != 0
    assert [] == list(tmp_path.iterdir())


def test_a_run_that_ends_in_an_error_leaves_nothing_on_the_disk(tmp_path):
    with started(tmp_path, "raise RuntimeError('no')") as process:
        assert "there\n" == process.stdout.readline()
        assert process.wait(120) == 1
    assert [] == list(tmp_path.iterdir())


HOLDING = """
import json, re, sys
from pathlib import Path
from framework import Panel, Settings
from framework.backtest import execute
from framework.run.preparation import Prepared
from framework.scratch import BoundedSpace
from strategies.rsi import RSI
sys.path.insert(0, {tests!r})
from test_scratch import universe

space = BoundedSpace({memory!r}, Path({folder!r}))
series = []
for part in range({parts}):
    series += [bars.kept_in(space) for bars in universe(10, 4_000, part)]
result = execute(Prepared(RSI(period=50), Panel.from_bars(series, space), Settings()), causality="off")
found = re.search(r"RssAnon:\\s+(\\d+) kB", Path("/proc/self/status").read_text("ascii"))
print(json.dumps([int(found[1]) / 1e3, len(result[0].orders), int(result[0].equity_paise[-1])]))
"""


def held(memory: str, folder: Path) -> list[float]:
    code = HOLDING.format(tests=str(Path(__file__).parent), folder=str(folder), memory=memory, parts=10)
    done = subprocess.run([sys.executable, "-c", code], cwd=SRC, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory is not of files")
def test_memory_that_is_not_of_files_stays_within_the_bound(tmp_path):
    """100 × 4,000 bars: 72 bytes a bar as they come, 48 in tables, 16 of decisions, together 54 MB."""
    unbounded, bounded = held("4GB", tmp_path), held("8MB", tmp_path)
    assert unbounded[1:] == bounded[1:]
    assert unbounded[0] - bounded[0] > 54 - 8 - 10


def test_a_kept_run_larger_than_memory_is_read_back_onto_the_disk(tmp_path, monkeypatch):
    kept = backtest(RSI(period=5), universe(12, 600), memory=BoundedSpace("0.25MB", tmp_path))
    kept.save(tmp_path / "bundle")
    monkeypatch.setattr(BoundedSpace.__init__, "__defaults__", ("0.05MB", None, None))
    again = Result.load(tmp_path / "bundle")
    assert is_mapped(again.record.panel.close)
    assert kept == again


def test_the_event_engine_goes_through_many_instruments_a_few_rows_at_a_time():
    """Of 300 instruments 1,024 × 128 ÷ 300 = 436 rows; 1,000 rows are then three parts, all of them there."""
    table = np.arange(300_000.0).reshape(1_000, 300)
    rows = [row.target for row in DecisionArrays(table).rows(0, 1_000)]
    assert table.tolist() == [list(row) for row in rows]


def test_a_sweep_whose_prices_do_not_fit_is_refused(monkeypatch):
    """24 × 1,000 bars in eight tables are 1.5 MB, nine tenths of a megabyte are less."""
    monkeypatch.setattr(scratch, "machine_bytes", lambda: 10**6)
    with pytest.raises(ConfigError, match=r"^a sweep keeps its prices in memory: .* 2 MB and more, and 1 MB"):
        sweep(RSI, universe(24, 1_000), {"period": [5, 6]})


def test_what_an_earlier_run_took_is_not_counted_in_a_later_one_over_its_panel():
    earlier = backtest(RSI(), universe(3, 300), causality="off").record.panel
    later = backtest(RSI(), earlier, causality="off").record.panel
    assert earlier.space is not later.space
    assert earlier.series is later.series
    assert earlier.session_ends is later.session_ends


@pytest.mark.parametrize(("number", "refused"), [(errno.ENOSPC, True), (errno.EOPNOTSUPP, False)])
def test_a_disk_that_fills_up_meanwhile_is_a_sentence_and_one_that_cannot_reserve_is_taken(
    number, refused, tmp_path, monkeypatch
):
    def fail(*_):
        raise OSError(number, "why")

    monkeypatch.setattr(scratch.os, "posix_fallocate", fail, raising=False)
    space = BoundedSpace("1KB", tmp_path)
    if refused:
        with pytest.raises(ConfigError, match=r"has no room for 8 MB of scratch files \(why\); free some"):
            space.empty((1_000,))
    else:
        assert is_mapped(space.empty((1_000,)))
    assert [] == list(tmp_path.iterdir())
