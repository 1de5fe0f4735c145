"""Logits with masked elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradproof_bridge.formulas.bounded import Bounded, bounded

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MASKED = -1e300


def logits(x: NDArray[Any], axes: int | tuple[int, ...]) -> Bounded:
    """Where a row over these axes has others, -inf means "masked": a number so far below that what
    depends on it comes out beyond float32, and is not judged.
    """
    value = x.astype(np.float64)
    hidden = np.isneginf(value)
    some = ~hidden.all(axes, keepdims=True)
    return bounded(np.where(hidden & some, _MASKED, value))
