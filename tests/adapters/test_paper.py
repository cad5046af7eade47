"""PaperBroker over history is the event backtest: same fills, same cash, order by order."""

import numpy as np
import pytest

from adapters.paper import PaperBroker
from framework.engines.event import run
from framework.engines.rows import DecisionArrays, bar_closings, bar_openings, decided
from framework.market.products import with_product
from framework.session import Session
from framework.types import Bars, Panel, Settings, Settlement
from framework.types.events import SessionEnds, Surprise
from framework.types.record import NOT_SIMULATED
from framework.types.setting_values import SquareOff


def random_panel(seed: int, bars: int = 300, instruments: int = 3) -> Panel:
    rng = np.random.default_rng(seed)
    series = []
    for number in range(instruments):
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, bars)))
        open_ = close * np.exp(rng.normal(0, 0.01, bars))
        high = np.maximum(open_, close) * (1 + rng.uniform(0, 0.02, bars))
        low = np.minimum(open_, close) * (1 - rng.uniform(0, 0.02, bars))
        time = np.arange(bars, dtype=np.int64) * 86_400_000_000_000
        kept = rng.uniform(size=bars) > 0.05
        columns = (time, open_, high, low, close, rng.integers(1, 1000, bars).astype(float))
        series.append(Bars.from_arrays(f"S{number}", "1d", *(column[kept] for column in columns)))
    return Panel.from_bars(series)


def random_targets(panel: Panel, seed: int) -> DecisionArrays:
    rng = np.random.default_rng(seed)
    return DecisionArrays(rng.choice([np.nan, np.nan, np.nan, 0.0, 0.5, 1.0, -1.0], size=panel.close.shape))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "choices",
    [
        {"charges": "percent:0.1+flat:20", "slippage": "bps:5"},
        {"stop_loss": "3%", "take_profit": "5%", "trail": "4%", "charges": "percent:0.1"},
        {"stop_loss": "3%", "active_from": "next_bar", "time_exit": 7, "volume_cap": 0.5},
    ],
)
def test_paper_over_history_fills_and_books_like_the_event_backtest(seed, choices):
    panel, settings = random_panel(seed), Settings.of(sizing="equity:60%", capital=1_000_000, **choices)
    assert_paper_is_the_backtest(panel, settings, random_targets(panel, seed + 100))


def assert_paper_is_the_backtest(panel: Panel, settings: Settings, decisions: DecisionArrays) -> None:
    expected = run(panel, settings, decisions=decisions)

    session, broker = Session(panel.instruments, settings), PaperBroker(panel.instruments, settings)
    settlements = []

    def take(event):
        outcome = session.handle(event)
        settlements.extend(fact for fact in outcome.facts if isinstance(fact, Settlement))
        assert not any(isinstance(fact, Surprise) for fact in outcome.facts)
        for command in outcome.commands:
            broker.execute(command, session.moment)

    def talk():
        for answer in broker.answers():
            take(answer)

    last = len(panel)
    rows = zip(
        bar_openings(panel, 0, last), bar_closings(panel, 0, last), decided(panel, decisions, 0, last), strict=True
    )
    for opening, closing, answer in rows:
        take(opening)
        talk()
        broker.see_bar(closing.row)
        talk()
        for event in (closing, answer):
            take(event)
            talk()
        if opening.ends_session:
            take(SessionEnds(closing.moment))
            talk()
            broker.end_session()
            talk()

    assert len(expected.settlements) > 20
    assert [booked._replace(simulated=NOT_SIMULATED) for booked in expected.settlements] == settlements
    assert expected.cash_paise[-1] == broker.account.cash_paise
    assert expected.positions == tuple(broker.account.quantity)


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


def test_its_repr_tells_cash_and_resting_orders():
    panel = random_panel(0, bars=3, instruments=1)
    broker = PaperBroker(panel.instruments, Settings(capital=5_000))
    assert repr(broker) == "PaperBroker(cash ₹5,000.00, SimulatedExchange(1 instruments, 0 resting orders))"
