"""``tulya risk``: limits and state are shown, events and metrics listed, and a reset is appended."""

import csv
import io
import json

import pytest

from framework.store import open_store
from framework.store.records import BreakerRow, Owner
from framework.types import BreakerCause, BreakerEvent, TradingState

ACTIVE, REDUCE_ONLY, HALTED = TradingState.ACTIVE, TradingState.REDUCE_ONLY, TradingState.HALTED
HALT = BreakerRow(BreakerEvent(1_763_700_000_000_000_000, ACTIVE, HALTED, BreakerCause.DRAWDOWN, 2_500_000, 2_000_000))
"""2025-11-21 04:40 UTC; ₹25,000 of ₹20,000."""


@pytest.fixture
def run(tulya, home):
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--from", "2008-01-01", "--to", "2008-12-31", "--json")
    return json.loads(done.out)


@pytest.fixture
def halted(home):
    with open_store(home / "data" / "market.sqlite") as store:
        store.append_breaker_event("paper", HALT)


def test_the_limits_in_force_are_shown_with_their_meaning(tulya, home, monkeypatch):
    (home / "config").mkdir()
    (home / "config" / "trading.yaml").write_text(
        "run: {limits: {max_order_value: 50000}}\nlive: {duplicate_s: 2}\nrisk_rules: ['./my.py:no_mondays']\n"
    )
    monkeypatch.setenv("TULYA_RUN_LIMITS_MAX_DAILY_LOSS", "2%")
    told = json.loads(tulya("risk", "show", "--json").out)
    limits = {limit["name"]: limit["value"] for limit in told["limits"]}
    assert (50000.0, "2%", None) == tuple(
        limits[f"max_{name}"] for name in ("order_value", "daily_loss", "position_value")
    )
    assert 2.0 == next(limit["value"] for limit in told["live"] if limit["name"] == "duplicate_s")
    assert all(limit["meaning"] for limit in [*told["limits"], *told["live"]])
    assert (["./my.py:no_mondays"], None) == (told["risk_rules"], told["state"])
    text = tulya("risk", "show").out
    assert "50000" in text
    assert "rupees: value of one order" in text
    assert "Rules of your own: ./my.py:no_mondays\nState: no run is kept yet.\n" in text


