"""Questions put to a strategy rather than to the market: is it causal, and later: is it luck."""
