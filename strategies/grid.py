"""Grid: resting limit orders below an anchor price, each sold one step higher."""

from pydantic import Field

from framework import Context, Strategy


class Grid(Strategy):
    """Buys a fixed quantity at each step that the price falls below its anchor and sells it one step higher. Long only.

    Level k lies k steps below the anchor: anchor × (1 − step)^k. Each level holds at most one quantity, so a fall costs
    at most levels × quantity. The anchor is the first close; while nothing is held it follows the price upwards.
    ``ctx.state`` keeps the anchors across a restart; everything else is read from the position.
    """

    step: float = Field(0.02, gt=0, le=0.5, description="distance between levels, share of the price")
    levels: int = Field(5, ge=1, le=50, description="buy levels below the anchor")
    quantity: int = Field(1, ge=1, description="units a level")

    def on_bar(self, ctx: Context) -> None:
        """Keep one buy order at each empty level and one sell order for each filled one."""
        book = ctx.portfolio
        for instrument, close in zip(book.instruments, book.closes, strict=True):
            if close > 0:  # NaN before the instrument's first bar
                self._tend(ctx, instrument.symbol, float(close))

    def _tend(self, ctx: Context, symbol: str, close: float) -> None:
        held = max(ctx.position(symbol), 0)
        working = ctx.working(symbol)
        anchor = ctx.state.setdefault(symbol, close)
        if held == 0 and close > anchor:
            anchor = ctx.state[symbol] = close
            ctx.cancel(symbol=symbol)
            working = {}
        for level in range(1, self.levels + 1):
            filled = min(max(held - (level - 1) * self.quantity, 0), self.quantity)
            wanted = {f"buy {level}": self.quantity - filled, f"sell {level}": -filled}
            for label, units in wanted.items():
                if working.get(label, 0) == units:
                    continue
                if label in working:
                    ctx.cancel(label, symbol)
                if units > 0:
                    ctx.buy(units, symbol, limit=anchor * (1 - self.step) ** level, validity="GTC", label=label)
                elif units < 0:
                    ctx.sell(-units, symbol, limit=anchor * (1 - self.step) ** (level - 1), validity="GTC", label=label)