def test_the_limits_are_shown_without_a_database(tulya, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TULYA_DB", raising=False)
    assert "State: no run is kept yet." in tulya("risk", "show").out
    assert not (tmp_path / "data").exists()


def test_the_metrics_are_those_of_the_run(tulya, run, home):
    sessions = json.loads(tulya("risk", "metrics", "--json").out)["sessions"]
    equity = list(csv.DictReader(io.StringIO((home / "data" / "runs" / run["run_id"] / "equity.csv").read_text())))
    assert len(equity) == len(sessions)
    assert [float(row["equity"]) for row in equity] == [day["equity"] for day in sessions]
    assert equity[-1]["time"][:10] == sessions[-1]["session"]
    assert max(day["drawdown_percent"] for day in sessions) == pytest.approx(run["stats"]["Max. drawdown [%]"])
    total = sum(day["daily_pnl"] for day in sessions)
    assert round(sessions[-1]["equity"] - 100_000, 2) == round(total, 2)


def test_the_newest_or_the_worst_sessions_are_listed(tulya, run):
    sessions = json.loads(tulya("risk", "metrics", "last", "--json").out)["sessions"]
    newest = json.loads(tulya("risk", "metrics", "last", "--last", "3", "--json").out)["sessions"]
    assert sessions[-3:] == newest
    worst = json.loads(tulya("risk", "metrics", "last", "--worst", "--last", "3", "--json").out)["sessions"]
    assert sorted(day["daily_pnl"] for day in sessions)[:3] == [day["daily_pnl"] for day in worst]
    table = tulya("risk", "metrics").out.splitlines()
    assert 1 + 20 + 1 == len(table)
    assert f"20 of {len(sessions)} sessions; --last N shows more, --json all" == table[-1]
    assert sessions[-1]["session"] == table[-2].split()[0]
    assert 1 + len(sessions) == len(tulya("risk", "metrics", "--last", "1000").out.splitlines())


def test_the_state_of_the_last_run_is_shown(tulya, run):
    text = tulya("risk", "show").out
    assert f"State of run {run['run_id']} at its end: active" in text
    assert "Last session 2008-12-31: equity ₹" in text
    assert f"Run {run['run_id']}: the circuit breaker did nothing.\n" == tulya("risk", "events").out


def test_a_run_that_was_kept_without_its_risk_is_looked_through_when_asked(tulya, run, home):
    before = tulya("risk", "metrics", "--json").out
    with open_store(home / "data" / "market.sqlite") as store:
        store.save_risk(run["run_id"], [], [])
    assert before == tulya("risk", "metrics", "--json").out
    with open_store(home / "data" / "market.sqlite") as store:
        assert len(json.loads(before)["sessions"]) == len(store.risk_metrics(Owner(run["run_id"])))


def test_an_account_is_shown_with_what_changed_it(tulya, home, halted):
    text = tulya("risk", "show", "--account", "paper").out
    assert "State of account paper: halted\nLast change: active to halted by drawdown at 2025-11-21 04:40 UTC\n" in text
    (event,) = json.loads(tulya("risk", "events", "--account", "paper", "--json").out)["events"]
    assert {
        "time": "2025-11-21 04:40:00", "before": "active", "after": "halted", "cause": "drawdown", "value": 25000.0,
        "limit": 20000.0, "symbol": "", "who": "", "why": "",
    } == event  # fmt: skip
    assert ["2025-11-21", "04:40", "active", "halted", "drawdown", "₹25,000.00", "₹20,000.00"] == tulya(
        "risk", "events", "--account", "paper"
    ).out.splitlines()[1].split()
    assert "Account paper: nothing is kept of it.\n" == tulya("risk", "metrics", "--account", "paper").out


def test_a_reset_is_appended_with_who_when_and_why(tulya, home, halted):
    done = tulya("risk", "reset", "--why", "a bad price", "--who", "asha")
    assert (0, "Account paper was halted and is active again. See tulya risk events --account paper\n") == done[:2]
    assert "active" == json.loads(tulya("risk", "show", "--account", "paper", "--json").out)["state"]["state"]
    events = json.loads(tulya("risk", "events", "--account", "paper", "--json").out)["events"]
    assert [("drawdown", ""), ("command", "asha")] == [(event["cause"], event["who"]) for event in events]
    assert ("halted", "active", "a bad price") == tuple(events[1][name] for name in ("before", "after", "why"))
    assert events[1]["time"] > "2025-11-21"
    again = json.loads(tulya("risk", "reset", "--why", "again", "--who", "asha", "--json").out)
    assert {"account": "paper", "before": "active", "after": "active", "appended": False} == again
    assert 2 == len(json.loads(tulya("risk", "events", "--account", "paper", "--json").out)["events"])


def test_a_reset_needs_a_reason_and_a_name(tulya, home, halted, monkeypatch):
    done = tulya("risk", "reset", "--why", "  ")
    assert (1, 'tulya: --why is empty; say why it is safe to go on, as --why "the feed is repaired"\n') == (
        done.code,
        done.err,
    )

    def nobody():
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "say it with --who" in tulya("risk", "reset", "--why", "x").err
    monkeypatch.setattr("getpass.getuser", lambda: "ravi")
    tulya("risk", "reset", "--why", "x")
    assert "ravi" == json.loads(tulya("risk", "events", "--account", "paper", "--json").out)["events"][-1]["who"]


def test_a_run_and_an_account_at_once_is_refused(tulya, home):
    for command in ("show", "events", "metrics"):
        done = tulya("risk", command, "last", "--account", "paper")
        assert (1, "tulya: give a run (last) or an account (paper), not both\n") == (done.code, done.err)


def test_the_events_of_a_daily_run_have_the_day_of_their_bar(tulya, home):
    words = (
        "backtest buy_and_hold --symbols SP500 --from 2008-01-02 --to 2008-12-31 --max-drawdown 20% --breaker-reset 30"
    )
    run = json.loads(tulya(*words.split(), "--json").out)
    lines = [line.split() for line in tulya("risk", "events", "last").out.splitlines()]
    assert "session" == lines[0][0]
    sessions = json.loads(tulya("risk", "metrics", "--json").out)["sessions"]
    # The first session whose fall from the highest close, or from the deposit, reached 20 %.
    first = next(i for i, day in enumerate(sessions) if day["drawdown_percent"] >= 20)
    assert [sessions[first]["session"], "active", "halted", "drawdown"] == lines[1][:4]
    assert [sessions[first + 30]["session"], "halted", "active"] == lines[2][:3]
    assert ["active", "halted"] == [sessions[i]["state"] for i in (first - 1, first)]
    assert "active" == sessions[first + 30]["state"]
    with open_store(home / "data" / "market.sqlite") as store:
        kept = store.breaker_events(Owner(run["run_id"]))
    assert [HALTED, ACTIVE] == [row.event.after for row in kept[:2]]
