"""Journals of random runs, in memory."""

import json
from random import Random

from framework.engines import event
from framework.errors import InvariantError
from framework.journal.chain import Sealer, Walk
from framework.journal.entries import Handled, entry_of
from framework.journal.writer import JournalRecorder, Origin
from framework.types.events import (
    Accepted,
    BarCloses,
    BarOpens,
    Cancelled,
    CancelRefused,
    Changed,
    ChangeRefused,
    Decided,
    Expired,
    Filled,
    Found,
    PersonSays,
    Refused,
    Revalue,
    SessionEnds,
    Tick,
    Unknown,
    Wish,
)
from framework.types.orders import Fill
from framework.types.record import OrderState
from tests.property.scenarios import Grudging, scenarios

ORIGIN = Origin("test", {"period": 14}, "0" * 64, {"tulya": "1.2.3"})


class Lines:
    """A place in memory."""

    def __init__(self):
        self.kept = []

    def append(self, entries):
        self.kept += [entry.line() for entry in entries]

    def lines(self):
        return iter(self.kept)

    def close(self):
        pass


RUNS = scenarios(actions=True).filter(
    lambda scenario: (
        scenario.settings.product is None or scenario.settings.charges.product in {"", scenario.settings.product}
    )
)
"""Random runs; those that bend their settings past what settings allow are left out: nobody could write them down."""


def journalled(scenario):
    """The record of a run and its journal's lines."""
    place = Lines()
    rules = rules_of(scenario)
    record = event.run(
        scenario.panel,
        scenario.settings,
        decisions=scenario.decisions,
        on_bar=lambda _session, row: scenario.requests.get(row, ()),
        style=scenario.style,
        rules=rules,
        recorder=JournalRecorder(place, ORIGIN._replace(rules=tuple(type(rule).__name__ for rule in rules))),
    )
    return record, place.kept


def rules_of(scenario):
    """The risk rules of the user's own that a scenario has."""
    return [Grudging()] if scenario.strict else []


def sealed_anew(lines, change):
    """The same journal with an entry changed by a forger who knows how to seal."""
    sealer, made = Sealer(), []
    for line in lines:
        entry = json.loads(line)
        del entry["sha256"]
        change(entry)
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        made.append(sealer(text).line())
    return made


def inputs_of(lines):
    """Header and inputs of a journal."""
    entries = [entry_of(text) for text in Walk(lines)]
    return entries[0].body, [one.body.input for one in entries if isinstance(one.body, Handled)]


def answers_to(session, one):
    """The outcome of an input; the text of a refusal, which changes nothing."""
    try:
        return repr(session.handle(one))
    except InvariantError as error:
        return repr(error)


def lied_about(inputs, seed):
    """The same inputs with a broker that forgets, repeats, refuses and invents answers, and a person who interferes."""
    chance, told = Random(seed), []
    last_order = max((one.order_id for one in inputs if isinstance(one, Accepted)), default=1)
    for one in inputs:
        moment, order_id = one.moment, chance.randint(1, last_order)
        if chance.random() < 0.06 and not isinstance(one, (BarOpens, BarCloses, Decided, SessionEnds, Revalue)):
            continue
        told.append(one)
        if chance.random() < 0.15:
            invented = [
                one,
                Accepted(moment, order_id),
                Refused(moment, order_id, "rms"),
                Refused(moment, order_id, "gateway", proof=False),
                Changed(moment, order_id),
                ChangeRefused(moment, order_id, "too late"),
                Cancelled(moment, order_id),
                CancelRefused(moment, order_id),
                Expired(moment, order_id),
                Unknown(moment, order_id, "timeout"),
                Found(moment, order_id, chance.choice(list(OrderState)), chance.randint(-5, 5)),
                Filled(moment, f"f{order_id}", Fill(order_id, 0, chance.choice((-3, 2)), 50.0, moment)),
                Tick(moment),
                PersonSays(moment, chance.choice((Wish.HALT, Wish.RESUME, Wish.REDUCE_ONLY, Wish.FLATTEN))),
                PersonSays(moment, Wish.ADOPT, 0, 5, 40.0),
            ]
            told.append(chance.choice(invented))
    return told
