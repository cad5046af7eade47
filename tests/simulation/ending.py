"""Ending of a simulated session: after the quiet everything must be as if nothing had happened, or be told."""

from framework.journal.account_fold import fold_account
from framework.journal.entries import written_entry
from framework.types.orders import STOP, Reason
from framework.types.record import OrderState
from tests.simulation.day_checks import check_days
from tests.simulation.kinds import FaultKind
from tests.simulation.market import SYMBOLS

REPORTED = {FaultKind.SILENT_STRATEGY, FaultKind.CHATTY_STOP}
"""Faults that only a day's report tells."""


def check_ending(world) -> None:
    """Compare the journal's word with the exchange's truth."""
    watch = world.watch
    folded = fold_account(world.journal.lines())  # every hash, command and fact is compared
    booked = _booked(world, folded)
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
    if "clock_behind" in folded.demands:
        watch.violation("never_lifted", "the clock is right, bars are taken, and it is still said to be behind")
    _check_positions(world, folded)
    _check_orders(world, folded)
    if world.script.on & REPORTED:
        check_days(world)


def _booked(world, folded):
    """Executions that the journal has booked, by session and id; each once."""
    booked: dict[str, dict[str, int]] = {name: {} for name in folded.sessions}
    for one in world.journal.entries:
        if b'"input":{"Filled":' in one.text:
            entry = written_entry(one.text)
            handled = entry.entry().body
            if any(type(fact).__name__ == "Settlement" for fact in handled.facts):
                fills = booked[handled.session]
                if handled.input.fill_id in fills:
                    world.watch.violation("doubled_fill", f"{handled.input.fill_id} was booked twice")
                fills[handled.input.fill_id] = handled.input.fill.quantity
    return booked


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
        taken_back = any(fill.symbol == symbol for fill in world.watch.annulled.values())
        if taken_back and symbol in world.told_symbols:
            continue  # the word of the annulment was lost: nobody here can know which execution it was
        if ours[symbol] != theirs[symbol]:
            text = f"{symbol}: ours {ours[symbol]:+d}, theirs {theirs[symbol]:+d}"
            world.watch.violation("position_difference", text)


def _check_orders(world, folded) -> None:
    """Orders here and there are the same, with the same terms; what is held has its stop."""
    watch = world.watch
    resting = {one.tag: one for one in world.paper.books.orders(world.clock.now()) if not one.state.is_final}
    for name, one in folded.sessions.items():
        session = one.session
        ours = {working.tag: working for i in range(len(SYMBOLS)) for working in session.working(i)}
        for tag in resting:
            if tag[:-8] == name and tag not in ours and tag not in world.told_tags and watch.at_exchange[tag] == 1:
                watch.violation("forgotten_order", f"{tag} rests at the exchange, and nobody here knows it")
        for tag, working in ours.items():
            settled = working.state is OrderState.WORKING and working.was is None
            if not settled or tag in world.told_tags or watch.at_exchange[tag] != 1:
                continue
            there = resting.get(tag)
            if there is None:
                watch.violation("phantom_order", f"{tag} works here, and not at the exchange")
            elif _terms(working.order) != _terms(there):
                text = f"{tag} is {_terms(working.order)} here and {_terms(there)} at the exchange"
                watch.violation("other_terms", text)
        _check_stops(watch, name, session, {tag: ours[tag] for tag in resting if tag in ours}, ours)


def _check_stops(watch, name, session, there, ours) -> None:
    """What is held has its stop at the exchange, or somebody was told."""
    for i in range(len(SYMBOLS)):
        units = session.account.quantity[i]
        if any(watch.at_exchange[tag] > 1 for tag, one in ours.items() if one.order.instrument == i):
            continue  # two orders of one tag: a person was asked
        stops = [one for one in there.values() if one.order.instrument == i]
        covered = sum(abs(stop.remaining) for stop in stops if stop.order.protective and stop.order.type is STOP)
        leaving = [one for one in ours.values() if one.order.instrument == i and one.order.reason is Reason.ACCIDENT]
        covered += sum(abs(one.remaining) for one in leaving if one.state is not OrderState.PARKED)  # told, and closed
        if covered < abs(units) and (name, i) not in watch.bare:
            watch.violation("silently_bare", f"{name} holds {units:+d} {SYMBOLS[i]}, {covered} of them with a stop")


def _terms(order):
    """Quantity, trigger and limit, as texts: NaN equals itself then."""
    return order.quantity, str(order.trigger), str(order.limit)
