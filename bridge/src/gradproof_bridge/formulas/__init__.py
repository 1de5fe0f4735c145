"""The formulas of the vocabulary in float64, each with a bound of what float32 arithmetic in any
order may lose.
"""
