"""A run as a folder: equal when it comes back, whole or not there, and honest about changes."""

import json
import re

import numpy as np
import pytest

from framework.errors import ConfigError, DataError
from framework.report import bundle
from framework.report.result import Result
from framework.types import (
    BreakerCause,
    BreakerEvent,
    Instrument,
    Notice,
    Order,
    OrderRecord,
    OrderState,
    OrderType,
    Reason,
    TradingState,
    Validity,
    Verdict,
)
from tests.report.records import DAY, Trade, bars, make_record, make_result, small_result


def odd_result():
    """Everything that is hard to write down: gaps, NaN, commas and quotes in names, parked orders, notices."""
    one, other = bars([100, 101, 102, 103], Instrument("M&M", "NSE", 0.05, 1)), bars([7, 8], 'a,"b"\n', step=2 * DAY)
    resting = Order(
        7, 1, -3, OrderType.STOP_LIMIT, Reason.STOP_LOSS, True, 5, 6.5, 7.25, Validity.GTC, True, 'x, "y"\n'
    )
    record = make_record(
        [one, other],
        [Trade(1, 1, 10, 0.1 + 0.2, 0.07, unslipped=100.0)],
        orders=[OrderRecord(resting, -5, Verdict(-3, "cash"), OrderState.WORKING, 0, 0, "why, not")],
        notices=[Notice(5, "daily_loss", "text")],
        breaker_events=[
            BreakerEvent(5, TradingState.ACTIVE, TradingState.HALTED, BreakerCause.RUNAWAY, 3, 2, 1),
            BreakerEvent(9, TradingState.HALTED, TradingState.ACTIVE, BreakerCause.RESET_DUE, 2, 2),
        ],
        columns={"M&M": {"rsi/14": np.array([np.nan, 1.0, 2.0, 3.0])}},
        targets=np.array([[np.nan, 1.0], [0.0, np.nan], [1.0, 1.0], [0.5, -1.0]]),
        sizing="risk:1%",
        exits={"stop_loss": "5%", "take_profit": "rs:12.5"},
    )
    return make_result(record, data_issues=("M&M: a gap",), risk_free=0.05)


@pytest.mark.parametrize("make", [small_result, odd_result])
def test_a_bundle_comes_back_equal(make, tmp_path):
    result = make()
    loaded = Result.load(result.save(tmp_path / "run"))
    assert loaded == result
    assert loaded.record.settlements == result.record.settlements
    assert repr(loaded.record.orders) == repr(result.record.orders)
    assert repr(loaded.stats) == repr(result.stats)
    assert str(loaded) == str(result)


def test_a_bundle_from_before_there_were_breaker_events_is_read(tmp_path):
    folder = small_result().save(tmp_path / "run")
    document = json.loads((folder / "result.json").read_text())
    del document["inputs"]["breaker_events"], document["document_sha256"]
    (folder / "result.json").write_text(json.dumps(document))
    assert Result.load(folder) == small_result()


def test_breaker_events_come_back_as_they_were(tmp_path):
    result = odd_result()
    loaded = Result.load(result.save(tmp_path / "run")).record.breaker_events
    assert repr(result.record.breaker_events) == repr(loaded)


def test_results_differ_when_anything_they_rest_on_does():
    one = small_result()
    assert one == small_result()
    assert one != small_result(run_id="another")
    assert one != small_result(parameters={"period": 15})
    assert one != make_result(make_record([bars([100, 102, 104])]))
    assert one != "a text"
    assert hash(one) == hash(small_result())


def test_a_bundle_holds_what_people_and_programs_read(tmp_path):
    folder = small_result().save(tmp_path / "run")
    assert {path.name for path in folder.iterdir()} == {
        *("result.json", "bars.npz", "fills.csv", "round_trips.csv", "orders.csv", "settlements.csv", "equity.csv"),
        "interventions.csv",
    }
    document = json.loads((folder / "result.json").read_text())
    assert document["stats"]["Round trips"] == 2.0
    assert document["provenance"]["tulya"] == "0.1.0"
    assert document["fill_rule"].startswith("market orders fill")
    assert (folder / "equity.csv").read_text().splitlines()[-1] == "2024-01-10,100054.80,98994.80,1060.00"
    assert (
        (folder / "round_trips.csv")
        .read_text()
        .splitlines()[1]
        .startswith("ABC,long,10,2024-01-02,2024-01-05,100.0,106.0,60.00,2.06,57.94,")
    )


