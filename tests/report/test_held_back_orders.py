"""What risk and the fills held back: counted by reason, valued at the decisions' closes, kept one by one."""

import csv
import json

import numpy as np
import pytest

from framework.report.held_back_orders import EXPIRED, REFUSED, SHRUNK, Intervention, interventions, tallies
from framework.report.sections import MOST_INTERVENTIONS, held_back, intervention_rows
from framework.report.tearsheet import render
from framework.types import Order, OrderRecord, OrderState, OrderType, Reason, Verdict
from tests.report.records import bars, make_record, make_result, small_result

CLOSES = [100.0, 110.0, 120.0, 130.0]
PANEL = make_record([bars(CLOSES)]).panel


def order(number, row, requested, allowed, verdict="", state=OrderState.FILLED, filled=None, why="", **changes):
    """Decided at the close of a row."""
    asked = Order(number, 0, allowed or requested, OrderType.MARKET, Reason.SIGNAL, False, int(PANEL.close_time[row]))
    done = (allowed if state is OrderState.FILLED else 0) if filled is None else filled
    return OrderRecord(asked._replace(**changes), requested, Verdict(allowed, verdict), state, done, 0, why)


def of(*orders):
    return make_record([bars(CLOSES)], orders=orders)


def test_a_shrunk_order_lost_what_the_verdict_took_at_the_close_that_decided():
    (one,) = interventions(of(order(1, 1, 10, 4, "max_order_value")))
    assert Intervention(1, 0, 1, SHRUNK, "max_order_value", 10, 4, 110.0) == one
    assert (6, 660.0) == (one.units, one.rupees)


def test_a_refused_order_lost_everything_whatever_its_side():
    (one,) = interventions(of(order(1, 2, -7, 0, "reduce_only", OrderState.REFUSED, why="reduce_only")))
    assert (REFUSED, "reduce_only", 7, 840.0) == (one.outcome, one.reason, one.units, one.rupees)


def test_an_order_refused_at_its_fill_lost_what_risk_had_left_of_it():
    found = interventions(of(order(1, 0, 10, 6, "max_position_value", OrderState.REFUSED, why="cash")))
    assert [
        (SHRUNK, "max_position_value", 4, 400.0),
        (REFUSED, "cash", 6, 600.0),
    ] == [(one.outcome, one.reason, one.units, one.rupees) for one in found]


def test_an_entry_that_ran_out_lost_what_had_not_filled():
    (one,) = interventions(of(order(1, 0, 10, 10, state=OrderState.EXPIRED, filled=3)))
    assert (EXPIRED, "signal", 7) == (one.outcome, one.reason, one.units)


def test_exits_and_what_was_taken_back_were_not_held_back():
    assert () == interventions(
        of(
            order(1, 0, 10, 10),
            order(2, 0, -10, -10, state=OrderState.EXPIRED, reduces=True),
            order(3, 0, -10, -10, state=OrderState.EXPIRED, protective=True),
            order(4, 0, 10, 10, state=OrderState.CANCELLED, why="replaced"),
        )
    )


def test_an_instrument_without_a_bar_is_valued_at_its_last_close():
    gap = [bars([100.0, 101.0, 102.0, 103.0], "AAA"), bars([50.0, 51.0], "BBB")]
    when = int(make_record(gap).panel.close_time[3])
    lost = order(1, 0, 10, 0, "cash", OrderState.REFUSED, instrument=1)
    record = make_record(gap, orders=[lost._replace(order=lost.order._replace(decided_at=when))])
    assert [(3, 51.0)] == [(one.decided_row, one.price) for one in interventions(record)]


def test_an_order_before_the_first_bar_of_its_instrument_is_worth_nothing():
    late = [bars([100.0, 101.0], "AAA"), bars([50.0], "BBB", start="2024-01-02")]
    lost = order(1, 0, 10, 0, "no_price", OrderState.REFUSED, instrument=1)
    assert [0.0] == [one.rupees for one in interventions(make_record(late, orders=[lost]))]


