"""Parity of twenty deployments over recorded days: paper, the event engine and the compiled one, order by order.

    python scripts/parity_days.py DATABASE --days 20 --from 2015-01-14 --symbols NSE:FEDERALBNK,NSE:FSL,NSE:FORTIS

``DATABASE`` holds minute bars. It is copied nowhere: journals are written into a temporary folder beside links to it.
Prints one line for each deployment. Leaves with 1 when anything differs; with 2 when a replay was ended early, as a
``timeout`` around this program does: then nothing is compared, and the cases after it are not run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import chdir
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from framework.cli.run import trade_recorded
from framework.live.day_parity import parity_of_days
from framework.live.runner import FEED_ENDED
from framework.store import open_store
from tests.live.market import write_deployment
from tests.live.own_strategies import write_own_strategies

if TYPE_CHECKING:
    from collections.abc import Sequence

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
NOT_FINISHED = 2


class CaseParity(NamedTuple):
    """Parity of one deployment."""

    ended: str
    """Cause of the replay's end; unless the feed ended it nothing was compared."""
    orders: int
    fills: int
    final_equity: float
    """Rupees."""
    engines: Sequence[str]
    count: int
    """Differences in all."""
    examples: Sequence[str]
    """Two of each day and engine."""

    @property
    def finished(self) -> bool:
        """True when the replay came to the end of its days."""
        return self.ended == FEED_ENDED

    def line(self) -> str:
        """Line of it for a person."""
        if not self.finished:
            return f"not finished: the replay was ended early ({self.ended}), nothing was compared"
        return (
            f"{self.orders:6,} orders {self.fills:6,} fills equity {self.final_equity:14,.2f} "
            f"{'+'.join(self.engines):15} {self.count} differences"
        )


def case_parity(name: str, folder: Path, database: Path, symbols: Sequence[str], days: Sequence[date]) -> CaseParity:
    """A deployment replayed in ``folder`` and compared; several strategies share the symbols out."""
    write_own_strategies(folder)
    parts = CASES[name]
    strategies = [
        (f"s{place}", strategy, symbols[place :: len(parts)], timeframe, settings)
        for place, (strategy, timeframe, settings) in enumerate(parts)
    ]
    db = folder / "market.sqlite"
    db.symlink_to(database)
    with chdir(folder):  # strategies of one's own are named by their files
        deployment = write_deployment(folder, *strategies, name="parity", account="parity", send=SEND_LIMITS)
        done = trade_recorded(deployment, db, (days[0], days[-1]), float("inf"))
        finished = done["ended"] == FEED_ENDED
        found = [one for _, one in parity_of_days(deployment, db, days)] if finished else []
    return CaseParity(
        done["ended"],
        done["orders"],
        done["fills"],
        done["final_equity"],
        sorted({one.engine for one in found}),
        sum(len(one.parity.differences) for one in found),
        [f"{one.engine} {difference}" for one in found for difference in one.parity.differences[:2]],
    )


def session_days(db: Path, symbol: str, first: date, count: int) -> list[date]:
    """Recorded days from a first one on."""
    with open_store(db, create=False) as store:
        bars = store.load_bars(symbol, "1m", first)
    epoch = date(1970, 1, 1).toordinal()
    return [date.fromordinal(int(day) + epoch) for day in sorted(set(bars.session.tolist()))][:count]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases; 1 when anything differs, 2 when one did not come to its end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=date(2015, 1, 14))
    parser.add_argument("--symbols", default="NSE:FEDERALBNK,NSE:FSL,NSE:FORTIS")
    parser.add_argument("--cases", default=",".join(CASES), help="names, with commas; default: all")
    given = parser.parse_args(arguments)
    names, symbols, database = given.cases.split(","), given.symbols.split(","), given.database.resolve()
    if unknown := [name for name in names if name not in CASES]:
        parser.error(f"--cases {', '.join(unknown)}: no such case; there are {', '.join(CASES)}")
    days = session_days(database, symbols[0], given.first, given.days)
    differ = 0
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = case_parity(name, Path(folder), database, symbols, days)
        print(f"{name:26} {len(days)} days {found.line()}  {time.monotonic() - began:.0f} s", flush=True)
        for example in found.examples:
            print("   ", example)
        if not found.finished:
            return NOT_FINISHED
        differ += found.count
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
