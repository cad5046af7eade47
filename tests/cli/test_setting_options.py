"""The options of ``tulya backtest`` and ``tulya sweep`` are the declared settings, and they reach the run."""

import json

import pytest

from framework.types import Settings
from framework.types.setting_option import declared

OPTIONS = [setting for setting in declared(Settings) if setting.flag]


@pytest.mark.parametrize("command", ["backtest", "sweep"])
def test_the_command_takes_every_setting_and_explains_it(tulya, monkeypatch, command):
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 400)
    done = tulya(command, "--help")
    assert 0 == done.code
    lines = [line for line in done.out.splitlines() if line.startswith("│")]
    for setting in OPTIONS:
        line = next(line for line in lines if f" {setting.flag.partition('/')[0]} " in line)
        assert setting.text[1:] in line


def test_the_panels_stand_in_the_order_of_the_groups(tulya):
    told = tulya("backtest", "--help").out
    panels = ["Options", "Money", "Orders", "Protective exits", "Risk", "Engine", "Output"]
    assert sorted(told.index(f"─ {panel} ─") for panel in panels) == [told.index(f"─ {panel} ─") for panel in panels]


def test_options_of_every_kind_reach_the_settings_of_the_run(tulya, home):
    done = tulya(
        *"backtest rsi --symbols SP500 --capital 50000 --no-reuse-proceeds --limit-follow --max-age 3 --max-jump 20% "
        "--price-band 5% --max-orders-per-day 4 --max-order-quantity 7 --max-strategy-value 90% --restricted NASDAQ,X "
        "--exits-from next_bar --json".split()
    )
    settings = json.loads(done.out)["settings"]
    assert (50_000, False, True, "next_bar") == (
        settings["capital"], settings["reuse_proceeds"], settings["limit_follow"], settings["exits"]["active_from"],
    )  # fmt: skip
    assert {
        "max_age": 3, "max_jump": "20%", "price_band": "5%", "max_orders_per_day": 4, "max_order_quantity": 7,
        "max_strategy_value": "90%", "restricted": ["NASDAQ", "X"], "max_positions": None,
    }.items() <= settings["limits"].items()  # fmt: skip


def test_a_restricted_symbol_of_the_command_line_is_not_entered(tulya, home):
    free = json.loads(tulya(*"backtest rsi --symbols SP500 --json".split()).out)
    held_back = json.loads(tulya(*"backtest rsi --symbols SP500 --restricted SP500 --json".split()).out)
    assert free["round_trips_closed"] > 0 == held_back["round_trips_closed"]


def test_a_text_where_a_number_belongs_is_not_understood(tulya, home):
    done = tulya("backtest", "rsi", "--symbols", "SP500", "--max-age", "soon")
    assert 2 == done.code
    assert "Invalid value for '--max-age'" in done.err
