"""The runner: one loop that drives sessions with a real feed, a broker and a clock, and survives what they do."""
