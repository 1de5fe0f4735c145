"""Parity of Gradproof with the libraries that people trust: recorded bundles, and a live connection
to them.
"""

__version__ = "0.1.0"
