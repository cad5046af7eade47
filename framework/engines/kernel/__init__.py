"""Speed only: the compiled engine's loop, the rulebook over arrays in the Python that numba compiles.

``layout`` names what is kept, ``orders`` and ``account`` book it, ``session`` decides, ``exchange`` fills, ``loop``
drives, ``to_records`` makes records of it. The functions also run uncompiled, which is how tests cover them. Nothing
here imports numba.

What it mirrors. Each step of a backtest that Session and the simulated exchange take, in their order:

=====================  ========================================================================================
``orders``             ``session.orders``: numbered, placed, parked, taken back, ended
``account``            ``session.account``, ``trip_stats``: fills, marks, buying power, round trips
``session``            what follows from a fill, ``intents``, ``reductions``, ``increases``, ``funding``
``protection``         ``session.protection``: stops and targets placed, moved, withdrawn
``risk``               ``session.review``, ``exposure`` and ``breaker``
``sizer``              ``session.sizer``
``product``            ``session.product``: square-off and expiry
``corporate_actions``  ``session.corporate_actions``
``exchange``           ``framework.exchange``: which orders a step of a bar fills, in which rank, at which price
=====================  ========================================================================================

What both texts decide is a function of ``framework.rules`` that gives a code, a number or a price; both only carry it
out, each on its own records. So a change of a decision is made once, in the rulebook; only a change of the *order of
steps* is made twice. Tests compare the texts over thousands of random runs, to the bit.

What it never mirrors:

- What only a broker can do: answers that come late, twice, in another order or not at all, refused cancels and
  changes, accidents, hand sales, doubt. In a backtest every answer comes at once, so an order is parked, working or
  done, and a cancel is carried out before the next row.
- Persons and clocks: halts, deposits, ticks without a bar, expiry of a command.
- ``on_bar`` strategies and rules of the user's own, which are Python; such runs take the event engine.
- Facts, commands, tags, groups and the journal. Its records say what was ordered, filled and noticed.

``loop``, ``scan`` and ``skip`` pass over bars in which nothing can happen; ``long_flat`` is a third text of the
simplest run, for sweeps (DECISIONS 17). None of them decides anything that the rulebook does not.
"""
