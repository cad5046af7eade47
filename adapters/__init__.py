"""Brokers, feeds and notifiers behind the Protocols that framework declares."""
