"""A replayed day on paper is the backtest of that day: same orders, same fills, same paise, whatever the strategy."""

import json
import os
import subprocess
import sys

import pytest

from framework.cli.run import trade_recorded
from framework.deployments.account_backtest import backtest_deployment
from framework.journal.chain import Walk
from framework.journal.entries import glance
from framework.live.day_parity import parity_of_day
from framework.store.journal_reader import JournalReader
from tests.live.market import DAYS, SYMBOLS, fill_store, write_deployment
from tests.live.own_strategies import write_own_strategies

FASTEST = float("inf")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_own_strategies(tmp_path)
    return tmp_path


@pytest.fixture
def db(folder):
    return fill_store(folder / "market.sqlite")


CASES = {
    "signals": ("rsi", {"sizing": "fixed:10"}),
    "stops and targets": ("rsi", {"stop_loss": "1%", "take_profit": "1.5%", "charges": "percent:0.05"}),
    "a trailing stop": ("rsi", {"trail": "0.8%", "slippage": "bps:5"}),
    "intraday, squared off": ("rsi", {"product": "MIS", "charges": "upstox:MIS", "stop_loss": "1%"}),
    "a protective bound": ("rsi", {"protection_bps": 30}),
    "both ways, stops of its own": ("./both_ways.py:BothWays", {"product": "MIS", "sizing": "value:20000"}),
    "at the same close": ("rsi", {"fill_at": "same_close"}),
    "sizes by risk": ("rsi", {"sizing": "risk:1%", "stop_loss": "1%"}),
    "sizes by volatility": ("rsi", {"sizing": "volatility:50%"}),
    "a time exit": ("rsi", {"time_exit": 15}),
    "limits": ("rsi", {"max_orders_per_day": 3, "max_daily_loss": "1%"}),
    "orders of its own": ("./counting.py:Counting", {}),
    "weights": ("./weights.py:Weights", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_replayed_day_is_its_backtest(folder, db, case):
    strategy, settings = CASES[case]
    deployment = write_deployment(folder / "deployments", ("one", strategy, SYMBOLS, "1m", settings))
    expected = backtest_deployment(deployment, db=db, start=DAYS[1], end=DAYS[2], causality="off", engine="event")
    actual = trade_recorded(deployment, db, (DAYS[1], DAYS[2]), FASTEST)
    assert expected.total.fills > 0
    assert (expected.total.orders, expected.total.fills) == (actual["orders"], actual["fills"])
    assert expected.final_equity == actual["final_equity"]
    assert "active" == actual["state"]
    for day in DAYS[1:]:
        (found,) = parity_of_day(deployment, db, day, ["event"])
        assert () == found.parity.differences
        assert {} == found.parity.causes


def test_several_strategies_trade_one_account_each_as_if_alone(folder, db):
    strategies = (
        ("quick", "rsi", SYMBOLS[:2], "1m", {"stop_loss": "1%", "product": "MIS"}),
        ("own", "./counting.py:Counting", SYMBOLS[1:], "1m", {}),
    )
    deployment = write_deployment(folder / "deployments", *strategies)
    expected = backtest_deployment(deployment, db=db, start=DAYS[1], end=DAYS[2], causality="off", engine="event")
    actual = trade_recorded(deployment, db, (DAYS[1], DAYS[2]), FASTEST)
    assert [one.equity_paise / 100 for one in expected.outcomes] == [
        one["final_equity"] for one in actual["strategies"].values()
    ]
    assert expected.final_equity == actual["final_equity"]


def test_minutes_without_a_trade_change_nothing(folder):
    db = fill_store(folder / "gaps.sqlite", gaps=0.3)
    deployment = write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", {"stop_loss": "1%"}))
    trade_recorded(deployment, db, (DAYS[1], DAYS[1]), FASTEST)
    (found,) = parity_of_day(deployment, db, DAYS[1], ["event"])
    assert () == found.parity.differences


def test_an_order_in_a_symbol_without_a_trade_for_minutes_is_no_stale_one_by_bars(folder):
    db = fill_store(folder / "gaps.sqlite", gaps=0.8)
    deployment = write_deployment(folder / "deployments", ("one", "./counting.py:Counting", SYMBOLS, "1m", {}))
    actual = trade_recorded(deployment, db, (DAYS[1], DAYS[2]), FASTEST)
    assert actual["fills"] > 0
    found = [parity_of_day(deployment, db, day, ["event"])[0].parity for day in DAYS[1:]]
    assert [((), {})] * 2 == [(one.differences, one.causes) for one in found]


def test_at_any_speed_the_orders_and_fills_are_the_same(folder, db):
    settings = {"product": "MIS", "stop_loss": "1%", "charges": "upstox:MIS"}
    deployment = write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", settings))
    actual = trade_recorded(deployment, db, (DAYS[1], DAYS[1]), 12_000.0)
    assert actual["fills"] > 0
    (found,) = parity_of_day(deployment, db, DAYS[1], ["event"])
    assert ((), {}) == (found.parity.differences, found.parity.causes)


@pytest.mark.parametrize("case", ["intraday, squared off", "both ways, stops of its own", "at the same close"])
def test_answers_that_take_their_time_come_within_their_bar_also_in_the_last_one(folder, db, case):
    strategy, settings = CASES[case]
    late = {"latency_ms": 250, "jitter_ms": 500, "doubled_answers": 0.2}
    deployment = write_deployment(folder / "deployments", ("one", strategy, SYMBOLS, "1m", settings), paper=late)
    expected = backtest_deployment(deployment, db=db, start=DAYS[1], end=DAYS[2], causality="off", engine="event")
    actual = trade_recorded(deployment, db, (DAYS[1], DAYS[2]), FASTEST)
    assert (expected.total.orders, expected.total.fills) == (actual["orders"], actual["fills"])
    assert (expected.final_equity, "active") == (actual["final_equity"], actual["state"])
    found = [parity_of_day(deployment, db, day, ["event"])[0].parity for day in DAYS[1:]]
    assert [((), {})] * 2 == [(one.differences, one.causes) for one in found]


def test_a_day_begun_again_sets_the_old_journal_aside_and_comes_to_the_same_hash(folder, db):
    deployment = write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", {}))
    first = trade_recorded(deployment, db, (DAYS[1], DAYS[1]), FASTEST)
    second = trade_recorded(deployment, db, (DAYS[1], DAYS[1]), FASTEST)
    assert first["journal_hash"] == second["journal_hash"]
    with JournalReader(folder / "market-paper.journal.sqlite.1") as kept:
        walk = Walk(kept.lines())
        assert first["journal_entries"] == sum(1 for _ in walk)
        assert first["journal_hash"] == walk.head


def test_the_next_day_goes_on_with_the_journal(folder, db):
    deployment = write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", {"stop_loss": "2%"}))
    trade_recorded(deployment, db, (DAYS[1], DAYS[1]), FASTEST)
    two_steps = trade_recorded(deployment, db, (DAYS[2], DAYS[2]), FASTEST)
    assert not (folder / "market-paper.journal.sqlite.1").exists()
    (found,) = parity_of_day(deployment, db, DAYS[2], ["event"])
    assert () == found.parity.differences
    other = write_deployment(folder / "others", ("one", "rsi", SYMBOLS, "1m", {"stop_loss": "2%"}), account="other")
    at_once = trade_recorded(other, db, (DAYS[1], DAYS[2]), FASTEST)
    assert at_once["final_equity"] == two_steps["final_equity"]


def test_the_real_loop_with_its_writing_thread_keeps_every_book(folder):
    db = fill_store(folder / "hours.sqlite", minutes=60)
    deployment = write_deployment(folder / "deployments", ("one", "./both_ways.py:BothWays", SYMBOLS, "1h", {}))
    done = trade_recorded(deployment, db, (DAYS[0], DAYS[0]), 6_000.0)
    assert ("active", "the feed ended") == (done["state"], done["ended"])
    with JournalReader(folder / "hours-paper.journal.sqlite") as reader:
        walk = Walk(reader.lines())
        kinds = [glance(text).kind for text in walk]
    assert done["journal_hash"] == walk.head
    assert kinds.count("sending") <= done["orders"]
    assert 0 == kinds.count("finding")


@pytest.mark.parametrize(
    "failpoint", ["sending_durable:2", "request_left:2", "row_closed:40", "decided:60", "bar_news:3"]
)
def test_a_run_that_was_killed_goes_on_and_its_journal_is_whole(folder, db, failpoint):
    write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", {"stop_loss": "1%"}))
    command = [sys.executable, "-m", "framework", "run", "morning", "--replay", DAYS[1].isoformat(), "--speed", "max"]
    environment = os.environ | {"TULYA_DB": str(db)}
    killed = subprocess.run(command, env=environment | {"TULYA_FAILPOINT": failpoint}, capture_output=True, check=False)
    assert -9 == killed.returncode
    again = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=False, text=True)
    assert "" == again.stderr
    document = json.loads(again.stdout)
    assert "the feed ended" == document["ended"]
    with JournalReader(folder / "market-paper.journal.sqlite") as reader:
        entries = [json.loads(line) for line in reader.lines()]
    tags = [
        entry["body"]["tag"] for entry in entries if entry["kind"] == "sending" and entry["body"]["request"] == "place"
    ]
    assert len(tags) == len(set(tags))
