"""How torch.autocast stores what it computes in halves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.formulas.bounded import F64

Store = Callable[[F64], F64]
"""What is kept of an operand or a result of a product."""

_DTYPES = {"float16": np.dtype(np.float16), "bfloat16": np.dtype(ml_dtypes.bfloat16)}
_PLACES = {"float16": (10, -14), "bfloat16": (7, -126), "float32": (23, -126)}
"""Bits behind the point, and the smallest exponent."""


def in_full(x: F64) -> F64:
    """Without autocast."""
    return x


def in_single(x: F64) -> F64:
    """As float32 keeps it."""
    return x.astype(np.float32).astype(np.float64)


@dataclass(frozen=True)
class Halves:
    """With products in this format."""

    dtype: str

    def __call__(self, x: F64) -> F64:
        """The nearest half; infinite where the format ends."""
        with np.errstate(over="ignore"):
            return x.astype(_DTYPES[self.dtype]).astype(np.float64)


def unit_of(x: Array, dtype: str) -> F64:
    """A unit in the last place of the format at `x`."""
    bits, least = _PLACES[dtype]
    exponent = np.floor(np.log2(np.maximum(np.abs(x), 2.0**-140)))
    return np.asarray(2.0 ** (np.maximum(exponent, least) - bits), np.float64)
