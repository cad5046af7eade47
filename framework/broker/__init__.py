"""The port to a broker: what any adapter implements."""
