"""Strategy: the one base class. Its fields are the parameters, its methods decide what to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from framework.errors import ConfigError, StrategyError
from framework.types.explain import explain, unknown_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from framework.types import Bars, Panel, Portfolio, Signals


class Context(Protocol):
    """Context of ``on_bar`` at a bar's close: what it may read, and its actions. Rupees, and units ≥ 1."""

    state: dict[str, Any]
    """The strategy's own memory, plain JSON values; kept by the journal across a restart."""

    @property
    def row(self) -> int:
        """Number of the bar just completed, 0-based, in the history the run was given."""
        ...

    @property
    def portfolio(self) -> Portfolio:
        """Cash, positions and marks at this close."""
        ...

    @property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol of the run."""
        ...

    def bars(self, symbol: str | None = None) -> Bars:
        """History of one instrument up to and including this bar."""
        ...

    def position(self, symbol: str | None = None) -> int:
        """Signed units held."""
        ...

    def buy(
        self,
        quantity: int,
        symbol: str | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        validity: str = "DAY",
        label: str = "",
    ) -> None:
        """Order to buy: market, limit, stop, or stop-limit when both prices are given."""
        ...

    def sell(
        self,
        quantity: int,
        symbol: str | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        validity: str = "DAY",
        label: str = "",
    ) -> None:
        """Order to sell; see ``buy``."""
        ...

    def cancel(self, label: str | None = None, symbol: str | None = None) -> None:
        """Cancel the working orders of this instrument (with this label)."""
        ...

    def working(self, symbol: str | None = None) -> dict[str, int]:
        """Label → signed units still unfilled, of this instrument's working orders."""
        ...


class Strategy(BaseModel):
    """Write one of ``signals``, ``allocate`` or ``on_bar``; declare parameters as pydantic fields.

    A strategy holds no state between calls and sees no clock: the same bars always give the same answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    if not TYPE_CHECKING:  # type checkers see the fields as keywords, which pydantic tells them

        def __init__(self, /, **settings: Any) -> None:
            try:
                super().__init__(**settings)
            except ValidationError as error:
                name = type(self).__name__
                for mistake in error.errors():
                    if mistake["type"] == "extra_forbidden":
                        fields = type(self).model_fields
                        raise ConfigError(unknown_name(f"{name} has no parameter", mistake["loc"][0], fields)) from None
                raise ConfigError(explain(name, error)) from None

        __init__.__pydantic_base_init__ = True  # it does what pydantic's own does: no detour when validating

    def signals(self, bars: Bars) -> Signals:
        """Exposure wanted at each bar's close, for one instrument at a time."""
        raise NotImplementedError

    def allocate(self, panel: Panel) -> NDArray[np.float64]:
        """Weights of portfolio equity wanted at each close, float64[T, N]; Σ|w| ≤ leverage, NaN keeps."""
        raise NotImplementedError

    def on_bar(self, ctx: Context) -> None:
        """Act at one bar's close with explicit orders; for strategies that arrays cannot express."""
        raise NotImplementedError

    @classmethod
    def style(cls) -> str:
        """Style of the strategy: ``signals``, ``allocate`` or ``on_bar``. ``StrategyError`` unless exactly one."""
        written = [name for name in STYLES if getattr(cls, name) is not getattr(Strategy, name)]
        if len(written) != 1:
            found = " and ".join(written) or "none of them"
            msg = f"{cls.__name__} must define exactly one of {', '.join(STYLES)}; it defines {found}"
            raise StrategyError(msg)
        return written[0]

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Build from ``--set`` texts or numbers; ``ConfigError`` names the value, the bound and the nearest name."""
        return cls(**settings)


STYLES = ("signals", "allocate", "on_bar")
