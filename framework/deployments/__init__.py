"""Deployments as files: read and checked, written with every key explained, backtested as one account."""
