"""The rulebook: what a fill costs, where it happens, how much to order, what risk allows.

Scalar functions in the subset of Python that numba compiles, importing nothing but ``math``. ``Session`` and the
simulated exchange call them as they are; the compiled engine compiles the same function objects.
Read them in the order money, prices, fills, exits, charges, sizing, risk, ledger, targets.

Conventions: ``side`` is +1 (buy) or −1 (sell); prices are rupees, NaN = none; money is whole paise; quantities are
whole units, signed where a position or an order is meant. A check is written in its positive form, so NaN fails it.
"""
