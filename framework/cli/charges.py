"""``tulya charges``: what an order costs on a day, from which price on it earns, and the rates in force."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from framework.cli.options import AsJson
from framework.errors import ConfigError

if TYPE_CHECKING:
    from framework.market.charges import Terms
    from framework.market.contract_note import Components
    from framework.market.estimate import EstimateRequest

app = typer.Typer(
    no_args_is_help=True,
    help="Charges of an order on NSE and BSE, and the days on which each rate holds.",
    rich_markup_mode="markdown",
)

INDIA = timezone(timedelta(hours=5, minutes=30))
GST_SINCE = date(2017, 7, 1)
LABELS = ("Brokerage", "STT", "Exchange and IPFT", "SEBI fee", "Stamp duty", "GST", "DP charge")
ROUNDINGS = ("exact", "contract_note")
_ORDER = re.compile(r"(?P<quantity>\d[\d,]*)\s*(?:@|\s)\s*(?P<price>\d[\d,]*(?:\.\d{1,2})?)")

Words = Annotated[list[str], typer.Argument(metavar="SYMBOL QUANTITY @ PRICE", help="Such as INFY 100 @ 1500.")]
Product = Annotated[
    str | None, typer.Option(help="CNC (delivery), MIS (intraday), NRML (futures, options); default CNC or NRML.")
]
Day = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the order; default today, in India.")
]
OnExchange = Annotated[str, typer.Option("--exchange", help="NSE or BSE.")]
InSegment = Annotated[str, typer.Option("--segment", help="equity, futures or options (price = premium).")]
Plan = Annotated[str, typer.Option(help="Brokerage plan: upstox, upstox_api, zero, or one of yours.")]
KindOption = Annotated[str, typer.Option("--kind", help="stock, etf (equity-oriented) or other_etf (gold, debt, …).")]
Group = Annotated[str, typer.Option(help="BSE group such as X or MT; default a regular one (A, B).")]
RoundingOption = Annotated[
    str, typer.Option("--rounding", help="exact (paisa per fill) or contract_note (STT to the rupee).")
]
RoundTrip = Annotated[bool, typer.Option("--round-trip", help="Both sides; delivery shares leave on a later day.")]
ExitPrice = Annotated[
    str | None, typer.Option("--sell-price", "--exit-price", help="The other side's price; default the same.")
]


class _Order(NamedTuple):
    """Order as typed on the command line, parsed."""

    side: int
    symbol: str
    quantity: int
    price_paise: int
    where: str
    """NSE equity CNC …, for headings."""
    day: date
    request: EstimateRequest
    terms: Terms
    choices: dict[str, str]


@app.command("buy")
def buy_command(
    words: Words, product: Product = None, day: Day = None, exchange: OnExchange = "NSE",
    segment: InSegment = "equity", plan: Plan = "upstox", kind: KindOption = "stock", group: Group = "",
    rounding: RoundingOption = "exact", round_trip: RoundTrip = False, sell_price: ExitPrice = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Charges of a buy, component by component, each with its source.

    Examples:
    - tulya charges buy INFY 100 @ 1500 --product CNC --date 2024-09-01
    - tulya charges buy NIFTY 65 @ 120 --segment options --date 2026-04-01 --round-trip --sell-price 121
    """
    _answer(
        _order(1, words, product, day, exchange, segment, plan, kind, group, rounding), round_trip, sell_price, as_json
    )