def test_an_earlier_bundle_is_replaced_and_other_files_stay(tmp_path):
    folder = small_result().save(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    small_result(run_id="second").save(folder)
    assert Result.load(folder).run_id == "second"
    assert (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="holds other files and no bundle"):
        small_result().save(tmp_path)


def test_a_file_in_the_way_is_refused(tmp_path):
    path = tmp_path / "run"
    path.write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        small_result().save(path)


def test_a_failed_save_leaves_nothing_behind(tmp_path, monkeypatch):
    first = small_result().save(tmp_path / "run")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        small_result(run_id="second").save(tmp_path / "run")
    assert Result.load(first).run_id == "20240101-0000-test-0000"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_no_bundle_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="holds no bundle"):
        Result.load(tmp_path / "nowhere")


def test_a_newer_format_is_refused(tmp_path):
    folder = small_result().save(tmp_path / "run")
    document = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(document | {"format": bundle.FORMAT + 1}))
    with pytest.raises(DataError, match="update Tulya"):
        Result.load(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1}', '{"format": "x", "inputs": {}, "files": {}}'])
def test_a_document_that_is_something_else_is_a_data_error(text, tmp_path):
    (tmp_path / "result.json").write_text(text)
    with pytest.raises(DataError, match="not the document of a bundle"):
        Result.load(tmp_path)


@pytest.mark.parametrize("name", ["bars.npz", "settlements.csv", "orders.csv"])
def test_a_changed_file_is_noticed(name, tmp_path):
    folder = small_result().save(tmp_path / "run")
    path = folder / name
    path.write_bytes(path.read_bytes() + b"1")
    with pytest.raises(DataError, match=re.escape(name) + " was changed after the run"):
        Result.load(folder)


def test_a_missing_file_is_noticed(tmp_path):
    folder = small_result().save(tmp_path / "run")
    (folder / "orders.csv").unlink()
    with pytest.raises(DataError, match=r"orders\.csv cannot be read"):
        Result.load(folder)


def test_a_document_with_missing_inputs_is_a_data_error(tmp_path):
    folder = small_result().save(tmp_path / "run")
    document = json.loads((folder / "result.json").read_text())
    del document["inputs"]["instruments"], document["document_sha256"]
    (folder / "result.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="not a bundle this version can read"):
        Result.load(folder)


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    monkeypatch.setattr("os.access", lambda place, _: place != tmp_path / "locked")  # root may write everywhere
    with pytest.raises(ConfigError, match=r"mine cannot be written: there is no permission to write in .*locked;"):
        bundle.refuse_folder(tmp_path / "locked" / "new" / "mine")


def test_a_document_that_was_changed_is_told_and_another_layout_of_it_is_not(tmp_path):
    from framework.report.bundle import DOCUMENT

    folder = small_result().save(tmp_path / "run")
    path = folder / DOCUMENT
    document = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(document, indent=7), "utf-8")
    assert small_result() == Result.load(folder)
    document["inputs"]["benchmark_name"] = "<script>alert(1)</script>"
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(DataError, match=r"result\.json was changed after the run"):
        Result.load(folder)


def test_a_bundle_of_an_older_version_has_no_such_hash_and_bare_amounts_are_its_rupees(tmp_path):
    from framework.report.bundle import DOCUMENT

    kept = odd_result()
    folder = kept.save(tmp_path / "run")
    path = folder / DOCUMENT
    document = json.loads(path.read_text("utf-8"))
    del document["document_sha256"]
    document["inputs"]["settings"]["exits"]["take_profit"] = "12.5"
    path.write_text(json.dumps(document), "utf-8")
    assert kept == Result.load(folder)
