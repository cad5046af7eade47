"""What a bar books of an entry and its exits is what every way through the bar gives, or the worst of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.market import at, fills, mirror, play
from tests.paths import entry_prices, exits_after

REST = (100, 100, 100, 100)
PRICES = st.integers(-12, 12).map(lambda halves: 100 + halves / 2)
DISTANCES = st.sampled_from([None, 0.5, 1, 2, 4])
ENGINES = pytest.mark.parametrize("engine", ["event", "compiled"])


@st.composite
def bars(draw):
    four = draw(st.lists(PRICES, min_size=4, max_size=4))
    return four[0], max(four), min(four), four[3]


@ENGINES
@settings(max_examples=400)
@given(st.sampled_from([1, -1]), bars(), st.none() | PRICES, st.none() | PRICES)
def test_an_entry_fills_in_its_bar_where_every_way_through_it_does(engine, side, bar, trigger, limit):
    given_ = {name: [at(side, price)] for name, price in (("trigger", trigger), ("limit", limit)) if price}
    record = play(mirror(side, [REST, bar]), [side], engine=engine, **given_)
    booked = [at(side, price) for _, _, price, _ in fills(record)]
    if not given_:
        assert booked == [bar[0]]
        return
    possible = entry_prices(bar, trigger, limit)
    if booked:
        assert set(booked) == possible  # never what might not have happened
    elif trigger is None or limit is None or limit >= trigger:
        assert possible == {None}  # and nothing that did is missed, but by the caution of row 7b


@ENGINES
@settings(max_examples=600)
@given(
    st.sampled_from([1, -1]), bars(), st.none() | PRICES, st.none() | PRICES, DISTANCES, DISTANCES,
    st.sampled_from(["stop", "target"]),
)  # fmt: skip
def test_exits_of_an_entry_within_the_bar_are_certain_or_the_worst_there_is(
    engine, side, bar, trigger, limit, stop, target, both
):
    prices = {name: [at(side, price)] for name, price in (("trigger", trigger), ("limit", limit)) if price}
    distances = {name: [value] for name, value in (("stop", stop), ("take_profit", target)) if value}
    booked = fills(play(mirror(side, [REST, bar]), [side], engine=engine, both=both, **prices, **distances))
    if not booked or not prices or at(side, booked[0][2]) == bar[0]:
        return  # at the open it is row 13
    entry = at(side, booked[0][2])
    levels = {"stop": stop and entry - stop, "target": target and entry + target}
    possible = exits_after(bar, entry, trigger, limit, **levels)
    expected = next(outcome for outcome in ("stop_loss", None, "take_profit") if outcome in possible)
    if both == "target" and exits_after(bar, entry, trigger, limit, target=levels["target"]) == {"take_profit"}:
        expected = "take_profit"
    assert [expected] == ([reason for *_, reason in booked[1:]] or [None])
