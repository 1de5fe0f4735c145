"""Parity bundles of what the libraries here compute."""
