"""Deciders of the simulated strategies: targets and explicit orders drawn from seed, strategy and bar, no more."""

from random import Random
from typing import NamedTuple

from framework.errors import StrategyError
from framework.types.orders import GTC, NAN, CancelRequest, Decisions, OrderRequest
from tests.simulation.kinds import SHARES, FaultKind, FaultScript
from tests.simulation.market import QUIET

K = FaultKind


class SimDecision(NamedTuple):
    """Decision at one close."""

    decisions: Decisions | None = None
    requests: tuple = ()
    memory: str = ""


NOTHING = SimDecision()


class SimDecider:
    """Decider of one strategy; what it decides at a bar depends on that bar's time alone, whatever died before."""

    def __init__(self, name, style, count, world, said):
        self._name, self._style, self._count = name, style, count
        self._script: FaultScript = world.script
        self._seen, self._said = world.seen, said

    def see(self, row):
        """Nothing is kept."""

    def at(self, row, session):
        """Decide at a row's close."""
        if row.close_time >= QUIET:
            return NOTHING
        random = Random(f"{self._script.seed}/{self._name}/{row.time}")
        on = self._script.on
        if K.SILENT_STRATEGY in on and self._name == "alpha" and random.random() < 0.3:
            self._seen[K.SILENT_STRATEGY] += 1
            return NOTHING
        if K.STRATEGY_EXCEPTION in on and random.random() < SHARES[K.STRATEGY_EXCEPTION]:
            self._seen[K.STRATEGY_EXCEPTION] += 1
            raise StrategyError("division by zero, in a strategy's own code")
        wild = K.WILD_ORDER in on and random.random() < SHARES[K.WILD_ORDER]
        if wild:
            self._seen[K.WILD_ORDER] += 1
        if self._style == "signals":
            return self._targets(random, row, wild=wild)
        return self._orders(random, row, session, wild=wild)

    def _targets(self, random, row, *, wild):
        target = [random.choice((NAN, NAN, 0.0, 1.0, 1.0, -1.0, 0.5)) if close > 0 else NAN for close in row.close]
        if not wild:
            return self._given(row, SimDecision(Decisions(tuple(target))))
        limit = [random.choice((NAN, float("inf"), 1e9, 0.0, -3.0)) for _ in target]
        wanted = tuple(1.0 if close > 0 else NAN for close in row.close)
        return self._given(row, SimDecision(Decisions(wanted, limit=tuple(limit))))

    def _given(self, row, decision):
        self._said[self._name, row.time] = sum(target == target for target in decision.decisions.target)  # noqa: PLR0124 - NaN
        return decision

    def _orders(self, random, row, session, *, wild):
        requests = []
        for i, close in enumerate(row.close):
            if not close > 0 or random.random() < 0.4:
                continue
            side = random.choice((1, -1))
            ticks = round(close / 0.05)
            near = round((ticks - side * random.randint(1, 12)) * 0.05, 2)
            far = round((ticks + side * random.randint(1, 12)) * 0.05, 2)
            kind = random.choice(("market", "limit", "stop", "cancel"))
            units = side * random.randint(1, 30)
            if kind == "market":
                requests.append(OrderRequest(i, units))
            elif kind == "limit":
                requests.append(OrderRequest(i, units, limit=near, validity=GTC))
            elif kind == "stop":
                requests.append(OrderRequest(i, units, trigger=far))
            else:
                requests.append(CancelRequest(i))
        if wild:
            requests.append(
                random.choice(
                    (
                        OrderRequest(0, 10**9),
                        OrderRequest(0, 5, limit=float("inf")),
                        OrderRequest(0, 5, limit=1e12),
                        OrderRequest(0, -40_000, limit=0.05),
                    )
                )
            )
        return SimDecision(requests=tuple(requests))
