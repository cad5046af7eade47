"""A journal is the same to the last hash in every process: no clock, no hash seed and no time zone of the machine."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = """
import sys
import numpy as np
from framework import Bars, Instrument, backtest
from strategies.rsi import RSI

random = np.random.default_rng(7)
bars = []
for symbol in "ABC":
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.02, 400))), 2)
    opens = np.concatenate((close[:1], close[:-1]))
    time = (19_000 + np.arange(400)) * 86_400_000_000_000
    bars.append(Bars.from_arrays(Instrument(symbol, "NSE"), "1d", time, opens, np.maximum(opens, close), np.minimum(
        opens, close), close))
limits = {"max_positions": 2, "max_order_value": 30_000, "sectors": {"X": ["A", "C"]}, "max_sector_value": "60%"}
result = backtest(RSI(), bars, causality="off", stop_loss="5%", journal=sys.argv[1], **limits)
print(result.provenance["journal_head"], len(result.record.orders))
"""


def test_the_head_is_the_same_whatever_the_machine_says(tmp_path):
    told = set()
    for number, (seed, zone) in enumerate((("0", "UTC"), ("1", "Asia/Kolkata"), ("4242", "America/Los_Angeles"))):
        changed = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-c", RUN, str(tmp_path / f"{number}.journal")]
        told.add(subprocess.run(words, env=changed, capture_output=True, text=True, check=True, cwd=tmp_path).stdout)
    (one,) = told
    assert int(one.split()[1]) > 20
    assert 1 == len({(tmp_path / f"{number}.journal").read_bytes() for number in range(3)})
