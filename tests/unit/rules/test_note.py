"""framework/market/contract_note.py: components of a fill, and a day's fills as a contract note rounds them."""

from hypothesis import given
from hypothesis import strategies as st

from framework.market.contract_note import Components, NoteFill, contract_note, fill_charges
from framework.types.tariff import Tariff

DELIVERY = Tariff(
    brokerage_e8=2_500_000, brokerage_cap_paise=2000, stt_buy_e8=100_000, stt_sell_e8=100_000, exchange_e8=3070,
    sebi_e8=100, stamp_e8=15_000, gst_e8=18_000_000, gst_on_sebi=1, dp_paise=1850,
)  # fmt: skip
INTRADAY = DELIVERY._replace(brokerage_e8=100_000, stt_buy_e8=0, stt_sell_e8=25_000, stamp_e8=3_000, dp_paise=0)

RATES = st.integers(0, 1_000_000)
TARIFFS = st.builds(
    Tariff, brokerage_e8=RATES, brokerage_cap_paise=st.sampled_from([0, 1, 2000, 10_000]),
    flat_paise=st.sampled_from([0, 2000]), stt_buy_e8=RATES, stt_sell_e8=RATES, exchange_e8=RATES, sebi_e8=RATES,
    stamp_e8=RATES, gst_e8=st.sampled_from([0, 12_360_000, 18_000_000]), gst_on_sebi=st.sampled_from([0, 1]),
    dp_paise=st.sampled_from([0, 1850]),
)  # fmt: skip
SIDES = st.sampled_from([1, -1])
VALUES = st.integers(1, 10**12)


@given(VALUES, SIDES, TARIFFS, st.booleans())
def test_the_total_is_the_sum_of_components_none_below_nothing(value, side, tariff, dp_due):
    parts = fill_charges(value, side, tariff, dp_due=dp_due)
    assert min(parts) >= 0
    total = parts.brokerage + parts.stt + parts.exchange + parts.sebi + parts.stamp + parts.gst + parts.dp
    assert total == parts.total


@given(VALUES, st.integers(1, 10**9), SIDES, TARIFFS)
def test_a_larger_fill_costs_no_less_in_any_component(value, more, side, tariff):
    smaller, larger = fill_charges(value, side, tariff), fill_charges(value + more, side, tariff)
    assert all(one <= other for one, other in zip(smaller, larger, strict=True))


@given(st.integers(1, 100_000), st.integers(1, 10_000), st.integers(1, 10_000), SIDES, TARIFFS)
def test_a_larger_order_costs_no_less_on_a_note_either(price, quantity, more, side, tariff):
    notes = [
        contract_note([NoteFill(1, "A", side * units, units * price, tariff)]) for units in (quantity, quantity + more)
    ]
    assert all(one <= other for one, other in zip(*notes, strict=True))
    assert notes[0].total == sum(notes[0])
    assert 0 == notes[0].stt % 100


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=12), SIDES, TARIFFS)
def test_the_fills_of_an_order_pay_its_brokerage_however_it_is_split(values, side, tariff):
    if tariff.brokerage_cap_paise == 0:  # without a cap each fill is rounded by itself
        tariff = tariff._replace(brokerage_cap_paise=10**15)
    paid, before = 0, 0
    for value in values:
        paid += fill_charges(value, side, tariff, before).brokerage
        before += value
    owed = min((before * tariff.brokerage_e8 + 50_000_000) // 100_000_000, tariff.brokerage_cap_paise)
    assert owed + tariff.flat_paise == paid


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(100, 500_000)), min_size=1, max_size=8), SIDES)
def test_a_note_does_not_depend_on_how_its_orders_were_filled(fills, side):
    quantity, value = sum(units for units, _ in fills), sum(units * price for units, price in fills)
    split = [NoteFill(1, "A", side * units, units * price, DELIVERY) for units, price in fills]
    assert contract_note([NoteFill(1, "A", side * quantity, value, DELIVERY)]) == contract_note(split)


def test_a_day_without_fills_has_no_charges():
    assert Components() == contract_note([])
    assert 0 == Components().total


def test_stt_goes_to_the_nearest_rupee_fifty_paise_up():
    # 0.1 % of ₹500.00 is exactly 50 paise; a paisa of value less is below
    for value, expected in ((50_000, 100), (49_990, 0), (149_990, 100), (150_000, 200)):
        assert expected == contract_note([NoteFill(1, "A", 1, value, DELIVERY)]).stt


