"""Parity of twenty deployments over recorded days: paper, the event engine and the compiled one, order by order.

    python scripts/parity_days.py DATABASE --days 20 --from 2015-01-14 --symbols NSE:FEDERALBNK,NSE:FSL,NSE:FORTIS

``DATABASE`` holds minute bars. It is copied nowhere: journals are written into a temporary folder beside links to it.
Prints one line for each deployment and leaves with 1 when anything differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import yaml

from framework.cli.run import trade_recorded
from framework.deployments.deployment_file import read_deployment
from framework.deployments.template import StrategyChoice, deployment_text
from framework.live.day_parity import parity_of_days
from framework.pretrade.facts import Ceilings
from framework.store import open_store
from framework.types import Settings
from framework.usercode.find import find_strategy

COUNTING = '''
"""Buys each 40th bar at a limit, sells each 60th."""
from framework import Strategy


class Counting(Strategy):
    """Counts bars in its own memory."""

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        for symbol in ctx.symbols:
            if n % 40 == 1 and not ctx.position(symbol):
                ctx.buy(10, symbol, limit=round(ctx.bars(symbol).close[-1] * 1.001, 1))
            elif n % 60 == 0 and ctx.position(symbol) > 0:
                ctx.sell(ctx.position(symbol), symbol)
'''
BOTH_WAYS = '''
"""Long when the last close rose, short when it fell, decided each seventh bar."""
import numpy as np

from framework import Bars, Signals, Strategy


class BothWays(Strategy):
    """Both sides, with stops of its own."""

    def signals(self, bars: Bars) -> Signals:
        target = np.sign(np.r_[0.0, np.diff(bars.close)])
        target[np.arange(len(target)) % 7 != 3] = np.nan
        return Signals(target=target, stop=bars.close * (1 - 0.01 * np.nan_to_num(target)))
'''
WEIGHTS = '''
"""Part of the account in each, brought back each 60 bars."""
import numpy as np

from framework import Panel, Strategy


class Weights(Strategy):
    """A fifth in each; the first one left half way."""

    def allocate(self, panel: Panel):
        weights = np.full(panel.close.shape, np.nan)
        weights[::60] = 0.2
        weights[30::60, 0] = 0.0
        return weights
'''
OWN = {"counting": COUNTING, "both_ways": BOTH_WAYS, "weights": WEIGHTS}
SEND_LIMITS = {"orders_per_day": 5_000, "orders_per_minute": 500, "max_jump_percent": 100.0}
"""Limits on sending that no strategy here should meet: a limit that holds an order back is a difference, and meant."""
CASES: dict[str, list[tuple[str, str, dict[str, object]]]] = {
    "rsi 1m": [("rsi", "1m", {})],
    "rsi 1m stops": [("rsi", "1m", {"stop_loss": "1%", "take_profit": "1.5%"})],
    "rsi 1m MIS charged": [("rsi", "1m", {"product": "MIS", "charges": "upstox:MIS", "stop_loss": "1%"})],
    "rsi 1m trailing": [("rsi", "1m", {"trail": "0.8%", "slippage": "bps:5"})],
    "rsi 1m time exit": [("rsi", "1m", {"time_exit": 15})],
    "rsi 1m same close": [("rsi", "1m", {"fill_at": "same_close"})],
    "rsi 1m risk": [("rsi", "1m", {"sizing": "risk:0.5%", "stop_loss": "1%"})],
    "rsi 1m volatility": [("rsi", "1m", {"sizing": "volatility:30%"})],
    "rsi 1m protective bound": [("rsi", "1m", {"protection_bps": 30})],
    "rsi 1m limits": [("rsi", "1m", {"max_orders_per_day": 3, "max_daily_loss": "1%"})],
    "rsi 5m stops": [("rsi", "5m", {"stop_loss": "1%"})],
    "rsi 15m MIS": [("rsi", "15m", {"product": "MIS", "stop_loss": "1%"})],
    "macd 1m": [("macd", "1m", {})],
    "macd 5m stops": [("macd", "5m", {"stop_loss": "0.7%", "take_profit": "2%"})],
    "macd 1h": [("macd", "1h", {})],
    "both ways 1m MIS": [("./both_ways.py:BothWays", "1m", {"product": "MIS", "sizing": "value:20000"})],
    "both ways 5m MIS charged": [
        ("./both_ways.py:BothWays", "5m", {"product": "MIS", "sizing": "value:20000", "charges": "percent:0.03"})
    ],
    "on_bar 1m": [("./counting.py:Counting", "1m", {})],
    "allocate 5m": [("./weights.py:Weights", "5m", {})],
    "several": [("rsi", "1m", {"stop_loss": "1%", "product": "MIS"}), ("./counting.py:Counting", "1m", {})],
}


def written(folder: Path, name: str, symbols: list[str]) -> Path:
    """Deployment of a case; several strategies share the symbols out."""
    document: dict[str, object] = {}
    parts = CASES[name]
    for place, (strategy, timeframe, settings) in enumerate(parts):
        chosen = find_strategy(strategy).from_settings({})
        own = symbols if len(parts) == 1 else symbols[place :: len(parts)]
        choice = StrategyChoice(
            strategy, chosen, own, timeframe, Settings.of(capital=100_000.0, **settings), "hold", "hold", ()
        )
        label = f"s{place}"
        one = yaml.safe_load(deployment_text(label, "parity", choice, Ceilings(100_000_000.0, 10)))
        one["strategies"][0]["name"] = label
        if not document:
            document = one
        else:
            document["strategies"] += one["strategies"]  # type: ignore[operator]
    document["send"] |= SEND_LIMITS  # type: ignore[operator]
    file = folder / "parity.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def session_days(db: Path, symbol: str, first: date, count: int) -> list[date]:
    """Recorded days from a first one on."""
    with open_store(db, create=False) as store:
        bars = store.load_bars(symbol, "1m", first)
    epoch = date(1970, 1, 1).toordinal()
    return [date.fromordinal(int(day) + epoch) for day in sorted(set(bars.session.tolist()))][:count]


def main() -> int:
    """Run the cases; 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2015, 1, 14))
    parser.add_argument("--symbols", default="NSE:FEDERALBNK,NSE:FSL,NSE:FORTIS")
    parser.add_argument("--cases", default="", help="part of the names")
    given = parser.parse_args()
    symbols, database = given.symbols.split(","), given.database.resolve()
    days = session_days(database, symbols[0], given.first, given.days)
    differ = 0
    for name in [one for one in CASES if given.cases in one]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            sys.path.insert(0, str(folder))
            for own, text in OWN.items():
                (folder / f"{own}.py").write_text(text, encoding="utf-8")
            db = folder / "market.sqlite"
            db.symlink_to(database)
            os.chdir(folder)  # strategies of one's own are named by their files
            deployment = read_deployment(written(folder, name, symbols))
            done = trade_recorded(deployment, db, (days[0], days[-1]), float("inf"))
            found = [one for _, one in parity_of_days(deployment, db, days)]
            count = sum(len(one.parity.differences) for one in found)
            engines = "+".join(sorted({one.engine for one in found}))
            differ += count
            done_in = time.monotonic() - began
            print(
                f"{name:26} {len(days)} days {done['orders']:6,} orders {done['fills']:6,} fills "
                f"equity {done['final_equity']:14,.2f} {engines:15} {count} differences  {done_in:.0f} s",
                flush=True,
            )
            for one in found:
                for difference in one.parity.differences[:2]:
                    print("   ", one.engine, difference)
            os.chdir(database.parent)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
