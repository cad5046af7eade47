"""``tulya instruments``, and three symbols that break programs: M&M, BAJAJ-AUTO and NIFTY 50, all the way."""

from __future__ import annotations

import html
import json
from datetime import date, timedelta

import pytest

from tests.store.upstox_file import ROWS, write

NAMES = ("M&M", "BAJAJ-AUTO", "NIFTY 50")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for variable in ("TULYA_DB", "TULYA_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def listed(home, tulya):
    """A database with the list of 2026-11-20."""
    write(home / "NSE.json.gz")
    assert 0 == tulya("instruments", "import", "NSE.json.gz", "--date", "2026-11-20").code
    return home


def prices(path, closes=(100.0, 110.0)):
    """A CSV of daily prices of the three symbols: 300 weekdays that rise and fall."""
    rows = ["date,symbol,open,high,low,close,volume"]
    for number in range(300):
        day = date(2025, 1, 6) + timedelta(days=number + 2 * (number // 5))
        for place, name in enumerate(NAMES):
            close = closes[0] * (place + 1) + 20 * ((number // 20) % 2) + number % 20
            rows.append(f"{day},{name},{close},{close + 1},{close - 1},{close},1000")
    path.write_text("\n".join(rows) + "\n")


def test_an_import_says_what_it_took_refused_and_changed(home, tulya):
    write(home / "list.json.gz", [*ROWS, {**ROWS[0], "instrument_key": "NSE_EQ|X", "tick_size": -1}])
    done = tulya("instruments", "import", "list.json.gz", "--date", "2026-11-20")
    assert "17 rows: 16 new, 0 changed, 0 unchanged, 1 refused" in done.out
    assert "row 17 (NSE_EQ|X) refused: tick -1 is not between 0 and 10,000,000" in done.out
    write(home / "later.json.gz", [{**ROWS[1], "tick_size": 5.0}])
    done = tulya("instruments", "import", "later.json.gz", "--date", "2026-11-21")
    assert "NSE:M&M: tick 0.1 is now 0.05" in done.out


def test_as_json_an_import_is_told_in_full(home, tulya):
    write(home / "list.json.gz", [*ROWS, 5])
    done = json.loads(tulya("instruments", "import", "list.json.gz", "--date", "2026-11-20", "--json").out)
    (file,) = done["files"]
    assert ("2026-11-20", 17, 16, 0) == (done["date"], file["rows"], file["new"], file["changed"])
    assert [{"row": 17, "what": "", "reason": "the row is no object with fields"}] == file["refused"]


def test_a_file_that_cannot_be_read_is_one_sentence(home, tulya):
    (home / "list.json.gz").write_bytes(b"[1,")
    done = tulya("instruments", "import", "list.json.gz")
    assert (1, "") == (done.code, done.out)
    assert done.err.startswith("tulya: list.json.gz is no readable JSON")
    assert "No such file" in tulya("instruments", "import", "nowhere.json").err


def test_searching_prints_a_table_or_json(listed, tulya):
    out = tulya("instruments", "search", "infy", "--segment", "NSE_EQ").out
    assert "NSE:INFY" in out
    assert "BSE:INFY" not in out
    (found,) = json.loads(tulya("instruments", "search", "INE101A01026", "--json").out)["instruments"]
    assert ("M&M", "NSE_EQ|INE101A01026", 0.1, True) == (
        found["symbol"], found["broker_key"], found["tick"], found["closing_auction"],
    )  # fmt: skip
    assert "No symbol, name or ISIN contains 'zzz'." in tulya("instruments", "search", "zzz").out
    assert "did you mean NSE_EQ?" in tulya("instruments", "search", "infy", "--segment", "NSE_E").err


def test_one_instrument_is_shown_with_the_tick_in_force_and_its_slab(listed, tulya):
    prices(listed / "p.csv", (1_000.0, 0))
    tulya("data", "import", "p.csv", "--exchange", "NSE")
    out = tulya("instruments", "show", "NSE:M&M", "--date", "2026-11-20").out
    assert "MAHINDRA & MAHINDRA LTD" in out
    assert "Tick in force on 2026-11-20: 0.10 rupees, up to 5,000, for the close of 1,0" in out
    (shown,) = json.loads(tulya("instruments", "show", "NSE:M&M", "--date", "2025-04-14", "--json").out)["instruments"]
    assert (0.05, "2024-06-10", "2025-03-31") == (
        shown["tick_rule"]["tick"], shown["tick_rule"]["valid_from"], shown["tick_rule"]["close_of"],
    )  # fmt: skip
    assert "by the last month's close, of which there are no prices here" in tulya("instruments", "show", "PENNY").out
    assert 2 == len(json.loads(tulya("instruments", "show", "INFY", "--json").out)["instruments"])


def test_awkward_symbols_are_ordinary_from_import_to_tearsheet(listed, tulya):
    prices(listed / "p.csv")
    assert 0 == tulya("data", "import", "p.csv", "--exchange", "NSE").code
    symbols = ",".join(f"NSE:{name}" for name in NAMES)
    done = tulya("backtest", "rsi", "--symbols", symbols, "--out", "sheet", "--json")
    assert 0 == done.code, done.err
    (run,) = json.loads(tulya("runs", "list", "--json").out)["runs"]
    assert {f"NSE:{name}" for name in NAMES} == set(run["symbols"])
    page = next((listed / "sheet").rglob("*.html")).read_text("utf-8")
    assert all(html.escape(name) in page for name in NAMES)
    assert "M&M" not in page.split("<script", maxsplit=1)[0]
    assert any(name in tulya("runs", "list").out for name in NAMES)
    for name in NAMES:
        assert name in tulya("runs", "show", "last").out
        assert 0 == tulya("data", "plot", f"NSE:{name}").code
        assert 0 == tulya("data", "export", f"NSE:{name}", "one.csv").code
        assert name in (listed / "one.csv").read_text()
        assert 0 == tulya("instruments", "show", f"NSE:{name}").code
