"""Words of backtesting.py, vectorbt, backtrader and zipline for what is called otherwise here."""

from __future__ import annotations

CAPITAL, CHARGES, SIZE = "capital=100_000", 'charges="percent:0.1" (percent of value)', 'sizing="equity:95%"'
CLOSE, SLIPPAGE = 'fill_at="same_close"', 'slippage="bps:5"'
STOP, TARGET, TRAIL = 'stop_loss="5%"', 'take_profit="10%"', 'trail="3%"'
OURS = {
    **dict.fromkeys(("cash", "init_cash", "initial_cash", "starting_cash", "setcash", "startcash"), CAPITAL),
    **dict.fromkeys(("initial_capital", "init_capital", "capital_base", "initial_balance"), CAPITAL),
    **dict.fromkeys(("commission", "commissions", "comm", "fee", "fees", "setcommission"), CHARGES),
    "fixed_fees": 'charges="flat:20" (an order)',
    **dict.fromkeys(("size", "size_type", "stake", "sizer", "position_size", "quantity"), SIZE),
    **dict.fromkeys(("trade_on_close", "cheat_on_close", "coc", "set_coc"), CLOSE),
    **dict.fromkeys(("spread", "slip", "slip_perc", "slippage_perc"), SLIPPAGE),
    "slip_fixed": 'slippage="ticks:1"',
    "margin": "long_margin=0.2 and short_margin=0.2",
    **dict.fromkeys(("sl", "sl_stop", "stop"), STOP),
    **dict.fromkeys(("tp", "tp_stop", "target"), TARGET),
    **dict.fromkeys(("tsl", "tsl_stop", "sl_trail", "trailing_stop", "trail_stop"), TRAIL),
    "freq": 'timeframe="1d", beside the bars',
}
"""Foreign word, in lower case → how to write it here."""


def in_our_words(word: str) -> str | None:
    """Our way of writing a setting of another library; None where the word means nothing."""
    return OURS.get(word.lower())
