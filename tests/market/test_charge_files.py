"""config/charges/*.yaml: dated rows without overlap and gap, exact rates, a user's own rows over the shipped ones."""

import shutil
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import ConfigError
from framework.market.charge_rows import ExchangeRow, SebiRow, percent, rupees
from framework.market.charges import ChargeSchedule, Dealing
from framework.market.timeline import timeline

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "charges"
NSE_FUTURES = Dealing("zero", "NSE", "futures", "NRML")
DAYS = st.dates(date(2000, 1, 1), date(2030, 12, 31))


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped files, in a folder of its own."""
    copy = tmp_path / "charges"
    shutil.copytree(SHIPPED, copy)
    return copy


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working directory whose ./config/charges is empty."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "charges").mkdir(parents=True)
    return tmp_path / "config" / "charges"


def row(first, last, rate="10 per crore", where="a.yaml:1"):
    return SebiRow.model_validate(
        {"valid_from": first, "valid_to": last, "rate": rate, "source": "test", "where": where}
    )


def test_the_shipped_files_load_and_every_row_says_who_says_so():
    schedule = ChargeSchedule.load(SHIPPED)
    assert ("upstox", "upstox_api", "zero") == schedule.plans
    assert all(len(each.source) > 10 for _, each in schedule.in_force(date(2026, 11, 22)))


def test_rates_are_written_as_texts_with_their_unit_and_every_row_has_dates_and_source():
    for file in SHIPPED.glob("*.yaml"):
        for section, rows in yaml.safe_load(file.read_text("utf-8")).items():
            for each in rows:
                assert {"valid_from", "valid_to", "source"} <= set(each), (file.name, section, each)
                for name in {"rate", "buy", "sell", "transaction", "ipft", "on_sebi"} & set(each):
                    assert isinstance(each[name], str), (file.name, each)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.1%", 100_000), ("10 per crore", 100), ("0.1 per crore", 1), ("0.000001%", 1), ("100%", 10**8), ("0%", 0)],
)
def test_a_rate_is_exact(text, expected):
    assert expected == row("2020-01-01", None, text).rate


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.0000001%", "whole number of 1e-8"),
        ("0.01 per crore", "whole number of 1e-8"),
        ("0.1", "is not a rate; write 0.1% or 10 per crore"),
        ("-0.1%", "is not a rate"),
        ("nan%", "is not a rate"),
        ("1e3%", "is not a rate"),
        ("100.1%", "more than the whole value"),
    ],
)
def test_what_is_no_exact_rate_is_refused(text, words, folder):
    file = folder / "statutory.yaml"
    file.write_text(file.read_text("utf-8").replace("rate: 15 per crore", f"rate: {text}", 1), "utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        ChargeSchedule.load(folder)
    assert "statutory.yaml:5" in str(caught.value)


def exchange_row(transaction, ipft):
    return ExchangeRow.model_validate(
        {"exchange": "NSE", "segment": "equity", "transaction": transaction, "ipft": ipft, "valid_from": "2026-03-01",
         "source": "test"}
    )  # fmt: skip


def test_transaction_charge_and_ipft_need_be_exact_together_only():
    assert 3070 == exchange_row("0.0030699%", "0.01 per crore").rate
    with pytest.raises(ValueError, match="transaction and ipft together"):
        exchange_row("0.0030699%", "0.02 per crore")


def test_overlapping_rows_are_named_with_file_line_and_dates(folder):
    file = folder / "stt.yaml"
    file.write_text(file.read_text("utf-8").replace("valid_to: 2024-09-30", "valid_to: 2024-10-05", 1), "utf-8")
    with pytest.raises(ConfigError, match="overlap on 2024-10-01") as caught:
        ChargeSchedule.load(folder)
    told = str(caught.value)
    assert "stt futures" in told
    assert "2023-04-01 to 2024-10-05 (stt.yaml:" in told
    assert "2024-10-01 to 2026-03-31 (stt.yaml:" in told


def test_missing_days_are_named(folder):
    file = folder / "stt.yaml"
    file.write_text(file.read_text("utf-8").replace("valid_to: 2024-09-30", "valid_to: 2024-09-28", 1), "utf-8")
    with pytest.raises(ConfigError, match="no row from 2024-09-29 to 2024-09-30, between stt 2023-04-01 to 2024-09-28"):
        ChargeSchedule.load(folder)


def test_a_table_without_a_part_is_refused(folder):
    (folder / "statutory.yaml").unlink()
    with pytest.raises(ConfigError, match="charges of sebi: there is no row at all"):
        ChargeSchedule.load(folder)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holds no"):
        ChargeSchedule.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sebbi: []", "unknown key sebbi; did you mean sebi"),
        ("nothing_like_it: []", "known are stt, exercise"),
        ("sebi: 5", "should hold a list of rows"),
        ("sebi: [5]", "a row of sebi holds keys"),
        ("sebi: [{rat: 1%}]", "has no rat; did you mean rate"),
        ("sebi: [{where: x}]", "a row of sebi has no where"),
        ("sebi: [{rate: 1%, rate: 2%}]", "the key rate stands there twice"),
        ("sebi: [{rate: 1%, valid_from: 2020-01-01}]", "needs source"),
        ("sebi: [{rate: 1%, valid_from: 2020-13-01, source: test}]", "valid_from"),
        ("sebi: [{rate: 1%, valid_from: 2020-01-02, valid_to: 2020-01-01, source: test}]", "lies before valid_from"),
        ("overrides: maybe", "should be true or false"),
        ("[1, 2]", "should hold keys such as"),
        ("sebi: [", "cannot be read"),
        ("stt: [{segment: equity, kinds: [stock], buy: 0%, sell: 0%, valid_from: 2020-01-01, source: test}]",
         "needs product"),
        ("stt: [{segment: futures, kinds: [stock], buy: 0%, sell: 0%, valid_from: 2020-01-01, source: test}]",
         "needs kinds"),
        ("tax: [{rate: 18%, on_sebi: 5%, valid_from: 2020-01-01, source: test}]", "on_sebi is 0% or the rate itself"),
        ("brokerage: [{plan: p, segment: options, flat: 1.234, valid_from: 2020-01-01, source: test}]", "two decimals"),
        ("brokerage: [{plan: My-Plan, segment: options, valid_from: 2020-01-01, source: test}]", "match pattern"),
        ("brokerage: [{plan: p, segment: options, cap: 0, valid_from: 2020-01-01, source: test}]", "greater than 0"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_a_sentence(text, words, folder):
    (folder / "mine.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        ChargeSchedule.load(folder)


def test_an_empty_file_adds_nothing(folder):
    (folder / "mine.yaml").write_text("# nothing yet\n", "utf-8")
    assert ("upstox", "upstox_api", "zero") == ChargeSchedule.load(folder).plans


CUSTOM = """
brokerage:
  - {plan: custom, segment: equity, product: [delivery, intraday], rate: 0.03%, cap: 15,
     valid_from: 2020-01-01, source: my broker}
  - {plan: custom, segment: options, flat: 15, valid_from: 2020-01-01, source: my broker}
