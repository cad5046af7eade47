"""The quantstats tearsheet as a second file: the only file that names quantstats.

It is given returns only, never prices (it guesses which of the two it has), and a benchmark as a Series, never a ticker
(it would ask the network for it). Its page links an icon on the web and one on its own site: both are taken out. Its
chart of years is drawn anew (labels stand where there are no bars), and a line at the top says why its CAGR differs.
"""

from __future__ import annotations

import logging
import re
import warnings
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING

from framework.report.finding import Finding, Severity
from framework.report.wording import percent

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from framework.report.facts import RunFacts

FEWEST_RETURNS = 60
"""Below it quantstats' rolling windows and distributions are empty, and several of its charts fail."""
REMOTE = re.compile(r"<link[^>]*https?://[^>]*>", re.IGNORECASE)
YEARS_CHART = re.compile(r'(<div id="eoy_returns">).*?</svg>', re.DOTALL)
PERCENT_SIGN = "\ufe6a"
"""A small percent sign that few fonts have; quantstats writes it after CAGR."""
LINK = re.compile(r"<a\s[^>]*href=[\"']https?://[^>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; script-src 'unsafe-inline'\">"
)


def write_page(result: RunFacts, path: Path) -> Finding | None:
    """Write quantstats' page to ``path``; a finding in one sentence when there is none, and why."""
    count = result.observations.returns.shape[0]
    if count < FEWEST_RETURNS:
        path.unlink(missing_ok=True)
        text = f"No quantstats page: it needs {FEWEST_RETURNS} session returns and this run has {count}."
        return Finding(Severity.NOTE, text)
    if find_spec("quantstats") is None:
        path.unlink(missing_ok=True)
        text = "No quantstats page: it needs quantstats, which is not installed: pip install 'tulya[quantstats]'."
        return Finding(Severity.NOTE, text)
    try:
        page = _page(result, path)
    except Exception as error:  # noqa: BLE001 - a second opinion must never cost the first one
        path.unlink(missing_ok=True)
        text = f"No quantstats page: quantstats failed with {type(error).__name__}: {error}".splitlines()[0]
        return Finding(Severity.WARNING, text)
    path.write_text(page, encoding="utf-8")
    return None


def _page(result: RunFacts, path: Path) -> str:
    """Quantstats' HTML without its remote links, its call of a script it does not have, and with a policy."""
    import matplotlib as mpl

    strategy, benchmark = _series(result)
    before = mpl.get_backend(auto_select=False)
    fonts = logging.getLogger("matplotlib.font_manager")
    level = fonts.level
    fonts.setLevel(logging.ERROR)  # it asks for Arial by name hundreds of times
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # its own, about fonts and pandas
        mpl.use("Agg")
        try:
            import quantstats

            quantstats.reports.html(  # type: ignore[no-untyped-call]  # quantstats has no types
                strategy,
                benchmark=benchmark,
                rf=result.risk_free,
                title=escape(f"{result.strategy} on {', '.join(result.symbols[:5])}"),
                strategy_title="Strategy",
                benchmark_title=escape(result.benchmark_name.capitalize()),
                periods_per_year=max(round(result.observations.per_year), 2),  # windows of whole returns
                output=str(path),
                match_dates=False,  # else it drops the days before the first fill, and every number with them
            )
            chart = _years_chart(yearly(strategy, benchmark))
        finally:
            fonts.setLevel(level)
            if before:
                mpl.use(before)
    page = path.read_text(encoding="utf-8").replace('<body onload="save()">', "<body>")
    page = LINK.sub(r"\1", REMOTE.sub("", page)).replace(PERCENT_SIGN, " %")
    page = YEARS_CHART.sub(lambda found: found[1] + chart, page, count=1)
    note = f'<p style="max-width:60em">{escape(_explanation(result), quote=False)}</p>'
    return page.replace("<head>", f"<head>{POLICY}", 1).replace("<hr>", f"{note}<hr>", 1)


def _explanation(result: RunFacts) -> str:
    """Reasons why numbers of this page differ from the tearsheet's."""
    stats, returns = result.stats, result.observations.returns.shape[0]
    own, other = (percent(stats[key]) for key in ("CAGR [%]", "Benchmark CAGR [%]"))
    return (
        f"A second opinion on the same {returns:,} returns, with quantstats' own formulas. Its CAGR counts them by a "
        f"number of returns a year (at the top); the tearsheet's counts calendar days, 365.25 a year: {own}, benchmark "
        f"{other}. Its information ratio is not annualised, and its Kelly and profit factor are of sessions where the "
        "tearsheet's are of round trips."
    )


def yearly(strategy: pd.Series[float], benchmark: pd.Series[float]) -> pd.DataFrame:
    """Compounded return of each calendar year in percent, by year."""
    import pandas as pd

    growth = pd.DataFrame({series.name: series for series in (benchmark, strategy)}) + 1
    return 100 * (growth.groupby(pd.DatetimeIndex(growth.index).year).prod() - 1)


def _years_chart(years: pd.DataFrame) -> str:
    """SVG of ``yearly``, the strategy beside the benchmark."""
    from io import StringIO

    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(8, 4))
    axes = figure.subplots()
    for side, colour, name in ((-0.2, "#FEDD78", "Benchmark"), (0.2, "#348DC1", "Strategy")):
        axes.bar(years.index + side, years[name], width=0.4, color=colour, label=name)
    axes.axhline(0, color="black", linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_title("EOY Returns vs Benchmark", fontweight="bold")
    axes.legend()
    drawn = StringIO()
    figure.savefig(drawn, format="svg")
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]


def _series(result: RunFacts) -> tuple[pd.Series[float], pd.Series[float]]:
    """Session returns of the run and of the benchmark by date. Raises ``ValueError`` where they would be misread."""
    import pandas as pd

    seen = result.observations
    if seen.returns.min() >= 0 and seen.returns.max() > 1:
        msg = "it would take returns that are never negative and once above 100 % for prices"
        raise ValueError(msg)
    dates = pd.DatetimeIndex(seen.sessions[1:].astype("datetime64[D]"))
    return (
        pd.Series(seen.returns, index=dates, name="Strategy"),
        pd.Series(seen.benchmark_returns, index=dates, name="Benchmark"),
    )
