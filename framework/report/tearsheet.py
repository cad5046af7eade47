"""Tearsheet: one HTML file that needs no network, with the figures, findings and charts of a run."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from framework.draft import drafted
from framework.report import frames, sections
from framework.report.breaker import holds
from framework.report.charge_breakdown import NAMES
from framework.report.content_policy import policy_of
from framework.report.held_back_orders import interventions_csv
from framework.report.limits import compared
from framework.report.payload import as_script, chart_data
from framework.report.quantstats_page import write_page
from framework.report.settings_table import chosen, every_setting
from framework.report.stats import STATS
from framework.report.wording import number, percent, stat_value
from framework.types.currency import money_text, sign_of

if TYPE_CHECKING:
    from pathlib import Path

    from framework.report.facts import RunFacts
    from framework.report.finding import Finding

LOADER = PackageLoader("framework.report", "templates")
SCRIPTS = ("charts.js", "page.js")
TRIPS_CSV, INTERVENTIONS_CSV = "round_trips.csv", "interventions.csv"
COLUMNS = (("growth", "benchmark", "activity"), ("risk",), ("round trips",))
"""Groups of statistics, in columns of about the same height."""
QUANTSTATS = "quantstats.html"


class Card(NamedTuple):
    """A headline number."""

    name: str
    value: str
    note: str
    tone: str = ""


def write(result: RunFacts, path: Path, *, quantstats: bool = False) -> Path:
    """Write the tearsheet and the CSV files beside it; with ``quantstats`` its own page too, else an old one goes.

    What goes wrong in quantstats becomes a finding of the tearsheet, never an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = None
    if quantstats:
        beside = write_page(result, path.with_name(QUANTSTATS))
    else:
        path.with_name(QUANTSTATS).unlink(missing_ok=True)  # it may be another run's
    replace_file(path.with_name(TRIPS_CSV), frames.round_trips_csv(result.record.panel, result.trips))
    if result.held_back:
        replace_file(path.with_name(INTERVENTIONS_CSV), interventions_csv(result.record, result.held_back))
    replace_file(path, render(result, beside, QUANTSTATS if quantstats and beside is None else ""))
    return path


def render(result: RunFacts, further: Finding | None = None, quantstats: str = "") -> str:
    """The page as text; ``further`` is one more finding, ``quantstats`` the name of the page beside it."""
    environment = Environment(
        loader=LOADER,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scripts = [_plotly(), *(_source(environment, name) for name in SCRIPTS)]
    found = [*result.findings, *([further] if further else [])]
    trips = sections.trip_rows(result)
    data = chart_data(result) | {"tripsTable": sections.sortable(trips)}
    return environment.get_template(
        "tearsheet.html"
    ).render(
        result=result,
        sign=sign_of(result.currency).strip(),
        style=Markup(_source(environment, "tearsheet.css")),  # noqa: S704 - our own file
        scripts=[Markup(script) for script in scripts],  # noqa: S704 - plotly's and our own files
        policy=policy_of(scripts),
        data=Markup(as_script(data)),  # noqa: S704 - as_script leaves no <, > or &
        cards=_cards(result),
        findings=found,
        groups=_groups(result),
        months=sections.MONTHS,
        years=sections.monthly(result),
        trips=trips[: sections.MOST_TRIPS],
        trips_sorted=len(trips),
        trip_count=len(result.trips),
        trips_csv=TRIPS_CSV,
        costs=sections.costs(result),
        cost_names=list(NAMES.values()),
        yearly_costs=sections.yearly_costs(result),
        held_back=sections.held_back(result),
        breaker=sections.breaker_rows(result)[: sections.MOST_TRIPS],
        breaker_count=len(holds(result.record)),
        without_risk=result.without_risk,
        compared=[one.texts(result.currency) for one in compared(result)],
        interventions=sections.intervention_rows(result),
        intervention_count=len(result.held_back),
        interventions_csv=INTERVENTIONS_CSV,
        settings=[
            *every_setting(result.settings, result.currency),
            ("risk-free rate", percent(100 * result.risk_free)),
        ],
        chosen="; ".join(chosen(result)),
        quantstats=quantstats,
    )


def _cards(result: RunFacts) -> list[Card]:
    s = result.stats
    ahead, net = s["CAGR [%]"] - s["Benchmark CAGR [%]"], s["Net profit [₹]"]
    days, still = number(s["Max. drawdown duration [days]"], 0), int(s["Open round trips"])
    won = f"{percent(s['Win rate [%]'], 0)} won"
    return [
        Card(
            "Final equity",
            money_text(result.final_equity, result.currency),
            f"{money_text(net, result.currency)} on {money_text(result.settings.capital, result.currency, 0)}",
            _tone(net),
        ),
        Card("CAGR", percent(s["CAGR [%]"]), f"{percent(s['Total return [%]'])} in total", _tone(net)),
        Card("Sharpe", number(s["Sharpe"]), f"volatility {percent(s['Volatility [% p.a.]'], 1)} a year"),
        Card("Max. drawdown", percent(s["Max. drawdown [%]"]), f"up to {days} days below a peak"),
        Card("Round trips", number(s["Round trips"], 0), won + (f", {still:,} still open" if still else "")),
        Card(
            f"Against {result.benchmark_name}",
            percent(ahead),
            f"CAGR less the benchmark’s {percent(s['Benchmark CAGR [%]'])}",
            _tone(ahead),
        ),
    ]


def _tone(value: float) -> str:
    return "gain" if value > 0 else "loss" if value < 0 else ""


def _groups(result: RunFacts) -> list[list[tuple[str, list[tuple[str, str, str, str]]]]]:
    """Statistics in columns of groups: name, number, unit, and the formula as a hint."""
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for stat in STATS:
        row = (
            stat.name,
            stat_value(stat, result.stats[stat.key], result.currency),
            "" if stat.unit == "₹" else stat.unit,
            stat.formula,
        )
        groups.setdefault(stat.group, []).append(row)
    return [[(name, groups[name]) for name in column] for column in COLUMNS]


def _source(environment: Environment, name: str) -> str:
    """The text of a file beside the template."""
    return LOADER.get_source(environment, name)[0]


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def replace_file(path: Path, text: str) -> None:
    """Write a file at once or not at all."""
    with drafted(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="")
