"""Engines: the same rulebook driven over history. Each takes a panel and decisions and hands back a Record."""
