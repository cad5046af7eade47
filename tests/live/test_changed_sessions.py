"""Scenario 24: a deployment that was changed goes on with what is held only where a person says so."""

import pytest

from framework.cli.run import trade_recorded
from framework.errors import ConfigError, DataError
from framework.store import open_store
from framework.types import Bars, Instrument
from tests.live.market import DAYS, fill_store, write_deployment

FASTEST = float("inf")
BUYS = '''
"""Buys 10 once, and holds."""
from framework import Strategy


class Buys(Strategy):
    """By the number of the bar; ``at`` is the one at which it buys."""

    at: int = 10

    def on_bar(self, ctx):
        n = ctx.state["n"] = ctx.state.get("n", 0) + 1
        if n == self.at:
            ctx.buy(10, ctx.symbols[0])
'''
SYMBOLS = ["NSE:AAA", "NSE:BBB"]


@pytest.fixture
def db(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "buys.py").write_text(BUYS)
    return fill_store(tmp_path / "market.sqlite")


def deployed(db, *, symbols=SYMBOLS, parameters=None, **settings):
    one = ("one", "./buys.py:Buys", symbols, "1m", settings, parameters or {})
    return write_deployment(db.parent / "deployments", one)


def held_after_the_first_day(db):
    trade_recorded(deployed(db), db, (DAYS[0], DAYS[0]), FASTEST)


def test_24_a_changed_parameter_is_refused_while_something_is_held(db):
    held_after_the_first_day(db)
    changed = deployed(db, parameters={"at": 20})
    with pytest.raises(ConfigError, match=r"what it holds \(\+10 NSE:AAA\).*at 10 → 20.*--adopt"):
        trade_recorded(changed, db, (DAYS[1], DAYS[1]), FASTEST)


def test_24_a_changed_source_is_refused_while_something_is_held_and_taken_over_by_an_explicit_word(db):
    held_after_the_first_day(db)
    path = db.parent / "buys.py"
    path.write_text(BUYS.replace("ctx.buy(10", "ctx.buy(11"))
    with pytest.raises(ConfigError, match="its source has changed"):
        trade_recorded(deployed(db), db, (DAYS[1], DAYS[1]), FASTEST)
    assert "active" == trade_recorded(deployed(db), db, (DAYS[1], DAYS[1]), FASTEST, adopt=True)["state"]


@pytest.mark.parametrize(
    ("choices", "said"), [({"symbols": ["NSE:AAA", "NSE:CCC"]}, "symbols"), ({"stop_loss": "1%"}, "stop_loss")]
)
def test_24_another_session_is_never_made_of_the_one_that_holds_something(db, choices, said):
    held_after_the_first_day(db)
    with pytest.raises(ConfigError, match=f"is not what the journal has of it: {said}"):
        trade_recorded(deployed(db, **choices), db, (DAYS[1], DAYS[1]), FASTEST, adopt=True)


def test_a_parameter_may_change_while_nothing_is_held(db):
    trade_recorded(deployed(db, parameters={"at": 400}), db, (DAYS[0], DAYS[0]), FASTEST)
    assert "active" == trade_recorded(deployed(db), db, (DAYS[1], DAYS[1]), FASTEST)["state"]


def test_books_whose_journal_is_gone_are_set_aside(db):
    first = trade_recorded(deployed(db), db, (DAYS[0], DAYS[0]), FASTEST)
    for file in db.parent.glob("market-paper.journal.sqlite*"):
        file.unlink()
    assert first["journal_hash"] == trade_recorded(deployed(db), db, (DAYS[0], DAYS[0]), FASTEST)["journal_hash"]


def test_a_symbol_that_was_imported_without_its_exchange_says_how_to_give_it_one(db, tmp_path):
    with open_store(tmp_path / "plain.sqlite") as store:
        bars = Bars.from_arrays(Instrument("AAA"), "1d", [0, 86_400 * 10**9], *[[1.0, 1.0]] * 5)
        store.save_bars(bars)
    with pytest.raises(DataError, match="AAA has no exchange there; import it with --exchange NSE"):
        trade_recorded(deployed(tmp_path / "plain.sqlite"), tmp_path / "plain.sqlite", (DAYS[0], DAYS[0]), FASTEST)
