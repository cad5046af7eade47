"""One content, as a frame and as files of every kind: the same bars, and the same result of a backtest to the bit."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from framework import Bars, Signals, Strategy, backtest
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files

ZONES = (
    "UTC", "Asia/Kolkata", "America/New_York", "Australia/Sydney", "Europe/Berlin", "Asia/Tokyo", "America/Sao_Paulo",
    "Pacific/Auckland",
)  # fmt: skip
STEPS = {"1m": 1, "5m": 5, "15m": 15, "1h": 60}
ARRAYS = ("time", "open", "high", "low", "close", "volume", "session", "close_time", "factor")


class Turning(Strategy):
    """Long on the first two bars of every three."""

    def signals(self, bars):
        return Signals((np.arange(len(bars)) % 3 < 2).astype(float))


@st.composite
def contents(draw):
    """A frame on the exchange's wall clock, its zone, and whether its bars are days."""
    zone = draw(st.sampled_from(ZONES))
    daily = draw(st.booleans())
    first = draw(st.dates(pd.Timestamp("2019-03-01").date(), pd.Timestamp("2024-11-05").date()))
    if daily:
        days = pd.date_range(first, periods=draw(st.integers(3, 25)), freq=draw(st.sampled_from(["B", "D"])))
        index = days[sorted(draw(st.sets(st.integers(0, len(days) - 1), min_size=3)))]
        if np.diff(index.asi8).max() > 4 * np.diff(index.asi8).min() or np.diff(index.asi8).min() > 10 * 86_400 * 10**9:
            index = days
    else:
        step = STEPS[draw(st.sampled_from(sorted(STEPS)))]
        opens = draw(st.sampled_from(["09:15", "09:00", "08:30"]))
        days = pd.date_range(first, periods=draw(st.integers(1, 4)), freq=draw(st.sampled_from(["B", "D"])))
        count = draw(st.integers(4, 7))
        index = pd.DatetimeIndex(
            [each for day in days for each in pd.date_range(f"{day.date()} {opens}", periods=count, freq=f"{step}min")]
        )
    size = len(index)
    prices = st.floats(1, 50_000, allow_nan=False)
    close = np.array(draw(st.lists(prices, min_size=size, max_size=size)))
    opened = np.array(draw(st.lists(prices, min_size=size, max_size=size)))
    frame = pd.DataFrame(
        {
            "Open": opened,
            "High": np.maximum(opened, close) * draw(st.sampled_from([1.0, 1.01])),
            "Low": np.minimum(opened, close) * draw(st.sampled_from([1.0, 0.99])),
            "Close": close,
        },
        index=pd.DatetimeIndex(index, name="Date"),
    )
    if draw(st.booleans()):
        frame["Volume"] = draw(st.lists(st.integers(0, 10**9), min_size=size, max_size=size))
    if draw(st.booleans()):
        frame = frame.iloc[::-1]
    return frame, zone, daily


def aware(frame, zone):
    return frame.set_axis(frame.index.tz_localize(zone).rename("Date"))


def as_frames(frame, zone, daily):
    """The content as frames that people have: (frame, arguments)."""
    local = aware(frame, zone)
    text = frame.reset_index()
    text["Date"] = frame.index.strftime("%Y-%m-%d" if daily else "%Y-%m-%d %H:%M:%S")
    yield frame, {"timezone": zone}
    yield local, {}
    yield local, {"timezone": zone}
    yield local.tz_convert("UTC"), {"timezone": zone}
    yield frame.reset_index(), {"timezone": zone}
    yield text, {"timezone": zone}
    yield text.rename(columns=str.upper), {"timezone": zone}
    yield frame.astype("float64[pyarrow]"), {"timezone": zone}
    yield pd.concat({"X": local}, axis=1).swaplevel(axis=1), {}
    if not daily:
        seconds = local.index.tz_convert("UTC").tz_localize(None).as_unit("s").asi8
        yield frame.reset_index(drop=True).assign(timestamp=seconds), {"timezone": zone}


def write(kind, frame, zone, daily, folder):
    """The content as a file; gives its path."""
    form = "%Y-%m-%d" if daily else "%Y-%m-%d %H:%M:%S"
    local = aware(frame, zone)
    path = folder / f"{kind}.{kind.partition('_')[0]}"
    if kind == "csv_naive":
        frame.to_csv(path, date_format=form)
    elif kind == "csv_aware":
        local.to_csv(path)
    elif kind == "csv_utc":
        local.tz_convert("UTC").to_csv(path)
    elif kind == "csv_semicolon":
        frame.map(lambda value: repr(float(value)).replace(".", ",")).to_csv(path, sep=";", date_format=form)
    elif kind == "parquet_aware":
        local.to_parquet(path)
    elif kind == "parquet_naive":
        frame.to_parquet(path)
    else:
        rows = frame.reset_index()
        rows["Date"] = frame.index.strftime(form)
        named = rows.to_dict(orient="records" if kind == "json_rows" else "list")
        path.write_text(json.dumps({"data": named}))
    return path


KINDS = (
    "csv_naive", "csv_aware", "csv_utc", "csv_semicolon", "parquet_aware", "parquet_naive", "json_rows", "json_columns",
)  # fmt: skip


def facts(bars):
    return (bars.symbol, bars.timeframe, bars.instrument.timezone), {name: getattr(bars, name) for name in ARRAYS}


def result_of(bars):
    result = backtest(Turning(), bars, causality="off", engine="event", sizing="fixed:1", capital=10_000_000)
    return np.asarray(result.equity), [(row.time, row.side, row.price) for row in result.fills.itertuples()]


def assert_same(expected, actual, what):
    assert facts(expected)[0] == facts(actual)[0], what
    for name, array in facts(expected)[1].items():
        np.testing.assert_array_equal(array, facts(actual)[1][name], err_msg=f"{what}: {name}")


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents())
def test_one_content_gives_the_same_bars_and_result_however_it_is_written(tmp_path_factory, given_content):
    frame, zone, daily = given_content
    made = [Bars.from_frame(each, symbol="X", **arguments) for each, arguments in as_frames(frame, zone, daily)]
    first, *others = made
    # The moments are pandas', not ours: wall clock to UTC by its own tables, a day's bar at 00:00 UTC of its date.
    moments = frame.index if daily else frame.index.tz_localize(zone).tz_convert("UTC").tz_localize(None)
    assert sorted(moments.as_unit("ns").asi8.tolist()) == first.time.tolist()
    assert frame["Close"].sort_index().tolist() == first.close.tolist()
    for number, bars in enumerate(others):
        assert_same(first, bars, f"frame {number + 1}")
    equity, fills = result_of(first)
    folder = tmp_path_factory.mktemp("files")
    for kind in KINDS:
        path = write(kind, frame, zone, daily, folder)
        with open_store(folder / f"{kind}.sqlite") as store:
            (summary,) = import_files(store, [path], ImportOptions(symbol="X", timezone=zone))
            assert ("", len(frame)) == (summary.error, summary.new), kind
            bars = store.load_bars("X", summary.timeframes[0])
        assert_same(first, bars, kind)
        again, fills_again = result_of(bars)
        np.testing.assert_array_equal(equity, again, err_msg=kind)
        assert fills == fills_again, kind
