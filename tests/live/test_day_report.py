"""End-of-day report: the day as it was worked out by hand, what a person should look at, and the page of it."""

import json
import math
import os
import signal
import subprocess
import sys
import time

import pytest

from framework.cli.day import REPORTS, document_of, report_day, write_days
from framework.cli.journal_rebuild import ledger_of
from framework.cli.run import reported, trade_recorded
from framework.errors import DataError
from framework.journal.account_entries import RequestName, Sending
from framework.live.day_findings import day_findings
from framework.live.deployment import ReportSettings
from framework.report.day_page import day_page, ratio_text, seconds_text
from framework.store import open_store
from framework.store.account_files import journal_path
from tests.live.hand_day import SYMBOL, store_hand_day, write_hand_deployment
from tests.live.market import DAYS, SYMBOLS, fill_store, write_deployment

FASTEST = float("inf")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hand(folder):
    """Document of the day that is worked out by hand."""
    db = store_hand_day(folder / "market.sqlite")
    deployment = write_hand_deployment(folder)
    trade_recorded(deployment, db, (DAYS[0], DAYS[0]), FASTEST)
    return report_day(db, "paper", DAYS[0])


def test_the_day_is_the_one_worked_out_by_hand(hand):
    assert ("morning", "paper", "2015-01-05", True, "active") == tuple(
        hand[name] for name in ("deployment", "account", "day", "whole", "state")
    )
    assert (2, 2, 0, 0.0) == tuple(hand[name] for name in ("orders", "fills", "changes", "order_to_trade"))
    assert (30.0, 2.05, 27.95, 100_000.0, 100_027.95) == tuple(
        hand[name] for name in ("gross", "charges", "net", "begins", "final_equity")
    )
    (strategy,) = hand["strategies"]
    assert ("hand", 1, 1, 375, None, {}) == tuple(
        strategy[name] for name in ("strategy", "round_trips", "won", "rows_decided", "unprotected_s", "held")
    )
    assert [("09:17:00", "BUY", 10, 101.0, 1.01, 0.0), ("09:20:00", "SELL", 10, 104.0, 1.04, 30.0)] == [
        tuple(row[name] for name in ("time", "side", "quantity", "price", "charges", "gross"))
        for row in hand["fill_rows"]
    ]
    assert ["09:17:00", "09:20:00"] == [row["time"] for row in hand["order_rows"]]
    assert {SYMBOL: 60.0} == hand["ages"]["bars_s"]
    assert json.loads(json.dumps(hand, allow_nan=False)) == hand


def test_too_few_days_before_it_are_said_and_nothing_else_is_found(hand):
    assert [("note", "too_few_sessions")] == [(one["severity"], one["code"]) for one in hand["findings"]]


def test_the_page_shows_the_day_and_needs_neither_network_nor_script(hand):
    page = day_page(hand)
    for text in ("₹27.95", "₹1,00,027.95", "09:17:00", SYMBOL, hand["journal_hash"]):
        assert text in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_text_of_the_journal_cannot_become_markup(hand):
    hand["findings"] = [{"severity": "error", "code": "x", "text": "<script>alert(1)</script>", "time": ""}]
    assert "<script>" not in day_page(hand)


def test_charges_stand_as_a_contract_note_has_them(folder):
    db = store_hand_day(folder / "market.sqlite")
    deployment = write_hand_deployment(folder, charges="upstox:MIS", product="MIS")
    trade_recorded(deployment, db, (DAYS[0], DAYS[0]), FASTEST)
    note = report_day(db, "paper", DAYS[0])["contract_note"]
    # 0.025 % of the 1,040 rupees sold is 0.26: nearest rupee 0
    assert 0.0 == note["components"]["STT"]
    assert note["note"] == pytest.approx(sum(note["components"].values()))
    assert note["difference"] == pytest.approx(note["note"] - note["booked"])


def test_a_day_that_the_journal_does_not_have_is_told_with_those_it_has(folder, hand):
    with pytest.raises(DataError, match="no bar of 2015-01-06; it has 2015-01-05 to 2015-01-05"):
        report_day(folder / "market.sqlite", "paper", DAYS[1])


