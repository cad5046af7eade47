"""Every notebook runs from top to bottom, on a fresh store."""

import os
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from framework.cli.run import trade_recorded
from framework.store import open_store
from framework.store.importing import ImportOptions, import_files
from tests.live.market import DAYS, SYMBOLS, fill_store, write_deployment

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def run_in(folder, monkeypatch, path):
    """The notebook after a run in this folder, with the store there."""
    monkeypatch.setenv("TULYA_DB", str(folder / "market.sqlite"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def paper_day(folder):
    """A day on a paper account, traded as ``tulya run`` does."""
    days = DAYS[:2]
    database = fill_store(folder / "market.sqlite")
    choices = {"stop_loss": "1%", "charges": "percent:0.05"}
    deployment = write_deployment(folder / "deployments", ("rsi", "rsi", SYMBOLS, "1m", choices))
    trade_recorded(deployment, database, days, float("inf"))


PREPARED = {"03_paper_day": paper_day}
"""Notebook → what it finds beside the sample, which it loads itself."""


def plots(notebook):
    """What plotly was handed, plot by plot."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output.get("data", {}).get("application/vnd.plotly.v1+json") for output in outputs]
    return [plot for plot in found if plot]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_from_top_to_bottom(path, tmp_path, monkeypatch):
    PREPARED.get(path.stem, lambda _folder: None)(tmp_path)
    assert plots(run_in(tmp_path, monkeypatch, path))
    assert (tmp_path / "reports").is_dir()


def test_the_paper_day_shows_profit_and_the_fills_on_their_candles(tmp_path, monkeypatch):
    paper_day(tmp_path)
    equity, fills = plots(run_in(tmp_path, monkeypatch, ROOT / "notebooks" / "03_paper_day.ipynb"))
    assert [375] == [len(trace["x"]) for trace in equity["data"]]
    candles, bought, sold = fills["data"]
    assert ("candlestick", 375) == (candles["type"], len(candles["x"]))
    assert len(bought["x"]) > 0
    assert len(sold["x"]) > 0
    assert "2015-01-06T09:15:00" == equity["data"][0]["x"][0]
    assert "2015-01-06" in fills["layout"]["title"]["text"]
    assert (tmp_path / "reports" / "paper_day.html").is_file()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_committed_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    assert not [cell for cell in notebook.cells if cell.get("outputs")]


@pytest.mark.shared
@pytest.mark.slow
def test_the_sweep_of_ten_thousand_sets_runs_on_prices_of_the_nse_where_they_are_stored(
    shared_folder, tmp_path, monkeypatch
):
    with open_store(tmp_path / "market.sqlite") as store:
        import_files(store, [shared_folder / "corporate_actions_2000_2021.csv"], ImportOptions())
        import_files(store, [icicibank(shared_folder, tmp_path)], ImportOptions(exchange="NSE"))
    notebook = run_in(tmp_path, monkeypatch, ROOT / "notebooks" / "02_sweep.ipynb")
    said = "\n".join(str(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert "RSI on ICICIBANK: 10,000 parameter sets tried" in said
    assert "upstox:CNC" in said
    heatmap, slices, scatter = (output for output in plots(notebook))
    assert ["heatmap", "scatter"] == [trace["type"] for trace in heatmap["data"]]
    assert "(10,000 sets tried)" in heatmap["layout"]["title"]["text"]
    assert 3 == len(slices["data"]) == len(scatter["data"])


def icicibank(folder, into):
    """Its printed daily bars as a file of their own."""
    frame = pd.read_parquet(folder / "daily_raw_2000_2021.parquet", filters=[("symbol", "=", "ICICIBANK")])
    frame[["symbol", "date", "open", "high", "low", "close", "volume"]].to_csv(into / "icicibank.csv", index=False)
    return into / "icicibank.csv"
