"""Sweeps: one strategy with many parameter sets, every one of them counted."""

from framework.sweeps.result import SweepResult
from framework.sweeps.run import sweep

__all__ = ["SweepResult", "sweep"]
