"""Words for every kind of an account's entries."""

from framework.journal import account_entries as entries
from framework.journal.account_words import ACCOUNT_WORDS
from framework.journal.wording import Wording

PLACE = entries.RequestName.PLACE
LINES = [
    (entries.AccountHeader("paper", "paper"), "account paper, paper"),
    (entries.RunStarted("r1", "morning", "", {}, ("a1", "b2")), "morning: a1, b2 (run r1)"),
    (entries.Sending("a1", "a1-7", 7, PLACE, "NSE:SBIN", -5), "place order 7 (tag a1-7) NSE:SBIN -5"),
    (
        entries.Sending("a1", "a1-7", 7, entries.RequestName.CANCEL, "NSE:SBIN", 0),
        "cancel order 7 (tag a1-7) NSE:SBIN",
    ),
    (entries.Returned("a1", "a1-7", 7, PLACE, "accepted", "B9"), "place order 7 (tag a1-7) accepted as B9"),
    (
        entries.Returned("a1", "a1-7", 7, PLACE, "refused", code="UDAPI1", reason="no margin"),
        "place order 7 (tag a1-7) refused: UDAPI1 no margin",
    ),
    (
        entries.Denied("a1", "a1-7", 7, PLACE, "value", "9", "5"),
        "place order 7 (tag a1-7): value, has 9, may have 5",
    ),
    (
        entries.RequestDeferred("a1", "a1-7", 7, PLACE, 1_764_560_700_000_000_000),
        "place order 7 (tag a1-7) until 2025-12-01 03:45:00 UTC",
    ),
    (
        entries.RequestDeferred("a1", "a1-7", 7, entries.RequestName.CANCEL, 0),
        "cancel order 7 (tag a1-7) until the order is found in the broker's book",
    ),
    (entries.OrderDropped("a1", "a1-7", 7), "order 7 (tag a1-7) was taken back before it left"),
    (
        entries.StateChanged(entries.RunnerState.ACTIVE, entries.RunnerState.HALTED, "journal", "disk full"),
        "active → halted (journal): disk full",
    ),
    (
        entries.AccountFinding("quantity", "differs", "NSE:SBIN", ours="5", theirs="6", question="adopt?"),
        "quantity NSE:SBIN differs (ours 5, theirs 6) adopt?",
    ),
    (
        entries.ExternalFill("x1", "NSE:SBIN", "CNC", -40, 799.5, 1),
        "-40 NSE:SBIN (CNC) at 799.50 are nobody's: execution x1",
    ),
    (
        entries.ExternalFill("", "NSE:SBIN", "CNC", 40, float("nan"), 1),
        "+40 NSE:SBIN (CNC) are nobody's: by a person's word",
    ),
    (entries.StrayArrived("NSE:SBIN", 1, 2, 799.5, "late"), "NSE:SBIN at 799.50: late"),
    (entries.CommandHeard("halt", {"by": "me"}, "done"), "halt by=me: done"),
    (entries.StrategyMemory("a1", "{}"), "2 characters"),
    (entries.SessionFacts("a1", "square_off", "sent"), "square_off: sent"),
    (entries.DrillEnded(1.25, 3, 2), "flat after 1.2 s, 3 orders cancelled, 2 positions closed"),
    (entries.RunStopped("r1", "replayed", entries.RunnerState.STOPPED), "replayed, stopped"),
]


def test_every_kind_of_entry_has_its_line():
    assert set(entries.ACCOUNT_KINDS.values()) == set(ACCOUNT_WORDS) == {type(body) for body, _ in LINES}
    words = Wording(())
    assert [line for _, line in LINES] == [words.body(body) for body, _ in LINES]
