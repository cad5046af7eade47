"""What the same decisions come to where no risk limit and no rule of the user's own holds them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class WithoutRisk:
    """A second run without limits and rules; the cash limit stays, because money that is not there buys nothing."""

    equity_paise: NDArray[np.int64]
    """int64[R] at each close of the accounted range; empty when the second run was left out."""
    fills: int = 0
    charges_paise: int = 0
    engine: str = ""
    left_out: str = ""
    """Why there was no second run, as a sentence; else empty."""
