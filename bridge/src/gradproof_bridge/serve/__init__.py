"""The live bridge: answers one page on loopback. What is said on the wire is in
docs/bridge-protocol.md.
"""