depository:
  - {plan: custom, charge: 15.93, valid_from: 2020-01-01, source: my broker}
"""


def test_a_plan_of_ones_own_is_a_file_in_the_working_directory(home):
    (home / "custom.yaml").write_text(CUSTOM, "utf-8")
    schedule = ChargeSchedule.load()
    tariff = schedule.tariff(Dealing("custom", "NSE", "equity", "CNC", "stock"), date(2026, 4, 1))
    assert (30_000, 1500, 0, 1593) == (
        tariff.brokerage_e8, tariff.brokerage_cap_paise, tariff.flat_paise, tariff.dp_paise,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="the plan 'custom' says no brokerage for futures"):
        schedule.tariff(Dealing("custom", "NSE", "futures", "NRML", "stock"), date(2026, 4, 1))
    with pytest.raises(ConfigError, match=r"first row is brokerage 2020-01-01 to … \(custom.yaml:3\)"):
        schedule.tariff(Dealing("custom", "NSE", "equity", "CNC", "stock"), date(2019, 12, 31))


def test_a_change_of_law_is_a_row_that_overrides_from_its_day_on(home):
    (home / "budget.yaml").write_text(
        "overrides: true\nstt:\n"
        "  - {segment: futures, buy: 0%, sell: 0.06%, valid_from: 2027-04-01, source: a budget to come}\n",
        "utf-8",
    )
    schedule = ChargeSchedule.load()
    regimes = schedule.regimes(NSE_FUTURES, date(2026, 4, 1), date(2027, 12, 31))
    assert [(date(2026, 4, 1), 50_000), (date(2027, 4, 1), 60_000)] == [
        (day, tariff.stt_sell_e8) for day, tariff in regimes
    ]


def test_without_saying_so_a_row_does_not_override(home):
    (home / "budget.yaml").write_text(
        "stt:\n  - {segment: futures, buy: 0%, sell: 0.06%, valid_from: 2027-04-01, source: a budget to come}\n",
        "utf-8",
    )
    with pytest.raises(ConfigError, match=r"overlap on 2027-04-01; .* overrides: true") as caught:
        ChargeSchedule.load()
    assert "budget.yaml:2" in str(caught.value)


def test_a_correction_of_some_days_leaves_the_others(home):
    (home / "fixed.yaml").write_text(
        "overrides: true\nsebi:\n"
        "  - {rate: 7 per crore, valid_from: 2022-01-01, valid_to: 2022-12-31, source: corrected}\n",
        "utf-8",
    )
    schedule = ChargeSchedule.load()
    fees = [
        (day, tariff.sebi_e8)
        for day, tariff in schedule.regimes(NSE_FUTURES, date(2021, 12, 31), date(2023, 1, 1))
        if (day.month, day.day) != (7, 18)
    ]
    assert [(date(2021, 12, 31), 100), (date(2022, 1, 1), 70), (date(2023, 1, 1), 100)] == fees


def test_a_file_of_the_same_name_takes_the_place_of_the_shipped_one(home):
    text = (SHIPPED / "plans.yaml").read_text("utf-8").replace("charge: 18.5", "charge: 20")
    (home / "plans.yaml").write_text(text, "utf-8")
    assert (
        2000
        == ChargeSchedule.load().tariff(Dealing("upstox", "NSE", "equity", "CNC", "stock"), date(2026, 4, 1)).dp_paise
    )


@given(st.lists(DAYS, min_size=2, max_size=6, unique=True), DAYS, DAYS)
def test_an_overriding_row_leaves_no_day_without_and_none_with_two(days, one, other):
    starts = sorted(days)
    ends = [date.fromordinal(day.toordinal() - 1) for day in starts[1:]]
    rows = [row(first, last) for first, last in zip(starts, [*ends, None], strict=True)]
    cut = row(max(min(one, other), starts[0]), max(one, other, starts[0]), where="mine.yaml:1")
    spans = timeline("sebi", rows, [cut])
    assert starts[0] == spans[0].first
    assert date.max == spans[-1].last
    for before, after in pairwise(spans):
        assert before.last.toordinal() + 1 == after.first.toordinal()
    covering = [span for span in spans if span.row is cut]
    assert [(cut.valid_from, cut.valid_to)] == [(span.first, span.last) for span in covering]


@given(st.lists(st.tuples(DAYS, DAYS).map(sorted), min_size=2, max_size=5))
def test_rows_are_taken_only_when_each_day_between_has_exactly_one(ranges):
    rows = [row(first, last) for first, last in ranges]
    first, last = min(first for first, _ in ranges), max(last for _, last in ranges)
    covered = sum((last - first).days + 1 for first, last in ranges)
    days = {date.fromordinal(n) for a, b in ranges for n in range(a.toordinal(), b.toordinal() + 1)}
    exactly_once = covered == len(days) == (last - first).days + 1
    if exactly_once:
        assert len(rows) == len(timeline("sebi", rows, []))
    else:
        with pytest.raises(ConfigError, match="sebi"):
            timeline("sebi", rows, [])


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (("upstxo", "NSE", "equity", "CNC", "stock"), "no plan 'upstxo'; did you mean 'upstox'"),
        (("upstox", "NES", "equity", "CNC", "stock"), "no exchange 'NES'; did you mean 'NSE'"),
        (("upstox", "NSE", "future", "NRML", "stock"), "no segment 'future'; did you mean 'futures'"),
        (("upstox", "NSE", "futures", "CNC", "stock"), "no futures product 'CNC'; known: NRML, MIS"),
        (("upstox", "NSE", "equity", "NRML", "stock"), "no equity product 'NRML'; known: CNC, MIS"),
        (("upstox", "NSE", "equity", "CNC", "etfs"), "no kind 'etfs'; did you mean 'etf'"),
    ],
)
def test_a_wrong_choice_is_refused_with_the_nearest(choice, words):
    with pytest.raises(ConfigError, match=words):
        ChargeSchedule.load(SHIPPED).tariff(Dealing(*choice), date(2026, 4, 1))


def test_a_day_before_the_table_begins_is_refused():
    schedule = ChargeSchedule.load(SHIPPED)
    with pytest.raises(ConfigError, match="not known on 1999-12-31: the first row is brokerage 2000-01-01"):
        schedule.tariff(NSE_FUTURES, date(1999, 12, 31))
    with pytest.raises(ConfigError, match="the last day lies before the first"):
        schedule.regimes(NSE_FUTURES, date(2020, 1, 2), date(2020, 1, 1))


def test_a_day_after_the_last_row_is_refused(home):
    (home / "mine.yaml").write_text(
        "brokerage:\n  - {plan: mine, segment: options, flat: 5, valid_from: 2020-01-01, valid_to: 2021-12-31, "
        "source: mine}\n",
        "utf-8",
    )
    with pytest.raises(
        ConfigError, match=r"not known on 2022-01-01: the last row is brokerage 2020-01-01 to 2021-12-31"
    ):
        ChargeSchedule.load().tariff(Dealing("mine", "NSE", "options", "NRML", "stock"), date(2022, 1, 1))


def test_delivery_needs_a_depository_charge_of_the_plan(home):
    (home / "mine.yaml").write_text(
        "brokerage:\n  - {plan: mine, segment: equity, product: delivery, valid_from: 2020-01-01, source: my own}\n",
        "utf-8",
    )
    with pytest.raises(ConfigError, match="'mine' has no row under depository; add one, with charge: 0 for none"):
        ChargeSchedule.load().tariff(Dealing("mine", "NSE", "equity", "CNC", "stock"), date(2022, 1, 1))


def test_rates_and_sums_are_written_as_people_write_them():
    assert ["0.00307%", "0.0000001%", "18%", "100%", "0%"] == [
        percent(rate) for rate in (3070, Decimal("0.1"), 18_000_000, 10**8, 0)
    ]
    assert ["20", "18.50", "0"] == [rupees(paise) for paise in (2000, 1850, 0)]
