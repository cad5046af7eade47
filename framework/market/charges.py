"""The dated table of charges: which tariff a fill is charged by, on each day.

``ChargeSchedule.load()`` reads the shipped ``config/charges/*.yaml``. A file of the same name in ``./config/charges``
takes its place, another name adds rows, and with ``overrides: true`` its rows go before all others on their days.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple, TypeVar, get_args

from framework.errors import ConfigError
from framework.market.charge_files import ChargeFile, read_charges
from framework.market.charge_rows import (
    ANY,
    SECTIONS,
    BrokerageRow,
    ChargeRow,
    DepositoryRow,
    Exchange,
    ExchangeRow,
    ExerciseRow,
    Kind,
    SebiRow,
    Segment,
    StampRow,
    SttRow,
    TaxRow,
)
from framework.market.tables import HERE, SHIPPED
from framework.market.timeline import timeline
from framework.types.tariff import Tariff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

FOLDER = "charges"
EXCHANGES, SEGMENTS, KINDS = get_args(Exchange), get_args(Segment), get_args(Kind)
PRODUCTS = {"equity": ("CNC", "MIS"), "futures": ("NRML", "MIS"), "options": ("NRML", "MIS")}
TREATMENT = {"CNC": "delivery", "MIS": "intraday"}
PARTS = (("equity", "delivery"), ("equity", "intraday"), ("futures", ANY), ("options", ANY))
NEEDED: tuple[tuple[type[ChargeRow], tuple[tuple[str, ...], ...]], ...] = (
    (SttRow, tuple((*part, kind) for part in PARTS for kind in (KINDS if part[1] else (ANY,)))),
    (ExerciseRow, ((),)),
    (ExchangeRow, tuple((exchange, segment, ANY) for exchange in EXCHANGES for segment in SEGMENTS)),
    (SebiRow, ((),)),
    (StampRow, PARTS),
    (TaxRow, ((),)),
)
"""Charges that every table must have rows for."""
Some = TypeVar("Some", bound=ChargeRow)


class Dealing(NamedTuple):
    """Charge class: one broker's plan and product, in one kind of instrument on one exchange; charged alike."""

    plan: str
    exchange: str
    segment: str
    """equity, futures or options."""
    product: str
    """CNC, MIS or NRML."""
    kind: str = "stock"
    """Of equity: stock, etf (equity-oriented) or other_etf."""
    group: str = ANY
    """Of BSE: a group that has a rate of its own, such as X or MT."""


class Terms(NamedTuple):
    """The rows in force on one day, one for each component."""

    brokerage: BrokerageRow
    stt: SttRow
    exchange: ExchangeRow
    sebi: SebiRow
    stamp: StampRow
    tax: TaxRow
    depository: DepositoryRow | None
    """None where no shares are delivered."""

    @property
    def rows(self) -> tuple[ChargeRow, ...]:
        """All of them."""
        return tuple(row for row in self if row is not None)

    @property
    def tariff(self) -> Tariff:
        """As the rules take it."""
        return Tariff(
            brokerage_e8=self.brokerage.rate,
            brokerage_cap_paise=self.brokerage.cap or 0,
            flat_paise=self.brokerage.flat,
            stt_buy_e8=self.stt.buy,
            stt_sell_e8=self.stt.sell,
            exchange_e8=self.exchange.rate,
            sebi_e8=self.sebi.rate,
            stamp_e8=self.stamp.rate,
            gst_e8=self.tax.rate,
            gst_on_sebi=int(self.tax.on_sebi > 0),
            dp_paise=0 if self.depository is None else self.depository.charge,
        )


