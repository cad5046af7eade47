"""An instrument file of the shape Upstox publishes, made up here: every segment, and as many rows as wanted."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

LAST_SECOND = timedelta(hours=23, minutes=59, seconds=59)
IST = timedelta(hours=5, minutes=30)


def expiry_ms(day):
    """Milliseconds of 23:59:59 in India."""
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC) + LAST_SECOND - IST
    return int(moment.timestamp() * 1000)


def cash(symbol, isin, name, *, exchange="NSE", series="EQ", tick=5.0, **more):
    return {
        "segment": f"{exchange}_EQ", "name": name, "exchange": exchange, "isin": isin, "instrument_type": series,
        "instrument_key": f"{exchange}_EQ|{isin}", "lot_size": 1, "freeze_quantity": 100000.0, "exchange_token": "1594",
        "tick_size": tick, "trading_symbol": symbol, "short_name": name.title(), "qty_multiplier": 1.0,
        "security_type": "NORMAL", **more,
    }  # fmt: skip


def index(display, symbol, exchange="NSE"):
    return {
        "segment": f"{exchange}_INDEX", "name": display, "exchange": exchange, "instrument_type": "INDEX",
        "instrument_key": f"{exchange}_INDEX|{display}", "exchange_token": display, "trading_symbol": symbol,
    }  # fmt: skip


def contract(symbol, token, day, *, kind="FUT", segment="NSE_FO", lot=65, tick=10.0, strike=0.0, of=("NIFTY", "INDEX")):
    return {
        "weekly": False, "segment": segment, "name": of[0], "exchange": segment.partition("_")[0].replace("NCD", "NSE"),
        "expiry": expiry_ms(day), "instrument_type": kind, "asset_symbol": of[0], "underlying_symbol": of[0],
        "instrument_key": f"{segment}|{token}", "lot_size": lot, "freeze_quantity": 1800.0, "exchange_token": token,
        "minimum_lot": lot, "tick_size": tick, "asset_type": of[1], "underlying_type": of[1], "trading_symbol": symbol,
        "strike_price": strike, "qty_multiplier": 1.0,
    }  # fmt: skip


ROWS = [
    cash("INFY", "INE009A01021", "INFOSYS LIMITED", tick=10.0, cas_eligible=True),
    cash("M&M", "INE101A01026", "MAHINDRA & MAHINDRA LTD", tick=10.0, cas_eligible=True),
    cash("BAJAJ-AUTO", "INE917I01010", "BAJAJ AUTO LIMITED", tick=50.0, cas_eligible=True),
    cash("NIFTYBEES", "INF204KB14I2", "NIP IND ETF NIFTY BEES", tick=1.0),
    cash("NHAI", "INE906B07CB9", "NHAI 8.2% 2022", series="N1", tick=1.0),
    cash("PENNY", "INE123A01016", "PENNY <SHARE> LTD", series="BE", tick=1.0),
    cash("INFY", "INE009A01021", "INFOSYS LIMITED", exchange="BSE", series="A", tick=5.0, cas_eligible=True),
    index("Nifty 50", "NIFTY"),
    index("SENSEX", "SENSEX", "BSE"),
    contract("NIFTY FUT 23 NOV 26", "54452", "2026-11-23"),
    contract("NIFTY 24000 CE 23 NOV 26", "54453", "2026-11-23", kind="CE", tick=5.0, strike=24000.0),
    contract("NIFTY 24000 PE 23 NOV 26", "54454", "2026-11-23", kind="PE", tick=5.0, strike=24000.0),
    contract("INFY FUT 23 NOV 26", "54455", "2026-11-23", lot=400, of=("INFY", "EQUITY")),
    contract("SENSEX FUT 26 NOV 26", "861", "2026-11-26", segment="BSE_FO", lot=20, tick=5.0, of=("SENSEX", "INDEX")),
    contract("USDINR FUT 26 NOV 26", "4411", "2026-11-26", segment="NCD_FO", lot=1, tick=0.25, of=("USDINR", "CUR")),
    contract("CRUDEOIL FUT 18 DEC 26", "46", "2026-12-18", segment="MCX_FO", lot=1, tick=100.0, of=("CRUDEOIL", "COM")),
]  # fmt: skip


def write(path, rows=ROWS):
    """The rows as a gz file; the path."""
    path.write_bytes(gzip.compress(json.dumps(rows).encode(), 1))
    return path


def many(count):
    """So many different options of one index."""
    return [
        contract(f"NIFTY {strike} CE 29 DEC 26", str(strike), "2026-12-29", kind="CE", tick=5.0, strike=float(strike))
        for strike in range(1, count + 1)
    ]  # fmt: skip
