"""Causality check: could a future bar have changed a past decision of this strategy?"""
