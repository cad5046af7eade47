"""config/market/orders.yaml and the limits of a live start."""

from datetime import date

import pytest

from framework.config.settings_file import LiveLimits, live_limits, load_config
from framework.errors import ConfigError
from framework.market.ceilings import ceilings_on
from framework.pretrade.facts import Ceilings, SendLimits

LAWFUL = Ceilings(100_000_000.0, 10)
SAID = {
    "max_order_value": 100_000, "max_order_quantity": 500, "price_band_percent": 5, "reference_age_s": 5,
    "max_jump_percent": 10, "max_open_value": 200_000, "max_position_value": 300_000, "max_gross_value": 500_000,
    "funds_age_s": 60, "duplicate_s": 2, "orders_per_second": 5, "cancels_per_second": 5, "orders_per_minute": 10,
    "orders_per_day": 100,
}  # fmt: skip


def said(tmp_path, **changes):
    lines = [f"  {name}: {value}" for name, value in {**SAID, **changes}.items()]
    file = tmp_path / "mine.yaml"
    file.write_text("live:\n" + "\n".join(lines) + "\n")
    return load_config(file)


def test_ten_crore_an_order_and_ten_orders_a_second():
    assert Ceilings(100_000_000.0, 10) == ceilings_on(date(2026, 11, 23))


@pytest.mark.parametrize(
    ("day", "name"), [(date(2012, 12, 12), "order_value"), (date(2025, 5, 4), "orders_per_second")]
)
def test_a_day_that_no_row_covers_is_an_error_that_names_the_row(day, name):
    with pytest.raises(ConfigError, match=f"orders.yaml has no {name} for {day}; add a row with its source"):
        ceilings_on(day)


def test_a_table_of_ones_own_goes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "config" / "market" / "orders.yaml"
    own.parent.mkdir(parents=True)
    row = "{valid_from: null, valid_to: null, %s, source: mine}"
    own.write_text(f"order_value: [{row % 'rupees: 5'}]\norders_per_second: [{row % 'count: 1'}]\n")
    assert Ceilings(5.0, 1) == ceilings_on(date(2026, 11, 23))
    own.write_text(
        f"order_value: [{row % 'rupees: 5'}, {row % 'rupees: 6'}]\norders_per_second: [{row % 'count: 1'}]\n"
    )
    with pytest.raises(ConfigError, match="order_value: the rows … to … and … to … overlap"):
        ceilings_on(date(2026, 11, 23))


def test_limits_that_are_all_said_are_taken(tmp_path):
    assert SendLimits(**SAID) == live_limits(said(tmp_path), LAWFUL)


def test_a_live_start_without_limits_names_every_one_that_is_missing(tmp_path):
    file = tmp_path / "empty.yaml"
    file.write_text("live:\n")
    with pytest.raises(ConfigError) as caught:
        live_limits(load_config(file), LAWFUL)
    assert all(f"live.{name}" in str(caught.value) for name in LiveLimits.model_fields)


@pytest.mark.parametrize("name", SAID)
def test_one_missing_limit_is_named_alone(tmp_path, name):
    with pytest.raises(
        ConfigError, match=f"a live start needs live.{name}: they have no defaults, set each of them in"
    ):
        live_limits(said(tmp_path, **{name: "null"}), LAWFUL)


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("value", [0, -1, ".nan", ".inf", "many"])
def test_a_limit_that_is_no_limit_is_refused(tmp_path, name, value):
    with pytest.raises(ConfigError, match=rf"live\.{name} = "):
        said(tmp_path, **{name: value})


def test_a_limit_above_the_law_is_refused(tmp_path):
    live_limits(said(tmp_path, max_order_value=100_000_000), LAWFUL)
    with pytest.raises(
        ConfigError, match="max_order_value = ₹10,00,00,001 is above the law's ceiling for one order, ₹10,00,00,000"
    ):
        live_limits(said(tmp_path, max_order_value=100_000_001), LAWFUL)
    with pytest.raises(ConfigError, match="= 11 is above the 10 a second that the law allows; lower one of them"):
        live_limits(said(tmp_path, orders_per_second=6), LAWFUL)
