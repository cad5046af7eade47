"""Sizes in words: by which formula and which numbers a target became units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.journal.wording import units
from framework.types.currency import money_text
from framework.types.rupees import price_text

if TYPE_CHECKING:
    from framework.run.trail import ExplainedRun, Step
    from framework.types.orders import Decisions


def size_text(run: ExplainedRun, decisions: Decisions, step: Step, i: int) -> str:
    """From the target of an instrument to the units it means, and to what is missing of them."""
    after, position = step.after, step.before.position
    if run.record.style == "allocate":
        means = f"weight {after.intent:g} × equity {_equity(run, step)} ÷ close {_close(step)}"
    else:
        means = _target(run, decisions, step, i)
    return f"{means} → {units(after.desired)} units; {units(position)} held, so {units(after.desired - position)}"


def _target(run: ExplainedRun, decisions: Decisions, step: Step, i: int) -> str:
    target, position = step.after.intent, step.before.position
    if target == 0.0:
        return "target 0"
    how = "fixed when it was opened"
    if position == 0 or (position > 0) != (target > 0.0):
        how = _formula(run, decisions, step, i)
    return f"target {target:+g} × {step.after.full_units:,} units ({how})"


def _formula(run: ExplainedRun, decisions: Decisions, step: Step, i: int) -> str:
    """The sizing with its numbers; docs/sizing.md has the formulas."""
    settings, panel = run.settings, run.record.panel
    close, equity = _close(step), _equity(run, step)
    share = f"allotment {settings.allotment or 1.0 / len(panel.instruments):.4g}"
    margin = settings.short_share if step.after.intent < 0.0 else settings.long_share
    volatility = float("nan") if decisions.volatility is None else decisions.volatility[i]
    said = {
        "fixed": "",
        "value": f" ÷ close {close}",
        "equity": f" × {share} × equity {equity} ÷ close {close}",
        "risk": f" × equity {equity} ÷ the distance of its stop",
        "volatility": f" × {share} × equity {equity} ÷ (close {close} × volatility {volatility:.4g})",
        "kelly": f" of the growth-optimal fraction × {share} × equity {equity} ÷ close {close}",
        "equal_risk": f" × share by 1 ÷ volatility {volatility:.4g} × equity {equity} ÷ close {close}",
        "margin": f" × {share} × equity {equity} ÷ (close {close} × margin {margin:.4g})",
    }[settings.sizing.kind]
    lot = panel.instruments[i].lot
    return f"sizing {settings.sizing}{said}, whole {f'lots of {lot}' if lot > 1 else 'units'}"


def _equity(run: ExplainedRun, step: Step) -> str:
    return money_text(step.before.equity_paise / 100, run.record.panel.currency)


def _close(step: Step) -> str:
    return price_text(step.before.close)