@app.command("sell")
def sell_command(
    words: Words, product: Product = None, day: Day = None, exchange: OnExchange = "NSE",
    segment: InSegment = "equity", plan: Plan = "upstox", kind: KindOption = "stock", group: Group = "",
    rounding: RoundingOption = "exact", round_trip: RoundTrip = False, buy_price: Annotated[
        str | None, typer.Option("--buy-price", "--exit-price", help="The other side's price; default the same.")
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Charges of a sale; with --round-trip of a short, bought back.

    Example:
    - tulya charges sell INFY 100 @ 1500 --product MIS --round-trip --buy-price 1490
    """
    _answer(
        _order(-1, words, product, day, exchange, segment, plan, kind, group, rounding), round_trip, buy_price, as_json
    )


@app.command("breakeven")
def breakeven_command(
    words: Words, product: Product = None, day: Day = None, exchange: OnExchange = "NSE",
    segment: InSegment = "equity", plan: Plan = "upstox", kind: KindOption = "stock", group: Group = "",
    rounding: RoundingOption = "exact", short: Annotated[bool, typer.Option("--short", help="Sold first.")] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """The price at which a round trip earns nothing.

    Example:
    - tulya charges breakeven INFY 100 @ 1500 --product MIS
    """
    from framework.market.estimate import break_even

    order = _order(-1 if short else 1, words, product, day, exchange, segment, plan, kind, group, rounding)
    found = break_even(order.request, order.side, order.price_paise)
    distance = abs(found.price_paise - order.price_paise)
    if as_json:
        facts = {
            **_described(order), "break_even": found.price_paise / 100, "distance": distance / 100,
            "percent": round(100 * distance / order.price_paise, 6), "charges": found.charges.total / 100,
        }  # fmt: skip
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    typer.echo(
        f"{'Short' if short else 'Long'} {order.quantity} {order.symbol} at {_money(order.price_paise)} · {order.where}"
    )
    percent = 100 * distance / order.price_paise
    typer.echo(
        f"Break-even {_money(found.price_paise)}: {_money(distance)} a unit, {percent:.4f}%; "
        f"charges of both sides {_money(found.charges.total)}"
    )
    _tell_assumptions(order.terms)


@app.command("rates")
def rates_command(
    day: Day = None,
    plan: Annotated[str | None, typer.Option(help="Only this plan's brokerage.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Only this exchange's charge.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every row in force on a day, with its dates and source.

    Example:
    - tulya charges rates --date 2024-09-30 --plan upstox --exchange NSE
    """
    from framework.cli.tables import new_table, print_table
    from framework.market.charges import EXCHANGES, ChargeSchedule, one_of

    schedule, on = ChargeSchedule.load(), _day(day)
    if plan is not None:
        one_of("plan", plan, schedule.plans)
    if exchange is not None:
        exchange = exchange.upper()
        one_of("exchange", exchange, EXCHANGES)
    shown = [
        (key, row)
        for key, row in schedule.in_force(on)
        if not (plan and key[0] in {"brokerage", "depository"} and key[1] != plan)
        and not (exchange and key[0] == "exchange" and key[1] != exchange)
    ]
    if as_json:
        rows = [
            {
                "about": list(filter(None, key)), "terms": row.terms, "valid_from": str(row.valid_from),
                "valid_to": str(row.valid_to) if row.valid_to else None, "source": row.source,
                "assumption": row.assumed, "where": row.where,
            }
            for key, row in shown
        ]  # fmt: skip
        typer.echo(json.dumps({"date": str(on), "rows": rows}, ensure_ascii=False))
        return
    table = new_table()
    for heading in ("Charge", "Of", "Rate", "From", "To", "Source"):
        table.add_column(heading)
    for key, row in shown:
        to = str(row.valid_to) if row.valid_to else "open"
        table.add_row(key[0], " ".join(filter(None, key[1:])), row.terms, str(row.valid_from), to, row.source)
    typer.echo(f"Charges in force on {on}")
    print_table(table)


def _order(
    side: int, words: list[str], product: str | None, day: datetime | None, exchange: str, segment: str, plan: str,
    kind: str, group: str, rounding: str,
) -> _Order:  # fmt: skip
    from framework.market.charges import ChargeSchedule, Dealing, one_of
    from framework.market.estimate import EstimateRequest

    symbol, quantity, price_paise = parse_order(words)
    exchange, segment, kind = exchange.upper(), segment.lower(), kind.lower()
    rounding = rounding.lower().replace("-", "_")
    one_of("rounding", rounding, ROUNDINGS)
    product = (product or ("CNC" if segment == "equity" else "NRML")).upper()
    on = _day(day)
    terms = ChargeSchedule.load().terms(Dealing(plan, exchange, segment, product, kind, group), on)
    choices = {
        "exchange": exchange, "segment": segment, "product": product, "kind": kind, "plan": plan, "date": str(on),
        "rounding": rounding,
    }  # fmt: skip
    if group:
        choices["group"] = group.upper()
    of_kind = f" {kind}" if segment == "equity" else ""
    where = f"{exchange} {segment}{of_kind}{f' group {group.upper()}' if group else ''} {product}"
    where = f"{where} · plan {plan} · {on} · {rounding}"
    request = EstimateRequest(
        quantity, terms.tariff, "exact" if rounding == "exact" else "contract_note", product == "CNC"
    )
    return _Order(side, symbol, quantity, price_paise, where, on, request, terms, choices)


def parse_order(words: list[str]) -> tuple[str, int, int]:
    """Symbol, quantity and price in paise of ``INFY 100 @ 1500``, the symbol being the first word."""
    symbol, rest = words[0], " ".join(words[1:])
    match = _ORDER.fullmatch(rest.strip())
    if match is None:
        raise ConfigError(
            f"{' '.join(words)!r} is not understood; write SYMBOL QUANTITY @ PRICE, such as INFY 100 @ 1500, "
            "with at most two decimals and a symbol with blanks in quotes"
        )
    quantity = int(match["quantity"].replace(",", ""))
    price = _paise(match["price"])
    if quantity < 1 or price < 1:
        raise ConfigError(f"{rest!r}: quantity and price must be above 0")
    return symbol, quantity, price


def _paise(text: str) -> int:
    plain = text.replace(",", "")
    if not re.fullmatch(r"\d+(\.\d{1,2})?", plain):
        raise ConfigError(f"price {text!r} is not a sum in rupees with at most two decimals, such as 1510 or 1510.05")
    return int(Decimal(plain) * 100)


def _day(day: datetime | None) -> date:
    return day.date() if day is not None else datetime.now(INDIA).date()


def _answer(order: _Order, both: bool, exit_price: str | None, as_json: bool) -> None:
    from framework.market.estimate import order_charges, round_trip

    if exit_price is not None and not both:
        raise ConfigError("the other side's price needs --round-trip; add it, or leave the price out")
    values = {order.side: order.price_paise * order.quantity}
    if both:
        leaving = _paise(exit_price) if exit_price is not None else order.price_paise
        components = round_trip(order.request, order.side, order.price_paise, leaving)
        values[-order.side] = leaving * order.quantity
    else:
        components = order_charges(order.request, order.side, order.price_paise)
    gross = values[-1] - values[1] if both else None
    if as_json:
        typer.echo(json.dumps(_facts(order, components, values, gross), ensure_ascii=False))
    else:
        _show(order, components, values, gross)


def _lines(order: _Order, components: Components, values: dict[int, int]) -> list[dict[str, Any]]:
    """Name, rate, base in paise (None: no rate of a value), amount and row of each component."""
    terms, tariff = order.terms, order.request.tariff
    turnover = sum(values.values())
    taxed = {side: value for side, value in values.items() if (tariff.stt_buy_e8 if side > 0 else tariff.stt_sell_e8)}
    service = components.brokerage + components.exchange + components.dp
    service += components.sebi if tariff.gst_on_sebi else 0
    bases = (turnover, sum(taxed.values()), turnover, turnover, values.get(1, 0), service, None)
    rows = (terms.brokerage, terms.stt, terms.exchange, terms.sebi, terms.stamp, terms.tax, terms.depository)
    labels = [label if label != "GST" or order.day >= GST_SINCE else "Service tax" for label in LABELS]
    return [
        {"name": label, "row": row, "base": base, "amount": amount}
        for label, row, base, amount in zip(labels, rows, bases, components, strict=True)
        if row is not None
    ]


def _described(order: _Order) -> dict[str, Any]:
    return {
        "side": "buy" if order.side > 0 else "sell", "symbol": order.symbol, "quantity": order.quantity,
        "price": order.price_paise / 100, **order.choices,
    }  # fmt: skip


def _facts(order: _Order, components: Components, values: dict[int, int], gross: int | None) -> dict[str, Any]:
    lines = [
        {
            "name": line["name"], "rate": line["row"].terms,
            "base": None if line["base"] is None else line["base"] / 100, "amount": line["amount"] / 100,
            "source": line["row"].source, "assumption": line["row"].assumed, "where": line["row"].where,
        }
        for line in _lines(order, components, values)
    ]  # fmt: skip
    facts = {**_described(order), "turnover": sum(values.values()) / 100, "components": lines}
    facts["total"] = components.total / 100
    if gross is not None:
        facts |= {"gross": gross / 100, "net": (gross - components.total) / 100}
    return facts


def _show(order: _Order, components: Components, values: dict[int, int], gross: int | None) -> None:
    from framework.cli.tables import new_table, print_table

    what = "Buy" if order.side > 0 else "Sell"
    back = ""
    if gross is not None:
        other = values[-order.side] // order.quantity
        later = " on a later day" if order.request.overnight else ""
        back = f", {'sold' if order.side > 0 else 'bought back'} at {_money(other)}{later}"
    typer.echo(f"{what} {order.quantity} {order.symbol} at {_money(order.price_paise)}{back} · {order.where}")
    table = new_table()
    table.add_column("Component")
    table.add_column("Rate")
    table.add_column("Base ₹", justify="right")
    table.add_column("Amount ₹", justify="right")
    table.add_column("Source")
    for line in _lines(order, components, values):
        base = "" if line["base"] is None else _money(line["base"], sign="")
        table.add_row(line["name"], line["row"].terms, base, _money(line["amount"], sign=""), line["row"].source)
    share = 100 * components.total / sum(values.values())
    table.add_row(
        "Total", f"{share:.4f}% of turnover", _money(sum(values.values()), sign=""), _money(components.total, sign="")
    )
    print_table(table)
    if gross is not None:
        typer.echo(f"Gross {_money(gross)}, net of charges {_money(gross - components.total)}")
    _tell_assumptions(order.terms)


def _tell_assumptions(terms: Terms) -> None:
    assumed = [row for row in terms.rows if row.assumed]
    if assumed:
        typer.echo(f"Assumed, not checked: {', '.join(str(row) for row in assumed)}. Your own rows: docs/charges.md")


def _money(paise: int, sign: str = "₹") -> str:
    from framework.types.rupees import rupees

    return rupees(paise / 100).replace("₹", sign)
