"""Run without limits: the same decisions with no risk limit and no rule of the user's own."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


class Later:
    """Room for the run that is still to be made."""

    __slots__ = ("_make",)


@dataclass(frozen=True, slots=True, eq=False)
class WithoutRisk(Later):
    """A second run without limits and rules; the cash limit stays, because money that is not there buys nothing.

    The one in a fresh ``Result`` is run when it is first looked at: whoever only asks for numbers never waits for it.
    """

    equity_paise: NDArray[np.int64]
    """int64[R] at each close of the accounted range; empty when the second run was left out."""
    fills: int = 0
    charges_paise: int = 0
    engine: str = ""
    left_out: str = ""
    """Reason why there was no second run, as a sentence; else empty."""

    @classmethod
    def later(cls, make: Callable[[], WithoutRisk]) -> Self:
        """Result of ``make``, called at first access."""
        empty = object.__new__(cls)
        object.__setattr__(empty, "_make", make)
        return empty

    def made(self) -> Self:
        """Itself, after the second run."""
        make: Callable[[], WithoutRisk] | None = getattr(self, "_make", None)
        if make is not None:
            found = make()
            for each in fields(self):
                object.__setattr__(self, each.name, getattr(found, each.name))
            object.__setattr__(self, "_make", None)
        return self

    def __getattr__(self, name: str) -> Any:
        """A field that is not known yet: only a slot that is still empty gets here."""
        if name not in type(self).__dataclass_fields__ or getattr(self, "_make", None) is None:
            msg = f"WithoutRisk has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(self.made(), name)
