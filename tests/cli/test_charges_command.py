"""tulya charges: words in, a table of components or JSON out."""

import json

import pytest


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A folder without a config of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_buy_shows_every_component_with_its_source_and_the_total(tulya):
    done = tulya("charges", "buy", "INFY", "100", "@", "1500", "--product", "CNC", "--date", "2024-09-01")
    assert 0 == done.code, done.err
    lines = done.out.splitlines()
    assert "Buy 100 INFY at ₹1,500.00 · NSE equity stock CNC · plan upstox · 2024-09-01 · exact" == lines[0]
    amounts = {line[:17].strip(): line for line in lines[2:]}
    # 0.1 % and 0.00332 % and 0.0001 % and 0.015 % of 150,000; 18 % of 25.13
    for name, amount in {
        "Brokerage": "20.00", "STT": "150.00", "Exchange and IPFT": "4.98", "SEBI fee": "0.15", "Stamp duty": "22.50",
        "GST": "4.52", "DP charge": "0.00", "Total": "202.15",
    }.items():  # fmt: skip
        assert f" {amount} " in amounts[name] + " ", name
    assert "Finance Act 2012" in amounts["STT"]


def test_json_has_the_same_numbers_with_rate_base_and_source(tulya):
    done = tulya(*"charges sell M&M 100 @ 1,500 --date 2026-04-01 --json".split())
    told = json.loads(done.out)
    assert ("sell", "M&M", 100, 1500.0, "CNC") == tuple(
        told[key] for key in ("side", "symbol", "quantity", "price", "product")
    )
    parts = {part["name"]: part for part in told["components"]}
    assert 18.5 == parts["DP charge"]["amount"]
    assert {"name", "rate", "base", "amount", "source", "assumption", "where"} == set(parts["STT"])
    assert "stt.yaml:" in parts["STT"]["where"]
    # 20 + 150 + 4.61 (4.605) + 0.15 + 18.50 + 18 % × 24.76 (4.46) + 3.33
    assert 201.05 == told["total"]
    assert told["total"] == pytest.approx(sum(part["amount"] for part in told["components"]))


def test_an_options_round_trip_of_a_rupee_loses_money(tulya):
    words = "charges buy NIFTY 65@120 --segment options --date 2026-04-01 --round-trip --sell-price 121"
    done = tulya(*words.split())
    assert "Gross ₹65.00, net of charges −₹0.81" in done.out
    told = json.loads(tulya(*words.split(), "--json").out)
    assert (65.81, 65.0, -0.81) == (told["total"], told["gross"], told["net"])


def test_a_group_of_bse_has_its_own_charge(tulya):
    done = tulya(*"charges buy X 100 @ 10 --exchange bse --group x --plan zero --date 2026-04-01".split())
    assert "BSE equity stock group X CNC" in done.out
    assert " 0.1% " in done.out.splitlines()[4]  # not 0.00375 %


def test_a_contract_note_rounds_stt_to_the_rupee(tulya):
    words = "charges buy NIFTY 65@120 --segment options --date 2026-04-01 --round-trip --sell-price 121 --json"
    told = json.loads(tulya(*words.split(), "--rounding", "contract_note").out)
    assert 12.0 == told["components"][1]["amount"]  # 0.15 % × 7865 = 11.80


def test_a_short_is_sold_and_bought_back(tulya):
    words = "charges sell INFY 100 @ 1510 --product MIS --date 2026-04-01 --round-trip --buy-price 1500"
    done = tulya(*words.split())
    assert "bought back at ₹1,500.00" in done.out
    assert "Gross ₹1,000.00" in done.out
    assert 100.72 == json.loads(tulya(*words.split(), "--json").out)["total"]  # as long: 1500 to 1510


