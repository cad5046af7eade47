"""Settings of this installation: the file ``config/trading.yaml`` and the environment."""
