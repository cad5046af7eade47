"""PaperBroker over history is the event backtest: same fills, same cash, order by order."""

import asyncio

import numpy as np
import pytest

from adapters.paper.broker import PaperBroker
from adapters.paper.ledger import PaperBook
from framework.engines.event import run
from framework.engines.rows import DecisionArrays
from framework.live.clock import ReplayClock
from framework.market.products import with_product
from framework.session import Session
from framework.types import BarRow, Bars, Instrument, Panel, Settings
from framework.types.actions import Action
from framework.types.panel import actions_within
from framework.types.record import NOT_SIMULATED
from framework.types.setting_values import SquareOff
from tests.adapters.paper_host import PaperHost, random_panel, random_targets


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "choices",
    [
        {"charges": "percent:0.1+flat:20", "slippage": "bps:5"},
        {"stop_loss": "3%", "take_profit": "5%", "trail": "4%", "charges": "percent:0.1"},
        {"stop_loss": "3%", "active_from": "next_bar", "time_exit": 7, "volume_cap": 0.5},
        {"fill_at": "same_close", "stop_loss": "4%", "take_profit": "4%", "slippage": "bps:2"},
    ],
)
def test_paper_over_history_fills_and_books_like_the_event_backtest(seed, choices):
    panel, settings = random_panel(seed), Settings.of(sizing="equity:60%", capital=1_000_000, **choices)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed + 100))


def assert_paper_is_the_backtest(panel: Panel, settings: Settings, decisions: DecisionArrays) -> None:
    expected = run(panel, settings, decisions=decisions)
    broker = PaperBroker([PaperBook("t", panel.instruments, settings)], ReplayClock(0))
    actions = actions_within(panel, settings, 0, len(panel))
    host = PaperHost(Session(panel.instruments, settings, actions=actions), broker)
    asyncio.run(host.trade(panel, decisions))

    account = broker.books.by_name["t"].ledger.account
    assert len(expected.settlements) > 20
    assert [booked._replace(simulated=NOT_SIMULATED) for booked in expected.settlements] == host.settlements
    assert expected.cash_paise[-1] == account.cash_paise
    assert expected.positions == tuple(account.quantity)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("protection", [0, 15, 60])
@pytest.mark.parametrize("choices", [{"product": "MIS", "long_margin": 0.2}, {"product": "CNC"}])
def test_paper_keeps_products_and_market_protection_as_the_backtest_does(seed, protection, choices):
    """Hours of one session a day; slippage is now within and now beyond the protection, volume is scarce."""
    daily = random_panel(seed, instruments=2)
    stamps = (np.arange(len(daily)) // 6) * 86_400_000_000_000 + (np.arange(len(daily)) % 6 + 4) * 3_600_000_000_000
    names = ("open", "high", "low", "close", "volume")
    series = [
        Bars.from_arrays(one, "1h", stamps[rows], *(getattr(daily, name)[rows, i] for name in names))
        for i, one in enumerate(daily.instruments)
        for rows in [daily.rows_of(i)]
    ]
    settings = Settings.of(
        sizing="equity:60%", capital=1_000_000, slippage="bps:20", protection_bps=protection, volume_cap=0.9, **choices
    )
    panel = Panel.from_bars(series)
    if settings.product == "MIS":
        settings, panel = with_product(settings.model_copy(update={"square_off": SquareOff.parse("08:30")}), panel)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed))


@pytest.mark.parametrize("seed", range(4))
def test_paper_goes_through_corporate_actions_as_the_backtest_does(seed):
    """Splits, consolidations that leave less than a share, dividends on longs and shorts."""
    plain = random_panel(seed)
    actions = [
        [Action(40, "split", 5.0), Action(90, "dividend", dividend=2.5), Action(200, "split", 0.001)],
        [Action(60, "bonus", 1.5), Action(61, "dividend", dividend=1.0)],
        [Action(150, "split", 0.1), Action(151, "bonus", 2.0, 0.5)],
    ]
    series = [bars.with_actions(listed) for bars, listed in zip(plain.bars(), actions, strict=True)]
    settings = Settings.of(sizing="equity:60%", capital=1_000_000, stop_loss="6%", validity="GTC", charges="flat:20")
    panel = Panel.from_bars(series)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed + 7))


def test_capital_that_a_person_moves_is_available_at_once():
    broker = PaperBroker([PaperBook("t", [Instrument("S0")], Settings(capital=5_000))], ReplayClock(0))
    broker.move_capital("t", 1_000_00)
    assert 6_000_00 == broker.books.available_paise()
    broker.move_capital("t", -2_500_00)
    assert 3_500_00 == broker.books.available_paise()


def test_its_repr_tells_cash_and_resting_orders():
    book = PaperBook("t", [Instrument("S0")], Settings(capital=5_000))
    broker = PaperBroker([book], ReplayClock(0))
    assert repr(broker) == "PaperBroker(by bars, PaperLedger(t: cash ₹5,000.00, 0 resting orders))"


def test_a_close_that_is_asked_for_after_a_later_bar_was_shown_tells_nothing():
    """A host that died between two flushes of its journal is one bar behind when it comes again."""
    instrument, minute = Instrument("A"), 60_000_000_000
    rows = [BarRow(k * minute, (k + 1) * minute, 0, False, *[[100.0 + k]] * 4, [10.0]) for k in range(2)]
    broker = PaperBroker([PaperBook("t", (instrument,), Settings.of(fill_at="same_close"))], ReplayClock(0))

    async def told():
        for row in rows:
            assert [] == [one async for one in broker.trade_bar("t", row)]
        return [one async for one in broker.fill_at_close("t", rows[0])]

    assert [] == asyncio.run(told())