class ChargeSchedule:
    """Every row, by what it is about. Frozen in use: a change of law is another row in a file."""

    def __init__(self, files: Iterable[ChargeFile]) -> None:
        layers: tuple[dict[tuple[str, ...], list[ChargeRow]], ...] = ({}, {})
        for file in files:
            for row in file.rows:
                for key in row.keys:
                    layers[file.overrides].setdefault((row.SECTION, *key), []).append(row)
        ordinary, overriding = layers
        self._spans = {
            key: timeline(_about(key), ordinary.get(key, ()), overriding.get(key, ()))
            for key in {**ordinary, **overriding}
        }
        for model, keys in NEEDED:
            for key in keys:
                if (model.SECTION, *key) not in self._spans:
                    raise ConfigError(f"charges of {_about((model.SECTION, *key))}: there is no row at all; add one")

    @classmethod
    def load(cls, folder: Path | None = None) -> ChargeSchedule:
        """From the shipped files and ``./config/charges`` over them, or from ``folder`` alone."""
        folders = [folder] if folder is not None else [SHIPPED / FOLDER, HERE / FOLDER]
        files = {file.name: file for place in folders for file in sorted(place.glob("*.yaml"))}
        if not files:
            raise ConfigError(f"{folders[0]} holds no *.yaml files with charges; name a folder that does")
        return cls(read_charges(files[name]) for name in sorted(files))

    @property
    def plans(self) -> tuple[str, ...]:
        """Names of the brokerage plans."""
        return tuple(sorted({key[1] for key in self._spans if key[0] == BrokerageRow.SECTION}))

    def tariff(self, dealing: Dealing, day: date) -> Tariff:
        """Tariff of a fill on one day."""
        return self.terms(dealing, day).tariff

    def regimes(self, dealing: Dealing, first: date, last: date) -> list[tuple[date, Tariff]]:
        """(first day, tariff) of each stretch of days from ``first`` to ``last`` that are charged alike."""
        found: list[tuple[date, Tariff]] = []
        for day, terms in self.stretches(dealing, first, last):
            if not found or found[-1][1] != terms.tariff:
                found.append((day, terms.tariff))
        return found

    def stretches(self, dealing: Dealing, first: date, last: date) -> list[tuple[date, Terms]]:
        """The same by rows: sources, and whether a row is an assumption."""
        if last < first:
            raise ConfigError(f"charges from {first} to {last}: the last day lies before the first; swap them")
        keys = self._keys(dealing)
        changes = {span.first for key in keys for span in self._spans[key] if first < span.first <= last}
        return [(day, self._terms(keys, day)) for day in (first, *sorted(changes))]

    def assumptions(self, dealing: Dealing, first: date, last: date) -> list[ChargeRow]:
        """The unconfirmed rows in force between two days."""
        stretches = self.stretches(dealing, first, last)
        return list(dict.fromkeys(row for _, terms in stretches for row in terms.rows if row.assumed))

    def terms(self, dealing: Dealing, day: date) -> Terms:
        """The rows in force on one day."""
        return self._terms(self._keys(dealing), day)

    def exercise_e8(self, day: date) -> int:
        """STT on the intrinsic value of an option exercised on a day, in 1e-8; the buyer pays."""
        return self._row(ExerciseRow, (ExerciseRow.SECTION,), day).rate

    def in_force(self, day: date) -> list[tuple[tuple[str, ...], ChargeRow]]:
        """Every key, section first, with its row of a day; keys without one are left out."""
        found = []
        for section in SECTIONS:
            for key, spans in self._spans.items():
                if key[0] == section:
                    found += [(key, span.row) for span in spans if span.first <= day <= span.last]
        return found

    def _keys(self, dealing: Dealing) -> tuple[tuple[str, ...], ...]:
        """Sections and keys in the order of ``Terms``."""
        plan, exchange, segment, product, kind, group = dealing
        one_of("exchange", exchange, EXCHANGES)
        one_of("segment", segment, SEGMENTS)
        one_of(f"{segment} product", product, PRODUCTS[segment])
        one_of("kind", kind, KINDS)
        part = (segment, TREATMENT[product] if segment == "equity" else ANY)
        one_of("plan", plan, self.plans)
        if (BrokerageRow.SECTION, plan, *part) not in self._spans:
            raise ConfigError(f"the plan {plan!r} says no brokerage for {' '.join(part).strip()}; add a row for it")
        by_group = (ExchangeRow.SECTION, exchange, segment, group.upper())
        keys: list[tuple[str, ...]] = [
            (BrokerageRow.SECTION, plan, *part),
            (SttRow.SECTION, *part, kind if segment == "equity" else ANY),
            by_group if by_group in self._spans else (*by_group[:3], ANY),
            (SebiRow.SECTION,),
            (StampRow.SECTION, *part),
            (TaxRow.SECTION,),
        ]
        if product == "CNC":
            if (DepositoryRow.SECTION, plan) not in self._spans:
                raise ConfigError(f"the plan {plan!r} has no row under depository; add one, with charge: 0 for none")
            keys.append((DepositoryRow.SECTION, plan))
        return tuple(keys)

    def _terms(self, keys: Sequence[tuple[str, ...]], day: date) -> Terms:
        return Terms(
            self._row(BrokerageRow, keys[0], day),
            self._row(SttRow, keys[1], day),
            self._row(ExchangeRow, keys[2], day),
            self._row(SebiRow, keys[3], day),
            self._row(StampRow, keys[4], day),
            self._row(TaxRow, keys[5], day),
            self._row(DepositoryRow, keys[6], day) if len(keys) == len(Terms._fields) else None,
        )

    def _row(self, model: type[Some], key: tuple[str, ...], day: date) -> Some:
        spans = self._spans[key]
        for span in spans:
            if span.first <= day <= span.last and isinstance(span.row, model):
                return span.row
        if day < spans[0].first:
            raise ConfigError(
                f"charges of {_about(key)} are not known on {day}: the first row is {spans[0].row}; add an earlier one"
            )
        raise ConfigError(
            f"charges of {_about(key)} are not known on {day}: the last row is {spans[-1].row}; add a later one"
        )


def _about(key: tuple[str, ...]) -> str:
    return " ".join(part for part in key if part)


def one_of(what: str, name: str, known: Sequence[str]) -> None:
    """Refuse a name that is not known, with the nearest one that is."""
    if name not in known:
        near = get_close_matches(name.lower(), [each.lower() for each in known], 1, 0.4)
        meant = next((each for each in known if near and each.lower() == near[0]), None)
        hint = f"did you mean {meant!r}? " if meant else ""
        raise ConfigError(f"there is no {what} {name!r}; {hint}known: {', '.join(known)}")
