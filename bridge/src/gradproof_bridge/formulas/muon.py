"""How Muon makes a matrix orthogonal: `_zeropower_via_newtonschulz` of torch/optim/_muon.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.halves import Halves

if TYPE_CHECKING:
    from gradproof_bridge.bundle.vocabulary import Params

_HALF = Halves("bfloat16")
_ROUNDING = 2.0**-24
"""Of sums in float32, which every processor rounds to the nearest."""


class _Chain:
    """Numbers that are rounded to bfloat16 one after the other, as long as it is certain to which."""

    def __init__(self) -> None:
        self.is_certain = True

    def keep(self, value: F64, error: F64) -> F64:
        """The nearest of bfloat16, which must be that of all that the value may be."""
        kept = _HALF(value)
        # A float32 farther, since numbers become float32 on their way to bfloat16.
        low, high = (
            _HALF(np.nextafter(end.astype(np.float32), np.float32(to)).astype(np.float64))
            for end, to in ((value - error, -np.inf), (value + error, np.inf))
        )
        self.is_certain &= bool(np.all((low == kept) & (high == kept)))
        return kept

    def product(self, a: F64, b: F64, scale: float = 1.0, beside: F64 | None = None) -> F64:
        """Scale a b + beside, which is added up in float32 in any order."""
        value = scale * (a @ b)
        size = abs(scale) * (np.abs(a) @ np.abs(b))
        if beside is not None:
            value, size = value + beside, size + np.abs(beside)
        return self.keep(value, (a.shape[-1] + 3) * _ROUNDING * size)


def orthogonal(x: Bounded, p: Params) -> Bounded:
    """The matrix made orthogonal in bfloat16; of no number anything is known where a sum in float32
    may be rounded to one or the other number of bfloat16.
    """
    a, b, c = p["ns_coefficients"]
    is_tall = x.shape[0] > x.shape[1]
    chain = _Chain()
    kept = chain.keep(x.value, x.error)
    y: F64 = kept.T if is_tall else kept
    size = np.sqrt(np.sum(y * y)).reshape(1)
    norm = max(float(chain.keep(size, (y.size + 3) * _ROUNDING * size)[0]), p["eps"])
    y = chain.keep(y / norm, _ROUNDING * np.abs(y / norm))
    for _ in range(p["ns_steps"]):
        gram = chain.product(y, y.T)
        update = chain.product(gram, gram, c, b * gram)
        y = chain.product(update, y, 1.0, a * y)
    value = y.T if is_tall else y
    return Bounded(value, np.full(x.shape, 0.0 if chain.is_certain else np.inf))
