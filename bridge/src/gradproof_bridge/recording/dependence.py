"""Which outputs depend on a NaN that goes in, or on an infinity beside one: what depends on infinities
alone the formulas say.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.expected import Expected, Mask, Real
from gradproof_bridge.formulas.registry import expect

_STAND_INS = (0.0, 1.0, -1.0, 0.37, 1e4, -3e8)
"""Numbers in the place of one that is none: what depends on it tells at least two of them apart."""
_STEPS = (0, 1)
"""How far on among them each input begins: all at the same, which makes ties, and each at another."""


def dependent(op: str, inputs: Inputs, params: Params) -> Mapping[str, Mask]:
    """By output, the elements that two finite numbers in the place of what is none make different.
    Empty where all inputs are numbers.
    """
    if not any(np.any(_is_nan(x)) for x in inputs.values()):
        return {}
    found = [
        expect(op, _replaced(inputs, first, step), params)
        for step in _STEPS
        for first in range(len(_STAND_INS))
    ]
    return {
        name: np.any([_differs(one, others[name]) for others in found[1:]], axis=0)
        for name, one in found[0].items()
    }


def _replaced(inputs: Inputs, first: int, step: int) -> dict[str, Array]:
    def of(place: int, x: Array) -> Array:
        number = _STAND_INS[(first + step * place) % len(_STAND_INS)]
        if x.dtype.kind in "iub":
            return x
        return np.where(np.isfinite(x.astype(np.float64)), x, x.dtype.type(number))

    return {name: of(place, x) for place, (name, x) in enumerate(inputs.items())}


def _differs(one: Expected, other: Expected) -> Mask:
    a, b = (x.number.value if isinstance(x, Real) else x.value for x in (one, other))
    return np.asarray((a != b) & ~(_is_nan(a) & _is_nan(b))).reshape(one.shape)


def _is_nan(x: Array) -> Mask:
    return np.isnan(x.astype(np.float64))
