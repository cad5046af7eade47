"""Paper broker: a simulated exchange and accounts of its own behind the broker's port, and a second door to them.

Theory of operation
-------------------
``PaperBroker`` (``broker.py``) is a broker of another house that happens to live in our process. It holds one
``PaperBook`` for each strategy, so that a strategy's fills on paper are those of its own backtest; what it shows to the
outside is their sum, as a broker does that knows no strategies. Three layers, each of which can be read alone:

- **The truth** (``books.py``, ``ledger.py``, ``bar_market.py``, ``tick_market.py``): what the house has on its books.
  Every change of it is an entry (``entries.py``) that is written (``storage.py``) before anybody hears of it, and the
  books are nothing but what those entries add up to. So a runner that was killed finds its orders where they were.
- **The way there and back** (``broker.py``, ``behaviour.py``, ``news_line.py``): requests that are lost, replies that
  are lost, news that come late, twice, out of order and not at all, by configuration and one random generator.
- **The second door** (``socket.py``, ``control.py``): another process lists orders and positions, cancels and flattens,
  through a thread that answers while the event loop hangs.

By bars (``lockstep``) the runner shows a book each bar, and hears one event at a time, each before the next one is
decided: the order of the event engine, and therefore its numbers. By ticks the market does not wait for anybody.
"""