def ratio_findings(changes, fills, bound):
    ratio = changes / fills if fills else None
    document = {"strategies": [], "order_to_trade": ratio, "order_to_trade_bound": bound, "changes": changes,
                "fills": fills, "whole": True}  # fmt: skip

    class NothingElse:
        """Ledger of a day without entries."""

        def on(self, _kind, _day):
            return []

    return [one["text"] for one in day_findings(NothingElse(), [], DAYS[0], document)]


def test_more_changes_for_each_fill_than_the_bound_are_warned_of():
    assert [] == ratio_findings(50, 5, 10.0)
    assert ["51 changes and cancels for 5 fills; the bound is 10 for each fill"] == ratio_findings(51, 5, 10.0)
    assert [] == ratio_findings(10, 0, 10.0)
    assert 1 == len(ratio_findings(11, 0, 10.0))


def test_a_trailing_stop_is_counted_and_warned_of_by_the_deployments_own_bound(folder):
    db = fill_store(folder / "market.sqlite")
    deployment = write_deployment(folder / "deployments", ("one", "rsi", SYMBOLS, "1m", {"trail": "1%"}))
    trade_recorded(deployment, db, (DAYS[0], DAYS[0]), FASTEST)
    ledger = ledger_of(journal_path(db, "paper"), "paper")
    changes = sum(one.body.request is not RequestName.PLACE for one in ledger.entries[Sending])
    document = document_of(ledger, db, DAYS[0], deployment._replace(report=ReportSettings(order_to_trade=0.1)))
    assert changes == document["changes"] > 0
    assert math.isclose(changes / document["fills"], document["order_to_trade"])
    assert "order_to_trade" in {one["code"] for one in document["findings"]}
    assert document["unprotected_s"] == 0.0


def test_the_end_of_a_run_writes_a_page_and_the_days_row_once(folder):
    db = store_hand_day(folder / "market.sqlite", DAYS[:2])
    deployment = write_hand_deployment(folder)
    trade_recorded(deployment, db, DAYS[:2], FASTEST)
    pages = write_days(db, deployment, list(DAYS))
    assert [REPORTS / "paper" / f"{day}.html" for day in ("2015-01-05", "2015-01-06")] == pages
    assert all(page.is_file() for page in pages)
    with open_store(db) as store:
        rows = store.account_rows("daily_performance", "paper")
        store.connection.execute("UPDATE daily_performance SET created_at = 5, updated_at = 5")
    assert 4 == len(rows)
    write_days(db, deployment, list(DAYS))
    with open_store(db) as store:
        stamps = "SELECT DISTINCT created_at, updated_at FROM daily_performance"
        assert [(5, 5)] == store.connection.execute(stamps).fetchall()


def test_a_report_that_cannot_be_written_leaves_the_run_as_it_is(folder, capsys):
    deployment = write_hand_deployment(folder)
    assert [] == reported(deployment, folder / "market.sqlite", ["2015-01-05"])
    assert "the day's report was not written" in capsys.readouterr().err


def test_a_run_ended_by_sigterm_has_its_page_too_and_says_that_the_day_is_not_over(folder):
    db = store_hand_day(folder / "market.sqlite")
    write_hand_deployment(folder)
    command = [sys.executable, "-m", "framework", "run", "morning", "--replay", "2015-01-05", "--speed", "60", "--json"]
    environment = os.environ | {"TULYA_DB": str(db)}
    run = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    journal = journal_path(db, "paper")
    until = time.monotonic() + 60
    while time.monotonic() < until and not closed_bars(journal):
        time.sleep(0.3)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=60)
    assert "" == err
    assert 0 == run.returncode
    (page,) = json.loads(out)["reports"]
    assert "The day is not over." in (folder / page).read_text("utf-8")
    with open_store(db) as store:
        assert [] == store.account_rows("daily_performance", "paper")
        assert store.account_rows("risk_metrics", "paper")


def closed_bars(journal):
    """True once the journal has a bar that closed."""
    from framework.journal.errors import JournalError
    from framework.store.journal_reader import JournalReader

    try:
        with JournalReader(journal) as reader:
            return any(b'"BarCloses"' in line for line in reader.lines())
    except JournalError:
        return False


def test_seconds_and_ratios_are_written_for_people():
    assert ["0 s", "1.25 s", "2 min 5 s", "1 min", "–"] == [seconds_text(one) for one in (0, 1.25, 125.0, 60.0, None)]
    assert ["0.50", "–"] == [ratio_text(one) for one in (0.5, None)]