def test_reasons_are_tallied_with_orders_units_rupees_and_days():
    record = of(
        order(1, 0, 10, 4, "cash"),
        order(2, 1, 10, 0, "cash", OrderState.REFUSED),
        order(3, 2, 10, 9, "max_order_value"),
        order(4, 3, 10, 10, state=OrderState.EXPIRED),
    )
    # cash: 6 × 100 + 10 × 110; the value limit: 1 × 120; the entry that ran out: 10 × 130, last whatever it is worth.
    assert [
        ("cash", 1, 1, 0, 16, 1700.0, 0, 1),
        ("max_order_value", 1, 0, 0, 1, 120.0, 2, 2),
        ("signal", 0, 0, 1, 10, 1300.0, 3, 3),
    ] == [tuple(one) for one in tallies(interventions(record))]


def test_json_tells_the_tallies_and_an_untouched_run_has_none():
    result = make_result(of(order(1, 1, 10, 4, "max_order_value")))
    assert [
        {
            "reason": "max_order_value", "shrunk": 1, "refused": 0, "expired": 0, "units": 6, "rupees": 660.0,
            "first": "2024-01-02", "last": "2024-01-02",
        }
    ] == json.loads(result.to_json())["held_back"]  # fmt: skip
    assert [] == json.loads(small_result().to_json())["held_back"]


def test_the_printed_result_has_a_line_for_each_reason():
    told = str(make_result(of(order(1, 1, 1000, 4, "max_order_value"), order(2, 2, 5, 0, "cash", OrderState.REFUSED))))
    lines = told[told.index("Held back") :].splitlines()[:3]
    assert ["Held", "back", "shrunk", "refused", "expired", "units", "at", "the", "close"] == lines[0].split()[:9]
    assert "cash – 1 – 5 ₹600 2024-01-03 … 2024-01-03" == " ".join(lines[1].split())
    assert "max order value 1 – – 996 ₹1,09,560 2024-01-02 … 2024-01-02" == " ".join(lines[2].split())
    assert "Held back" not in str(small_result())


def test_the_notebooks_table_escapes_a_reason_that_a_rule_of_the_users_own_gave():
    result = make_result(of(order(1, 1, 10, 4, "<b>mine</b>")))
    assert "&lt;b&gt;mine&lt;/b&gt;" in result._repr_html_()
    assert "<b>mine</b>" not in result._repr_html_()
    assert "<b>mine</b>" not in render(result)


def test_the_page_shows_the_hundred_that_lost_the_most_in_their_order():
    rng = np.random.default_rng(3)
    lost = [order(n, int(rng.integers(4)), 1000, 1000 - n, "max_order_value") for n in range(1, 161)]
    rows = intervention_rows(make_result(of(*lost)))
    assert MOST_INTERVENTIONS == len(rows)
    assert sorted(row[0] for row in rows) == [row[0] for row in rows]
    worth = sorted((n * CLOSES[int(one.order.decided_at - PANEL.close_time[0]) // 86_400_000_000_000]
                    for n, one in enumerate(lost, start=1)), reverse=True)  # fmt: skip
    assert sorted((float(row[-1][1:].replace(",", "")) for row in rows), reverse=True) == worth[:100]


def test_the_tables_cells_are_texts():
    result = make_result(of(order(1, 1, 10, 4, "max_order_value")))
    assert [("max order value", "1", "–", "–", "6", "₹660", "2024-01-02", "2024-01-02")] == held_back(result)
    assert [
        ("2024-01-02", "ABC", "buy", "shrunk", "max order value", "10", "4", "₹660")
    ] == intervention_rows(result)  # fmt: skip


@pytest.mark.parametrize("make", [lambda: make_result(of(order(1, 1, 10, 4, "cash"))), small_result])
def test_a_bundle_holds_every_one_as_csv(make, tmp_path):
    folder = make().save(tmp_path / "run")
    with (folder / "interventions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [
        ["2024-01-02", "1", "ABC", "BUY", "shrunk", "cash", "10", "4", "6", "110.0", "660.00"]
    ][: len(make().held_back)] == [list(row.values()) for row in rows]  # fmt: skip


def test_a_report_puts_them_beside_the_page(tmp_path):
    make_result(of(order(1, 1, 10, 4, "cash"))).report(tmp_path / "tearsheet.html", quantstats=False)
    assert (tmp_path / "interventions.csv").read_text().startswith("time,order_id,symbol,side,outcome,reason,")
