"""Broker port: the interface that any adapter implements."""
