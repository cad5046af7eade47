"""Send rules: what is asked of an order at the moment it would leave for a broker.

The decision rules of ``session`` say what a strategy may want; these say what may be sent now. They are pure functions
of the order, a frozen picture of the world and the time, which is an argument. Read answers, facts, pace, then the
rules in the order ``gate.RULES`` asks them.
"""
