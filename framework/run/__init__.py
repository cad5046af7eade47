"""Prepares a run: inputs, preflight checks, prices, provenance; and the history of kept runs."""