def test_breakeven_is_the_first_price_that_covers_the_charges(tulya):
    words = "charges breakeven INFY 100 @ 1500 --product MIS --date 2026-04-01"
    told = json.loads(tulya(*words.split(), "--json").out)
    # At 1501: STT 37.53, exchange 4.61 twice, SEBI 0.30, stamp 4.50, GST 4.46 twice, brokerage 40: 100.47 > 100
    # At 1501.01: the same to the paisa, and a gain of 101
    assert (1501.01, 1.01, 100.47) == (told["break_even"], told["distance"], told["charges"])
    done = tulya(*words.split())
    assert "Break-even ₹1,501.01: ₹1.01 a unit, 0.0673%; charges of both sides ₹100.47" in done.out
    short = json.loads(tulya(*words.split(), "--short", "--json").out)
    assert 1498.99 == short["break_even"]


def test_a_quantity_that_can_never_earn_is_refused(tulya):
    done = tulya(*"charges breakeven X 1 @ 5 --segment options --short --date 2026-04-01".split())
    assert (1, "") == (done.code, done.out)
    assert "no exit price covers the charges of 1 at 5.00; take a larger quantity" in done.err


def test_assumptions_are_named(tulya):
    done = tulya(*"charges buy INFY 100 @ 1500 --date 2010-01-04".split())
    assert "Service tax" in done.out
    assert "Assumed, not checked: brokerage 2000-01-01 to 2020-12-31 (plans.yaml:" in done.out
    assert "docs/charges.md" in done.out


def test_rates_lists_what_is_in_force(tulya):
    done = tulya(*"charges rates --date 2024-09-30 --plan upstox --exchange NSE".split())
    assert "Charges in force on 2024-09-30" in done.out
    assert "sell 0.0125%" in done.out
    assert "BSE" not in done.out.replace("BSE notice", "")
    assert "upstox_api" not in done.out
    rows = json.loads(tulya(*"charges rates --date 2024-10-01 --json".split()).out)["rows"]
    assert ["buy 0%, sell 0.02%"] == [row["terms"] for row in rows if row["about"] == ["stt", "futures"]]


def test_without_a_date_it_is_today_in_india(tulya):
    assert 0 == tulya(*"charges buy INFY 1 @ 100".split()).code
    assert 0 == tulya("charges", "rates").code


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "buy INFY 100 @ 1500 --plan upstx",
            "there is no plan 'upstx'; did you mean 'upstox'? known: upstox, upstox_api",
        ),
        ("buy INFY 100 @ 1500 --segment option", "did you mean 'options'?"),
        ("buy INFY 100 @ 1500 --product MSI", "there is no equity product 'MSI'; did you mean 'MIS'?"),
        ("buy INFY 100 @ 1500 --exchange NES", "did you mean 'NSE'?"),
        ("buy INFY 100 @ 1500 --kind etfs", "did you mean 'etf'?"),
        ("buy INFY 100 @ 1500 --rounding exakt", "did you mean 'exact'?"),
        ("buy INFY 100 @ 1500 --date 1999-12-31", "not known on 1999-12-31: the first row is"),
        ("buy INFY 100 @ 1500 --sell-price 1510", "needs --round-trip"),
        ("buy INFY 100 @ 1500 --round-trip --sell-price x", "'x' is not a sum in rupees"),
        ("buy INFY", "write SYMBOL QUANTITY @ PRICE, such as INFY 100 @ 1500"),
        ("buy INFY 1.5 @ 1500", "is not understood"),
        ("buy INFY 100 @ 1500.123", "at most two decimals"),
        ("buy INFY 0 @ 1500", "must be above 0"),
        ("buy INFY 100 @ 0", "must be above 0"),
        ("buy INFY 9999999999 @ 9999999", "40 lakh crore"),
        ("rates --plan upstx", "did you mean 'upstox'?"),
        ("rates --exchange NES", "did you mean 'NSE'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_the_nearest(tulya, words, told):
    done = tulya("charges", *words.split())
    assert 1 == done.code
    assert told in done.err
    assert 1 == done.err.count("\n")


def test_a_plan_in_the_working_directory_is_known(tulya, elsewhere):
    folder = elsewhere / "config" / "charges"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(
        "brokerage:\n  - {plan: mine, segment: options, flat: 5, valid_from: 2020-01-01, source: mine}\n", "utf-8"
    )
    told = json.loads(tulya(*"charges buy X 50 @ 100 --segment options --plan mine --json".split()).out)
    assert 5.0 == told["components"][0]["amount"]
