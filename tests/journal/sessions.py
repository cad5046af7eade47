"""Journals of random runs, in memory."""

import json

from framework.engines import event
from framework.journal.chain import Sealer
from framework.journal.writer import JournalRecorder, Origin
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
