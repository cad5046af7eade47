"""An account's result: the sum of its strategies at every close of any of them, worked by hand."""

import numpy as np
import pytest

from framework.report.account_pages import equity_csv, index_page
from framework.report.account_result import AccountResult
from tests.report.records import MINUTE, Trade, bars, make_record, make_result

FACTS = {"account": "main", "stage": "paper", "file": "two.yaml", "file_sha256": "f", "sha256": "v"}


@pytest.fixture
def account():
    """A: a bar a minute from 09:15, buys 10 at 10. B: a bar every two minutes from 09:15, buys 5 at 20 for a rupee."""
    start = "2024-01-01T09:15"
    one = make_record([bars([10, 11, 12, 11], "A", "1m", start, step=MINUTE)], [Trade(0, 1, 10, 10.0)], capital=1000.0)
    two = make_record([bars([20, 22], "B", "2m", start, step=2 * MINUTE)], [Trade(0, 1, 5, 20.0, 1.0)], capital=500.0)
    return AccountResult("two", FACTS, {"fast": make_result(one), "slow": make_result(two, strategy="other")})


def test_the_equity_is_the_sum_at_every_close_of_any_strategy(account):
    #   closes 09:16  09:17  09:18  09:19
    # A         1000   1010   1020   1010    cash 900 + 10 × 11, 12, 11
    # B          500    500    500    509    its deposit, its first close, the same still, 500 − 101 + 5 × 22
    closes = [str(close)[11:16] for close in account.equity.time.astype("datetime64[ns]")]
    assert ["09:16", "09:17", "09:18", "09:19"] == closes
    assert [1500_00, 1510_00, 1520_00, 1519_00] == account.equity.paise.tolist()
    assert np.int64 == account.equity.paise.dtype


def test_the_totals_are_those_of_the_strategies_together(account):
    fast, slow = account.outcomes
    assert (1, 0, 1, 0, 1000_00, 1010_00) == fast[1:]
    assert (1, 0, 1, 1_00, 500_00, 509_00) == slow[1:]
    assert ("account", 2, 0, 2, 1_00, 1500_00, 1519_00) == account.total
    assert 1519.0 == account.final_equity


def test_the_drawdown_is_the_accounts_own(account):
    assert 100 / 1520 == pytest.approx(account.max_drawdown, abs=1e-12)  # from 1,520 to 1,519


def test_the_document_has_counts_money_in_rupees_and_every_fill(account):
    document = account.to_dict()
    assert ("two", "main", 2, 2, 1.0, 1500.0, 1519.0) == tuple(
        document[key] for key in ("deployment", "account", "orders", "fills", "charges", "capital", "final_equity")
    )
    slow = document["strategies"][1]
    assert ("slow", "other", ["B"], "2m") == tuple(slow[key] for key in ("name", "strategy", "symbols", "timeframe"))
    (fill,) = slow["fill_rows"]
    assert ("B", "BUY", 5, 20.0, "1.00") == (
        fill["symbol"], fill["side"], fill["quantity"], fill["price"], fill["charges"],
    )  # fmt: skip
    (order,) = slow["order_rows"]
    assert ("B", 5, "market", None, "filled") == (
        order["symbol"], order["quantity"], order["type"], order["limit"], order["state"],
    )  # fmt: skip


def test_the_table_has_a_line_for_each_strategy_and_one_for_the_sum(account):
    lines = [" ".join(line.split()) for line in str(account).splitlines()]
    assert "strategy orders fills charges capital final equity return" in lines
    assert "fast 1 1 ₹0.00 ₹1,000.00 ₹1,010.00 1.00 %" in lines
    assert "slow 1 1 ₹1.00 ₹500.00 ₹509.00 1.80 %" in lines
    assert "account 2 2 ₹1.00 ₹1,500.00 ₹1,519.00 1.27 %" in lines  # 19 / 1500


def test_the_equity_file_has_every_close_in_utc(account):
    assert [
        "time,equity",
        "2024-01-01T09:16:00Z,1500.00",
        "2024-01-01T09:17:00Z,1510.00",
        "2024-01-01T09:18:00Z,1520.00",
        "2024-01-01T09:19:00Z,1519.00",
    ] == equity_csv(account).splitlines()


def test_the_index_draws_the_sum_from_its_deposit_on(account):
    # Five points: the deposit and four closes; 1,500 is the lowest (y = 260) and 1,520 the highest (y = 0).
    line = index_page(account).partition('points="')[2].partition('"')[0].split()
    assert ["0.0,260.0", "250.0,260.0", "500.0,130.0", "750.0,0.0", "1000.0,13.0"] == line
