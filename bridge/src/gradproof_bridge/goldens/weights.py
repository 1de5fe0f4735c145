"""Weights that golden codes are of, each an exact function of its shape on every machine:
`suites/quant/goldens/weights.ts` draws the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.bundle.stored import Array

_HALVES = 12
"""16-bit words that a number close to normal is the sum of: their deviation is 1."""
_BLOCK = 64
_CHUNK = 2**20
_TAIL = 2.0**-12
"""What keeps the divisor of a heavy tail from zero."""


def _words(first: int, count: int) -> NDArray[np.uint32]:
    """A word for each index, mixed by Wellons' lowbias32: sixteen million numbers take a second, as
    they would not by Philox.
    """
    x = np.arange(first, first + count, dtype=np.uint64).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def _normals(count: int, start: int = 0) -> NDArray[np.float64]:
    """Close to normal: twelve even draws added up, less 6."""
    words = _HALVES // 2
    parts = []
    for first in range(0, count, _CHUNK):
        several = min(_CHUNK, count - first)
        drawn = _words(start + words * first, words * several).reshape(-1, words)
        parts.append(((drawn & 0xFFFF) + (drawn >> 16)).sum(1, dtype=np.float64) / 2**16 - 6)
    return np.concatenate(parts)


def _normal(count: int) -> NDArray[np.float64]:
    return 0.05 * _normals(count)


def _activations(count: int) -> NDArray[np.float64]:
    return _normals(count, 2**30)


def _heavy(count: int) -> NDArray[np.float64]:
    """Over an even draw, so that one in a thousand is a thousand times as large as usual."""
    even = _words(2**31, count) / 2.0**32
    return _normal(count) / (even + _TAIL)


def _zero_blocks(count: int) -> NDArray[np.float64]:
    """Every third block of 64 is zeros, and so is the last."""
    x = _normal(count)
    block = np.arange(count) // _BLOCK
    x[(block % 3 == 1) | (block == block[-1])] = 0
    return x


def _blocks(count: int) -> NDArray[np.float64]:
    """Rows of 128 of their own kind: zeros, denormals, outliers, constants; the others are normal."""
    x = _normal(count).reshape(-1, 128)
    x[0] = 0
    x[1] *= 2.0**-130
    x[2, ::50] = 1000
    x[3, 5] = -1e6
    x[4] = 0.375
    x[5] = -3e-5
    x[6, :64] = 0.1
    x[6, 64:] = 0
    x[7, :64] *= 2.0**-130
    return x.reshape(-1)


_KINDS: dict[str, Callable[[int], NDArray[np.float64]]] = {
    "normal": _normal,
    "activations": _activations,
    "heavy": _heavy,
    "zero-blocks": _zero_blocks,
    "blocks": _blocks,
}


def drawn(kind: str, *shape: int, dtype: str = "float32") -> Array:
    """A weight of that kind."""
    return _KINDS[kind](math.prod(shape)).reshape(shape).astype(dtype)
