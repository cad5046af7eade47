"""Sizes in words: by which formula and which numbers a target became units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.types.rupees import rupees

if TYPE_CHECKING:
    from framework.report.result import Result
    from framework.run.trail import Step
    from framework.types.orders import Decisions


def size_text(result: Result, decisions: Decisions, step: Step, i: int) -> str:
    """From the target of an instrument to the units it means, and to what is missing of them."""
    after, position = step.after, step.before.position
    units = _weight(result, decisions, step, i) if result.record.style == "allocate" else _target(result, decisions, step, i)
    missing = after.desired - position
    return f"{units} → {after.desired:+,} units; {position:+,} held, so {missing:+,}"


def _weight(result: Result, decisions: Decisions, step: Step, i: int) -> str:
    weight = step.after.intent
    return f"weight {weight:g} × equity {_equity(step)} ÷ close {_close(result, step, i)}"


def _target(result: Result, decisions: Decisions, step: Step, i: int) -> str:
    target, full = step.after.intent, step.after.full_units
    if target == 0.0:
        return "target 0"
    opens = step.before.position == 0 or (step.before.position > 0) != (target > 0.0)
    how = f" ({_formula(result, decisions, step, i, -1 if target < 0 else 1)})" if opens else " (fixed when it was opened)"
    return f"{target:+g} × full target {full:,} units{how}"


def _formula(result: Result, decisions: Decisions, step: Step, i: int, side: int) -> str:
    """The sizing with its numbers; docs/sizing.md has the formulas."""
    settings, panel = result.settings, result.record.panel
    kind, text = settings.sizing.kind, str(settings.sizing)
    close, equity = _close(result, step, i), _equity(step)
    share = settings.allotment or 1.0 / len(panel.instruments)
    margin = settings.short_share if side < 0 else settings.long_share
    volatility = float("nan") if decisions.volatility is None else decisions.volatility[i]
    said = {
        "fixed": "",
        "value": f" ÷ close {close}",
        "equity": f" × allotment {share:.4g} × equity {equity} ÷ close {close}",
        "risk": f" × equity {equity} ÷ the distance of its stop",
        "volatility": f" × allotment {share:.4g} × equity {equity} ÷ (close {close} × volatility {volatility:.4g})",
        "kelly": f" of the growth-optimal fraction × allotment {share:.4g} × equity {equity} ÷ close {close}",
        "equal_risk": f" × share by 1 ÷ volatility {volatility:.4g} × equity {equity} ÷ close {close}",
        "margin": f" × allotment {share:.4g} × equity {equity} ÷ (close {close} × margin {margin:.4g})",
    }[kind]
    lot = panel.instruments[i].lot
    return f"sizing {text}{said}, whole {f'lots of {lot}' if lot > 1 else 'units'}"


def _equity(step: Step) -> str:
    return rupees(step.before.equity_paise / 100)


def _close(result: Result, step: Step, i: int) -> str:
    return f"{step.before.close:,.10g}"
