"""Ending of a simulated session: after the quiet everything must be as if nothing had happened, or be told."""

from framework.journal.account_fold import fold_account
from framework.journal.entries import written_entry
from tests.simulation.market import SYMBOLS


def check_ending(world) -> None:
    """Compare the journal's word with the exchange's truth."""
    watch = world.watch
    folded = fold_account(world.journal.lines())  # every hash, command and fact is compared
    booked: dict[str, dict[str, int]] = {name: {} for name in folded.sessions}
    for one in world.journal.entries:
        if b'"input":{"Filled":' in one.text:
            entry = written_entry(one.text)
            handled = entry.entry().body
            if any(type(fact).__name__ == "Settlement" for fact in handled.facts):
                fills = booked[handled.session]
                if handled.input.fill_id in fills:
                    watch.violation("doubled_fill", f"{handled.input.fill_id} was booked twice")
                fills[handled.input.fill_id] = handled.input.fill.quantity
    for fill in watch.fills.values():
        owner = fill.tag[:-8]
        if owner in booked and fill.fill_id not in booked[owner]:
            text = f"{fill.fill_id} {fill.quantity:+d} {fill.symbol} of {fill.tag} was never booked"
            watch.violation("lost_fill", text)
    every = {**watch.fills, **watch.annulled, **world.paper.books.hand}
    for name, fills in booked.items():
        for fill_id in fills:
            if fill_id not in every:
                watch.violation("invented_fill", f"{name} booked {fill_id}, which the exchange does not know")
    _check_positions(world, folded)


def _check_positions(world, folded) -> None:
    ours = dict.fromkeys(SYMBOLS, 0)
    for one in folded.sessions.values():
        for i, symbol in enumerate(SYMBOLS):
            ours[symbol] += one.session.account.quantity[i]
    for (symbol, _product), units in getattr(folded, "external", {}).items():
        ours[symbol] += units
    theirs = dict.fromkeys(SYMBOLS, 0)
    for (symbol, _product), units in world.paper.books.net().items():
        theirs[symbol] += units
    for symbol in SYMBOLS:
        if ours[symbol] != theirs[symbol]:
            text = f"{symbol}: ours {ours[symbol]:+d}, theirs {theirs[symbol]:+d}"
            world.watch.violation("position_difference", text)
