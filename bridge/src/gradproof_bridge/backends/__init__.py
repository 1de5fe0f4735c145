"""Who can compute an op: libraries on devices."""
