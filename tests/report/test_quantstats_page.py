"""The second opinion: written, offline, and never in the way of the first."""

import re
import socket
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from framework.report.finding import Severity
from framework.report.quantstats_page import write_page, yearly
from tests.report.records import Trade, bars, make_record, make_result, small_result


@pytest.fixture(scope="module")
def result():
    closes = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0.0003, 0.01, 400)))
    return make_result(make_record([bars(closes, "M&M")], [Trade(0, 1, 900, 100.0)]), strategy="<b>rsi</b>")


@pytest.fixture
def offline(monkeypatch):
    """A look at the network fails the test."""

    def refuse(*_):
        pytest.fail("something asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.slow
def test_is_written_without_the_network_and_asks_for_nothing_remote(result, tmp_path, offline):
    mpl.use("svg")
    before = mpl.rcParams["font.size"]
    path = tmp_path / "quantstats.html"
    assert write_page(result, path) is None
    page = path.read_text(encoding="utf-8")
    assert "Key Performance Metrics" in page
    assert "<b>rsi</b>" not in page
    assert "M&amp;M" in page
    assert "default-src 'none'" in page
    assert 'onload="save()"' not in page
    assert "the tearsheet's counts calendar days, 365.25 a year" in page
    assert "CAGR %" in page
    assert 1 == page.count("EOY Returns vs Benchmark</h3>")
    assert not re.findall(r"(?:src|href)=[\"']https?:", page)
    assert (mpl.get_backend(auto_select=False), mpl.rcParams["font.size"]) == ("svg", before)


@pytest.mark.slow
def test_a_report_links_it(result, tmp_path):
    path = result.report(tmp_path / "tearsheet.html", quantstats=True)
    assert 'href="quantstats.html"' in path.read_text(encoding="utf-8")
    assert (tmp_path / "quantstats.html").exists()


def test_is_written_when_it_is_asked_for_and_one_of_another_run_goes(result, tmp_path):
    (tmp_path / "quantstats.html").write_text("of another run")
    page = result.report(tmp_path / "tearsheet.html").read_text(encoding="utf-8")
    assert not (tmp_path / "quantstats.html").exists()
    assert "quantstats" not in page


def test_its_chart_of_years_stands_over_the_years():
    """+10 % and +10 % are +21 % in 2020; −50 % and +20 % are −40 % in 2021; the benchmark stands still."""
    days = pd.DatetimeIndex(["2020-03-02", "2020-11-02", "2021-03-01", "2021-11-01"])
    strategy = pd.Series([0.1, 0.1, -0.5, 0.2], index=days, name="Strategy")
    years = yearly(strategy, pd.Series(0.0, index=days, name="Benchmark"))
    assert [2020, 2021] == years.index.tolist()
    assert [21.0, -40.0] == pytest.approx(years["Strategy"].tolist())
    assert [0.0, 0.0] == years["Benchmark"].tolist()


def test_too_few_returns_are_a_note_and_an_old_page_goes(tmp_path):
    path = tmp_path / "quantstats.html"
    path.write_text("of another run")
    assert write_page(small_result(), path) == (
        Severity.NOTE,
        "No quantstats page: it needs 60 session returns and this run has 9.",
    )
    assert not path.exists()


def test_a_failure_in_quantstats_is_a_warning_of_the_tearsheet(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = result.report(tmp_path / "tearsheet.html", quantstats=True).read_text(encoding="utf-8")
    assert "No quantstats page: quantstats failed with ModuleNotFoundError" in page
    assert 'href="quantstats.html"' not in page


def test_where_quantstats_is_not_installed_a_note_names_the_extra(result, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "quantstats", None)
    path = tmp_path / "quantstats.html"
    path.write_text("of another run")
    text = "No quantstats page: it needs quantstats, which is not installed: pip install 'tulya[quantstats]'."
    assert (Severity.NOTE, text) == write_page(result, path)
    assert not path.exists()


def test_returns_it_would_take_for_prices_are_kept_from_it(tmp_path):
    closes = np.full(100, 100.0)
    closes[50:] = 250.0
    record = make_record([bars(closes)], [Trade(0, 1, 1000, 100.0)])
    finding = write_page(make_result(record), tmp_path / "quantstats.html")
    assert finding is not None
    assert "for prices" in finding.text
