"""The trading session: a state machine without clock or I/O, and the parts it is made of.

Read ``session.py`` first; ``account`` books money, ``orders`` mirrors orders, ``intents`` turns targets into units,
``protection`` keeps stops and targets, ``increases`` and ``reductions`` place orders, ``review`` asks the risk rules,
``breaker`` keeps the trading state, ``exposure`` and ``funding`` say what is used and what an entry may spend,
``sizer`` finds sizes and ``order_prices`` prices. ``answers`` takes what a broker answers.
"""

from framework.session.session import Session

__all__ = ["Session"]
