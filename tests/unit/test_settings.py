"""Settings: what people type is understood, printed back the same, and refused with a sentence."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ConfigError
from framework.types import Charges, Distance, Settings, Sizing, Slippage

amounts = st.floats(min_value=0.01, max_value=9.0).map(lambda value: round(value, 4))


@given(kind=st.sampled_from(["fixed", "value"]), amount=amounts)
def test_a_sizing_in_units_or_rupees_prints_as_it_was_typed(kind, amount):
    assert Sizing(kind, amount) == Sizing.parse(str(Sizing.parse(f"{kind}:{amount}")))


@given(kind=st.sampled_from(["equity", "risk", "volatility", "kelly", "equal_risk", "margin"]), percent=amounts)
def test_a_sizing_in_percent_is_a_fraction(kind, percent):
    parsed = Sizing.parse(f"{kind}:{percent}%")
    assert parsed.amount == pytest.approx(percent / 100)
    assert parsed.amount == pytest.approx(Sizing.parse(str(parsed)).amount)


@given(percent=st.integers(0, 9_999_999), flat=st.integers(0, 100_000))
def test_charges_are_whole_numbers_and_print_back(percent, flat):
    charges = Charges(percent, flat)
    assert charges == Charges.parse(str(charges))


def test_charges_in_their_units():
    assert Charges(rate_e8=100_000, flat_paise=0) == Charges.parse("percent:0.1")  # 0.1 % = 100,000 × 1e-8
    assert Charges(rate_e8=0, flat_paise=2_000) == Charges.parse("flat:20")  # ₹20 = 2,000 paise
    assert Charges(rate_e8=30_000, flat_paise=2_000) == Charges.parse("percent:0.03+flat:20")
    assert Charges() == Charges.parse("none")


def test_distances_and_slippage_in_their_units():
    assert Distance(0.05, percent=True) == Distance.parse("5%")
    assert 5.0 == Distance.parse("5%").rupees(100.0)
    assert 12.5 == Distance.parse("rs:12.5").rupees(100.0)
    assert (Slippage(bps=5), Slippage(ticks=1), Slippage()) == tuple(
        Slippage.parse(text) for text in ("bps:5", "ticks:1", "none")
    )
    assert ["5%", "rs:12.5", "bps:5", "ticks:1", "none"] == [
        *(str(Distance.parse(text)) for text in ("5%", "rs:12.5")),
        *(str(Slippage.parse(text)) for text in ("bps:5", "ticks:1", "none")),
    ]


@pytest.mark.parametrize("name", ["stop_loss", "take_profit", "trail"])
@pytest.mark.parametrize(
    ("text", "percent"), [("5", "5%"), (5, "5%"), (5.0, "5%"), ("0.05", "5%"), ("150", "150%"), ("1000", "1,000%")]
)
def test_an_amount_that_may_be_meant_as_percent_is_refused_with_both_ways_of_writing_it(name, text, percent):
    with pytest.raises(ConfigError, match=rf"could be {percent.replace(',', '')}% or rs:".replace("%%", "%")):
        Settings.of(**{name: text})


@pytest.mark.parametrize(
    "name", ["max_jump", "price_band", "max_gross_exposure", "max_strategy_value", "max_daily_loss", "max_drawdown"]
)
def test_the_rule_is_one_for_every_limit(name):
    with pytest.raises(ConfigError, match="could be 150% or rs:150"):
        Settings.of(**{name: "150"})
    for text, amount, percent in (("150%", 1.5, True), ("rs:150", 150.0, False), ("1001", 1001.0, False)):
        assert Distance(amount, percent) == getattr(Settings.of(**{name: text}).limits, name)


@pytest.mark.parametrize("name", ["capital", "max_order_value", "time_exit", "max_positions", "volatility_bars"])
def test_a_truth_value_is_no_number(name):
    with pytest.raises(ConfigError, match=name):
        Settings.of(**{name: True})


@pytest.mark.parametrize(
    "choices",
    [
        {"sizing": "fixed"},
        {"sizing": "fixed:0"},
        {"sizing": "fixed:-1"},
        {"sizing": "fixed:nan"},
        {"sizing": "fixed:inf"},
        {"sizing": "half:1"},
        {"sizing": "equity:50"},
        {"sizing": "kelly:50"},
        {"sizing": "volatility:0%"},
        {"sizing": "equal_risk:95%", "allotment": 0.5},
        {"sizing": "margin:90%", "short_margin": 0},
        {"volatility_bars": 1},
        {"sizing": "kelly:101%"},
        {"kelly_cap": "101%"},
        {"kelly_cap": "x%"},
        {"kelly_after": 0},
        {"kelly_start": 0},
        {"charges": "percent:-1"},
        {"charges": "percent:100"},
        {"charges": "flat"},
        {"slippage": "bps:10000"},
        {"slippage": "bps:x"},
        {"stop_loss": "0%"},
        {"stop_loss": "-5%"},
        {"stop_loss": "nan"},
        {"capital": 0},
        {"capital": float("nan")},
        {"capital": float("inf")},
        {"allotment": 1.5},
        {"volume_cap": 0},
        {"rebalance": "band:101"},
        {"rebalance": "weekly"},
        {"max_order_value": float("nan")},
        {"max_daily_loss": "0"},
        {"time_exit": 0},
        {"fill_at": "yesterday"},
    ],
    ids=str,
)
def test_what_is_out_of_bounds_is_refused_with_its_name(choices):
    with pytest.raises(ConfigError) as caught:
        Settings.of(**choices)
    assert next(iter(choices)) in str(caught.value)


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("weekly", "= 'weekly': not understood; write on_signal, on_change, every_bar, or band:5 for a band of 5"),
        ("band:-1", "= 'band:-1': not understood; write on_signal"),
        ("band", "= 'band': not understood; write on_signal"),
        ("band:100.5", "= 'band:100.5': a band is in percentage points, at most 100, such as band:5"),
        (5, "= 5: not understood; write on_signal"),
    ],
)
def test_a_mode_of_rebalancing_that_is_none_is_told_in_one_sentence(mode, sentence):
    with pytest.raises(ConfigError) as caught:
        Settings.of(rebalance=mode)
    assert str(caught.value).startswith(f"settings.rebalance {sentence}")
    assert "pattern" not in str(caught.value)


def test_an_unknown_setting_names_the_nearest():
    with pytest.raises(ConfigError, match="there is no setting 'stoploss'; did you mean 'stop_loss'"):
        Settings.of(stoploss="5%")


def test_a_fraction_may_be_typed_as_a_percentage():
    assert (0.25, 0.05, 0.3) == (
        Settings().kelly_cap, Settings.of(kelly_start="5%").kelly_start, Settings.of(kelly_cap=0.3).kelly_cap
    )  # fmt: skip


def test_settings_come_back_from_what_they_dump():
    settings = Settings.of(
        sizing="risk:1%", charges="percent:0.03+flat:20", slippage="ticks:1", stop_loss="5%", take_profit="rs:12.5",
        trail="3%", max_daily_loss="2%", rebalance="band:5", reenter="new_signal",
    )  # fmt: skip
    assert settings == Settings(**settings.model_dump(mode="json"))
    assert 5.0 == settings.band_points
    assert 10_000_000 == settings.capital_paise


def test_the_fill_rule_says_what_matters():
    rule = Settings.of(fill_at="same_close", protection_bps=300, active_from="next_bar", both="target").fill_rule
    assert (
        "market orders fill at the same bar's close; slippage none; charges none; protection 300 bps; "
        "exits from the next bar, target first"
    ) == rule


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("cash", "capital=100_000"),  # backtesting.py
        ("commission", 'charges="percent:0.1" (percent of value)'),  # backtesting.py, backtrader
        ("init_cash", "capital=100_000"),  # vectorbt
        ("fees", 'charges="percent:0.1" (percent of value)'),  # vectorbt
        ("trade_on_close", 'fill_at="same_close"'),  # backtesting.py
        ("sl_stop", 'stop_loss="5%"'),  # vectorbt
        ("capital_base", "capital=100_000"),  # zipline
    ],
)
def test_a_word_of_another_library_leads_to_ours(word, ours):
    with pytest.raises(ConfigError, match=re.escape(f"there is no setting {word!r}; here that is {ours}")):
        Settings.of(**{word: 10_000})


def test_what_foreign_words_lead_to_is_understood():
    Settings.of(
        capital=100_000, charges="percent:0.1", sizing="equity:95%", fill_at="same_close", slippage="bps:5",
        stop_loss="5%", take_profit="10%", trail="3%", long_margin=0.2, short_margin=0.2,
    )  # fmt: skip
    assert "flat:20" == str(Settings.of(charges="flat:20").charges)
    assert "ticks:1" == str(Settings.of(slippage="ticks:1").slippage)
