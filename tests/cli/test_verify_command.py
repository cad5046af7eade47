"""``tulya verify``, ``--verify`` and ``--engine``: what is printed, what is kept with the run, and the exit code."""

import json
import re
from dataclasses import replace

import pytest

pytest.importorskip("backtrader", reason="backtrader, the independent check, is an extra that is not installed")

from framework import Rule, backtest
from framework.engines import backtrader
from framework.report.result import Result
from framework.run.history import bundle_folder, find
from framework.store import open_store
from framework.types import Agreement, Comparison, Verification

RSI = ("backtest", "rsi", "--symbols", "SP500", "--sizing", "fixed:10", "--charges", "percent:0.1")
HALF = "identical within half a paisa per cash movement"


@pytest.fixture
def database(home):
    return home / "data" / "market.sqlite"


@pytest.fixture
def a_broken_engine(monkeypatch):
    """One that pays a paisa more per unit at its first fill."""
    right = backtrader.run

    def run(*args, **options):
        record = right(*args, **options)
        first, *others = record.settlements
        first = first._replace(fill=first.fill._replace(price=first.fill.price + 0.01))
        return replace(record, settlements=(first, *others))

    monkeypatch.setattr(backtrader, "run", run)


def test_a_run_is_verified_and_the_verdict_kept_with_it(tulya, database):
    assert tulya(*RSI).code == 0
    assert "Verified" not in tulya("runs", "show", "last").out
    with open_store(database) as store:
        before = store.run("last")
    done = tulya("verify", "last")
    assert (0, "") == (done.code, done.err)
    assert f"Run         {before.run_id} (event engine)" in done.out
    assert re.search(rf"^backtrader +{HALF}$", done.out, re.MULTILINE)
    with open_store(database) as store:
        after = store.run("last")
    assert f"backtrader {HALF}" in after.verification
    assert before == after._replace(verification="")
    assert re.search(rf"^Verified    .*backtrader {HALF}", tulya("runs", "show", "last").out, re.MULTILINE)
    assert not find("last", database).verification.differs


def test_a_backtest_with_verify_says_it_beside_the_causality(tulya, database):
    done = tulya(*RSI, "--verify", "--out", "out")
    assert done.code == 0
    assert re.search(rf"^Causality .*\nVerified    .*backtrader {HALF}", done.out, re.MULTILINE)
    page = (database.parents[1] / "out" / "tearsheet.html").read_text("utf-8")
    assert re.search(rf'<div class="verdict passed"><b>Verified</b> <span>.*backtrader {HALF}', page)
    assert find("last", database).verification == Result.load("out").verification


def test_as_json_the_verdict_is_data(tulya, database):
    facts = json.loads(tulya(*RSI, "--verify", "--json").out)
    assert {"engine": "backtrader", "agreement": "within_half_a_paisa", "detail": ""} in facts["verification"]
    told = json.loads(tulya("verify", "last", "--json").out)
    assert (facts["run_id"], "passed") == (told["run_id"], told["verdict"])
    assert facts["verification"] == told["engines"]


def test_a_difference_is_named_exits_with_4_and_stands_among_the_findings(tulya, database, a_broken_engine):
    tulya(*RSI)
    done = tulya("verify", "last")
    assert done.code == 4
    assert re.search(
        r"^backtrader +different: fill 1 at 1999-\d\d-\d\d, SP500, differs in price", done.out, re.MULTILINE
    )
    shown = tulya("runs", "show", "last").out
    assert "✗ The backtrader engine comes to something else, so one of the two is wrong: fill 1 at 1999" in shown
    tulya("report", "last", "--out", "page")
    assert '<div class="verdict different">' in (database.parents[1] / "page" / "tearsheet.html").read_text("utf-8")


def test_a_backtest_that_differs_is_kept_and_exits_with_4(tulya, database, a_broken_engine):
    assert tulya(*RSI, "--verify").code == 4
    assert find("last", database).verification.differs