def test_the_stt_of_all_fills_is_rounded_once():
    # three sales of ₹300 pay 30 paise each by themselves; together ₹0.90, a rupee
    fills = [NoteFill(order, name, -1, 30_000, DELIVERY) for order, name in enumerate("ABC")]
    assert 100 == contract_note(fills).stt
    assert 3 * 30 == sum(fill_charges(30_000, -1, DELIVERY).stt for _ in fills)


def test_the_depository_is_paid_once_for_each_instrument_sold():
    fills = [
        NoteFill(1, "A", -10, 100_000, DELIVERY),
        NoteFill(2, "A", -10, 100_000, DELIVERY),
        NoteFill(3, "B", -10, 100_000, DELIVERY),
        NoteFill(4, "C", 10, 100_000, DELIVERY),
        NoteFill(5, "D", -10, 100_000, INTRADAY),
    ]
    assert 2 * 1850 == contract_note(fills).dp


def test_delivery_bought_and_sold_on_one_day_is_intraday_on_the_note():
    # 100 bought at ₹100, 60 sold at ₹110: 60 are matched, 40 are delivered.
    # STT: sale 0.025 % × 6600 = 1.65, delivery 0.1 % × 4000 = 4.00 → 5.65 → ₹6.
    # Stamp duty: 0.003 % × 6000 + 0.015 % × 4000 = 0.18 + 0.60. No shares leave the account.
    fills = [
        NoteFill(1, "A", 100, 1_000_000, DELIVERY, INTRADAY),
        NoteFill(2, "A", -60, 660_000, DELIVERY, INTRADAY),
    ]
    note = contract_note(fills)
    assert (600, 78, 0) == (note.stt, note.stamp, note.dp)
    # Exchange 0.00307 % × 16600 = 0.51, SEBI 0.0001 % × 16600 = 0.02; brokerage 2 × ₹20; GST 18 % × 40.53 = 7.30
    assert (4000, 51, 2, 730) == (note.brokerage, note.exchange, note.sebi, note.gst)


def test_more_sold_than_bought_leaves_the_account():
    # 100 sold at ₹110, 60 bought at ₹100: 40 are delivered, 0.1 % × 4400 = 4.40; 60 intraday, 0.025 % × 6600 = 1.65
    fills = [
        NoteFill(1, "A", 60, 600_000, DELIVERY, INTRADAY),
        NoteFill(2, "A", -100, 1_100_000, DELIVERY, INTRADAY),
    ]
    note = contract_note(fills)
    assert (600, 1850) == (note.stt, note.dp)  # 6.05 → ₹6
    assert 18 == note.stamp  # 0.003 % × 6000


def test_without_an_intraday_tariff_nothing_is_netted():
    fills = [NoteFill(1, "A", 10, 100_000, DELIVERY), NoteFill(2, "A", -10, 100_000, DELIVERY)]
    assert 200 == contract_note(fills).stt


def test_a_single_unit_bought_and_sold_is_netted_whole_and_leaves_nothing():
    # 0.003 % × 1000 = 0.03 and not 0.15; STT 0.25 is no rupee; nothing leaves the account
    fills = [NoteFill(1, "A", 1, 100_000, DELIVERY, INTRADAY), NoteFill(2, "A", -1, 100_000, DELIVERY, INTRADAY)]
    note = contract_note(fills)
    assert (3, 0, 0) == (note.stamp, note.stt, note.dp)


def test_the_depository_s_charge_is_taxed_beside_the_rest():
    # brokerage 20.00 + exchange 0.03: 18 % is 3.61 (3.6054), and 18 % × 18.50 = 3.33
    for actual in (
        contract_note([NoteFill(1, "A", -10, 100_000, DELIVERY)]),
        fill_charges(100_000, -1, DELIVERY, dp_due=True),
    ):
        assert (694, 1850) == (actual.gst, actual.dp)


def test_the_depository_is_paid_on_a_sale_on_which_it_is_due():
    paid = [fill_charges(100_000, side, DELIVERY, dp_due=due).dp for side in (1, -1) for due in (False, True)]
    assert [0, 0, 0, 1850] == paid


def test_a_flat_sum_comes_with_the_first_fill():
    flat = Tariff(flat_paise=2000, brokerage_cap_paise=1)
    assert (2000, 0) == (fill_charges(100, 1, flat).brokerage, fill_charges(100, 1, flat, 100).brokerage)
