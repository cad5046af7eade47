"""Ports to the outside: a broker (``port``, with its ``book``) and market data (``feed``)."""
