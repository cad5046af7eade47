"""Pre-trade rules: the checks on an order at the moment it would leave for a broker.

The decision rules of ``session`` bound what a strategy may want; these bound what may be sent now. They are pure
functions of the order, a frozen context and the time, which is an argument. Read answers, facts, rate, then the rules
in the order of ``gate.RULES``.
"""