def test_what_an_engine_cannot_express_is_said_and_is_no_difference(tulya, home):
    assert tulya(*RSI, "--stop-loss", "5%", "--verify").code == 0
    done = tulya("verify", "last")
    assert done.code == 0
    assert re.search(r"^backtrader +not run: .*add --exits-from next_bar", done.out, re.MULTILINE)


def test_a_run_of_the_backtrader_engine_is_verified_by_the_event_engine(tulya, home):
    done = tulya(*RSI, "--engine", "backtrader")
    assert "· backtrader engine" in done.out
    assert re.search(rf"^event +{HALF}$", tulya("verify", "last").out, re.MULTILINE)


def test_stops_and_limits_of_the_strategy_are_kept_for_the_rerun(tulya, home):
    (home / "mine.py").write_text(
        "from framework import Signals, Strategy\n\n\n"
        "class Mine(Strategy):\n"
        "    def signals(self, bars):\n"
        "        up = bars.close > bars.open\n"
        "        return Signals.long_flat(up, ~up, stop=bars.close * 0.01, limit=bars.close * 0.999)\n",
        encoding="utf-8",
    )
    tulya("backtest", "./mine.py:Mine", "--symbols", "SP500", "--exits-from", "next_bar", "--sizing", "fixed:5")
    result = find("last", home / "data" / "market.sqlite")
    assert {"stop", "limit"} == set(result.record.prices)
    assert {"stop_loss", "signal"} == {str(one.reason) for one in result.record.settlements}
    assert re.search(rf"^backtrader +{HALF}$", tulya("verify", "last").out, re.MULTILINE)


class Nothing(Rule):
    """A rule of the user's own."""


def test_on_bar_and_own_rules_leave_nothing_to_rerun(tulya, home):
    tulya("backtest", "grid", "--symbols", "SP500")
    assert "not run: on_bar() acts bar by bar" in tulya("verify", "last").out
    (home / "rules.py").write_text("from framework import Rule\n\n\nclass Nothing(Rule):\n    pass\n", encoding="utf-8")
    tulya(*RSI, "--risk-rule", "./rules.py:Nothing")
    assert "under risk rules of your own (Nothing)" in tulya("verify", "last").out


def test_a_run_kept_by_an_earlier_version_loads_and_says_what_to_do(tulya, database):
    tulya(*RSI)
    run_id = find("last", database).run_id
    path = bundle_folder(database, run_id) / "result.json"
    document = json.loads(path.read_text("utf-8"))
    for name in ("style", "rules", "verification"):
        del document["inputs"][name]
    del document["document_sha256"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert find("last", database).verification is None
    assert "without all its decisions; run the backtest again" in tulya("verify", "last").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((*RSI, "--engine", "fast"), "engine 'fast' is not one of auto, event, compiled, backtrader"),
        (("backtest", "grid", "--symbols", "SP500", "--engine", "backtrader"), "bar by bar; use --engine event"),
        (("verify", "nothing"), "no run 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tulya, home, words, sentence):
    done = tulya(*words)
    assert done.code == 1
    assert sentence in done.err


def test_in_python_the_result_carries_the_verification(home):
    result = backtest("rsi", "SP500", verify=True, engine="event", causality="off")
    assert Agreement.WITHIN_HALF_A_PAISA in {one.agreement for one in result.verification.comparisons}
    assert f"Verified: {result.verification}" in result._repr_html_()
    assert backtest("rsi", "SP500", causality="off").verification is None


def test_one_reason_for_all_is_said_once():
    twice = Verification(tuple(Comparison(name, Agreement.NOT_RUN, "why") for name in ("compiled", "backtrader")))
    assert ("not run: why", "not_run") == (str(twice), twice.verdict)
    mixed = Verification((Comparison("compiled", Agreement.IDENTICAL), twice.comparisons[1]))
    assert ("compiled identical · backtrader not run: why", "passed") == (str(mixed), mixed.verdict)
