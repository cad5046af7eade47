"""``tulya risk check``: every decision rule is asked in turn, and the exit code says whether anything may go."""

import json

import pytest


def rules(done):
    return {rule["rule"]: rule for rule in json.loads(done.out)["rules"]}


@pytest.fixture
def run(tulya, home):
    """A run that holds 54 of SP500 at its end, at 2506.85."""
    tulya(
        "backtest",
        "buy_and_hold",
        "--symbols",
        "SP500,NASDAQ",
        "--from",
        "2018-12-24",
        "--to",
        "2018-12-31",
        "--sizing",
        "fixed:10",
    )


def test_a_limit_shrinks_an_order_and_the_table_says_to_what(tulya, home):
    done = tulya("risk", "check", "buy INFY 100 @ 1500", "--limit", "max_order_value=50000")
    # 33 × 1500 = 49,500; the account has ₹1,00,000, which is 66 of them.
    assert 0 == done.code
    lines = [line.split() for line in done.out.splitlines()]
    assert (
        "buy INFY 100 @ 1,500.00: account of ₹1,00,000.00, +0 held, buying power ₹1,00,000.00"
        == done.out.splitlines()[0]
    )
    fix = "ask for at most 33, or raise run.limits.max_order_value"
    assert f"max_order_value shrinks to 33 ₹1,50,000.00 ₹50,000.00 {fix}".split() in lines
    assert "cash shrinks to 66 ₹1,50,000.00 ₹1,00,000.00 free cash, or raise the capital".split() in lines
    assert "Shrunk to 33 of 100: max_order_value" == done.out.splitlines()[-1]


def test_the_same_is_told_as_json(tulya, home):
    done = tulya("risk", "check", *"buy INFY 100 @ 1500 --capital 200000 --limit max_positions=1 --json".split())
    told = json.loads(done.out)
    assert (0, 100, "", 0, 100) == (done.code, told["allowed"], told["reason"], told["reducing"], told["increasing"])
    assert {"equity": 200000.0, "held": 0, "buying_power": 200000.0, "state": "active"} == told["account"]
    assert ["product", "state", "no_price", "max_positions", "cash"] == list(rules(done))
    assert {
        "rule": "cash", "asked": 100, "units": 100, "value": 150000.0, "bound": 200000.0, "unit": "₹", "reason": "",
        "verdict": "passes", "fix": "",
    } == rules(done)["cash"]  # fmt: skip


def test_a_refused_order_exits_with_5(tulya, home):
    done = tulya("risk", "check", "buy INFY 100 @ 1500", "--limit", "restricted=INFY")
    assert (5, "Refused: restricted") == (done.code, done.out.splitlines()[-1])
    assert "take it off run.limits.restricted" in done.out


def test_the_configurations_limits_and_rules_are_asked(tulya, home):
    (home / "config").mkdir()
    (home / "my_rules.py").write_text(
        "from framework import Verdict\ndef not_today(order, state):\n    return Verdict(0, 'monday')\n"
    )
    (home / "config" / "trading.yaml").write_text(
        "run: {capital: 500000, charges: upstox:CNC, limits: {max_order_quantity: 70}}\n"
        "risk_rules: ['./my_rules.py:not_today']\n"
    )
    done = tulya("risk", "check", "buy NSE:INFY 100 @ 1500", "--json")
    assert 5 == done.code
    assert ("shrinks to 70", 70) == tuple(rules(done)["max_order_quantity"][name] for name in ("verdict", "bound"))
    assert ("refuses", "it says: monday") == tuple(rules(done)["not_today"][name] for name in ("verdict", "fix"))
    assert rules(done)["cash"]["value"] > 150000  # with the plan's charges of today
    assert "monday" == json.loads(done.out)["reason"]
    assert rules(tulya("risk", "check", "sell NSE:INFY 1 @ 1500", "--json"))["product"]["verdict"] == "refuses"


def test_a_runs_account_is_asked_at_its_end(tulya, run):
    told = json.loads(tulya("risk", "check", "buy SP500 5", "--run", "last", "--json").out)
    assert 10 == told["account"]["held"]
    sold = tulya("risk", "check", "sell SP500 10", "--run", "last")
    assert (0, "Allowed: it only reduces") == (sold.code, sold.out.splitlines()[-1])
    more = tulya("risk", "check", "sell SP500 12", "--run", "last")
    assert "10 units only reduce: they pass whatever the limits and the state" in more.out
    assert "Allowed: 12" == more.out.splitlines()[-1]
    limited = tulya("risk", "check", "sell SP500 12", "--run", "last", "--limit", "max_order_value=10")
    assert (0, "Shrunk to 10 of 12: max_order_value") == (limited.code, limited.out.splitlines()[-1])


def test_a_size_that_no_order_holds_is_refused_with_what_to_do(tulya, home):
    done = tulya("risk", "check", "buy INFY 99999999999999999999 @ 15")
    assert 5 == done.code
    assert "ask for less: no order holds that many units" in done.out
    assert "Refused: size_beyond_limit" in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["buy it"], "'buy it' is not understood; write buy or sell, SYMBOL, QUANTITY and @ PRICE"),
        (["hold INFY 5 @ 3"], "is not understood; write buy or sell"),
        (["buy INFY 0 @ 15"], "quantity and price must be above 0"),
        (["buy INFY 5 @ 0"], "quantity and price must be above 0"),
        (["buy INFY 5 @ 15.055"], "with at most two decimals"),
        (["buy INFY 5 @ nan"], "is not understood"),
        (["buy INFY 5"], "without --run there is no last price; write it"),
        (["buy INFY 5 @ 15", "--limit", "max_order=5"], "--limit: there is no limit 'max_order'; did you mean"),
        (["buy INFY 5 @ 15", "--limit", "max_order_value=-5"], "input should be greater than 0"),
        (["buy INFY 5 @ 15", "--risk-rule", "./none.py:x"], "there is no file ./none.py"),
        (["buy INFY 5 @ 15", "--limit", "capital=5"], "--limit: there is no limit 'capital'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_a_sentence(tulya, home, words, message):
    done = tulya("risk", "check", *words)
    assert (1, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err


def test_the_symbol_may_have_blanks_and_the_words_any_case(tulya, home):
    told = json.loads(tulya("risk", "check", "BUY NIFTY 50 75 @ 1,000.50", "--json").out)
    assert "buy NIFTY 50 75 @ 1,000.50" == told["order"]


def test_a_run_is_asked_about_what_it_has(tulya, run):
    done = tulya("risk", "check", "buy INFY 5 @ 15", "--run", "last")
    assert (1, "tulya: the run has no INFY; it has NASDAQ, SP500\n") == (done.code, done.err)
    done = tulya("risk", "check", "buy SP500 5 @ 15", "--run", "last", "--capital", "5")
    assert "--capital is for an account without positions; a run (last) has its own" in done.err
