"""How values are spelled in journals and checkpoints, and that they come back to the bit."""

import json
import types
from collections.abc import Sequence
from enum import Enum
from functools import partial
from typing import Union, get_args, get_origin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.types import codec
from framework.types.breaker import BreakerEvent
from framework.types.events import Cancel, Change, Command, Fact, Input
from framework.types.orders import (
    BarRow,
    Order,
    OrderType,
    Reason,
)
from framework.types.vocabulary import hints_of, is_named_tuple

NAN, INFINITY = float("nan"), float("inf")


def written(annotation, value) -> str:
    text = codec.write(annotation, value)
    assert text == codec.canonical(json.loads(text)).decode()  # what is written at once is canonical
    return text


def read(annotation, text):
    return codec.decode(annotation, json.loads(text))


PLAIN = {float: st.floats(), int: st.integers(), str: st.text(), bool: st.booleans(), types.NoneType: st.none()}


def values_of(annotation):
    """Any value that an annotation allows."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if is_named_tuple(annotation):
        return st.tuples(*(values_of(one) for one in hints_of(annotation).values())).map(
            partial(tuple.__new__, annotation)
        )
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {Union, types.UnionType}:
        return st.one_of([values_of(one) for one in arguments])
    return st.lists(values_of(arguments[0]), max_size=3).map(tuple)


@given(values_of(Input))
def test_every_input_comes_back_to_the_bit(value):
    assert repr(value) == repr(read(Input, written(Input, value)))


@given(values_of(Command))
def test_every_command_comes_back_to_the_bit(value):
    assert repr(value) == repr(read(Command, written(Command, value)))


@given(values_of(Fact))
def test_every_fact_comes_back_to_the_bit(value):
    assert repr(value) == repr(read(Fact, written(Fact, value)))


@given(values_of(BarRow))
def test_a_row_of_bars_comes_back_to_the_bit(row):
    assert repr(row) == repr(read(BarRow, written(BarRow, row)))


def test_a_float_keeps_its_point_an_int_has_none_and_a_class_in_a_union_its_name():
    command = Change(7, 3, 100.0, 1e22)
    assert '{"Change":{"limit":1e+22,"order_id":7,"quantity":3,"trigger":100.0}}' == written(Command, command)


def test_what_is_not_finite_is_spelled_in_words():
    assert '["NaN","Infinity","-Infinity",-0.0,0.1]' == written(Sequence[float], [NAN, INFINITY, -INFINITY, -0.0, 0.1])
    assert "nan" == str(read(float, '"NaN"'))


def test_an_int_where_a_float_may_stand_stays_an_int():
    assert "(Change(order_id=1, quantity=2, trigger=3, limit=4.0),)" == repr(
        (read(Command, written(Command, Change(1, 2, 3, 4.0))),)
    )


def test_an_enum_is_its_value():
    order = Order(1, 0, 5, OrderType.STOP_LIMIT, Reason.TRAILING_STOP, reduces=True, decided_at=9)
    text = written(Order, order)
    assert '"type":3' in text
    assert '"reason":"trailing_stop"' in text
    assert (OrderType.STOP_LIMIT, Reason.TRAILING_STOP) == (read(Order, text).type, read(Order, text).reason)


def test_no_text_of_a_label_becomes_a_number():
    order = Order(1, 0, 5, OrderType.MARKET, Reason.ORDER, reduces=False, decided_at=9, label="NaN")
    assert "NaN" == read(Order, written(Order, order)).label


def test_keys_are_sorted_and_letters_are_kept():
    assert '{"a":1,"z":"₹ \\"é\\""}' == codec.canonical({"z": '₹ "é"', "a": 1}).decode()


@pytest.mark.parametrize("value", [np.int64(3), {1, 2}, b"x"])
def test_what_json_cannot_hold_is_refused_in_a_sentence(value):
    with pytest.raises(codec.UnwritableError, match="a value has no spelling"):
        codec.canonical({"quantity": value})


def test_a_float_of_numpy_is_a_float():
    assert "0.1" == written(float, np.float64(0.1))


def test_a_value_of_no_class_of_the_union_is_refused():
    with pytest.raises(codec.UnwritableError, match="it is none of Submit, Cancel, Change"):
        written(Command, "buy")


@pytest.mark.parametrize(
    ("annotation", "text", "sentence"),
    [
        (Command, '{"Amend":{"order_id":7}}', "the class 'Amend' is not known to this version"),
        (Command, '{"Cancel":{"order_id":7,"why":"x"}}', "Cancel has 'why', which this version"),
        (Command, '{"Change":{"order_id":7}}', "Change lacks 'limit'"),
        (Command, "[7]", "does not name its class"),
        (Command, '{"Cancel":7}', "7 is no Cancel"),
        (Cancel, "7", "7 is no Cancel"),
        (
            BreakerEvent,
            '{"time":1,"before":"asleep","after":"halted","cause":"command","value":0,"limit":0}',
            "'asleep' is no TradingState",
        ),
        (float, '"1.5"', "'1.5' is no number here"),
    ],
)
def test_what_another_version_wrote_is_named(annotation, text, sentence):
    with pytest.raises(codec.UnknownFormatError, match=sentence):
        read(annotation, text)


def test_a_field_that_an_older_program_did_not_write_takes_its_default():
    text = '{"decided_at":9,"instrument":0,"order_id":1,"quantity":5,"reason":"order","reduces":false,"type":0}'
    expected = Order(1, 0, 5, OrderType.MARKET, Reason.ORDER, reduces=False, decided_at=9)
    assert repr(expected) == repr(read(Order, text))


def test_sets_are_sorted_and_a_mapping_from_numbers_keeps_its_order():
    assert "[1,2,10]" == written(set[int], {10, 2, 1})
    assert {1, 2, 10} == read(set[int], "[1,2,10]")
    assert '[[7,"b"],[3,"a"]]' == written(dict[int, str], {7: "b", 3: "a"})
    assert [(7, "b"), (3, "a")] == list(read(dict[int, str], '[[7,"b"],[3,"a"]]').items())
