"""Philox 4x32-10, the project's counter-based generator (Salmon et al., 2011): the same streams in
Python, TypeScript and WGSL.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.bundle.stored import Array

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW, _WORD = np.uint64(0xFFFFFFFF), np.uint64(32)
_DTYPES: dict[str, Any] = {"f32": np.float32, "f16": np.float16, "bf16": ml_dtypes.bfloat16}


def philox(count: int, seed: int, stream: int, start: int = 0) -> NDArray[np.uint32]:
    """`count` words of the stream with key (`seed`, `stream`), from block `start` on."""
    counter: NDArray[np.uint64] = np.arange(start, start + -(-count // 4), dtype=np.uint64)
    c0, c1 = counter & _LOW, counter >> _WORD
    c2, c3 = np.zeros_like(counter), np.zeros_like(counter)
    k0, k1 = seed & 0xFFFFFFFF, stream & 0xFFFFFFFF
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _WORD) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _WORD) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], 1).reshape(-1)[:count].astype(np.uint32)


def uniform(count: int, seed: int, stream: int, start: int = 0) -> NDArray[np.float64]:
    """Multiples of 2^-24 in [0, 1): the upper bits of the words of `philox`."""
    return (philox(count, seed, stream, start) >> 8) / 2.0**24


class Draw:
    """Inputs of a case: exact functions of a seed and the case's name, on every machine (no
    logarithm or cosine is involved).
    """

    def __init__(self, seed: int, name: str):
        self._seed = seed
        self._stream = zlib.crc32(name.encode())
        self._block = 0

    def _uniform(self, count: int) -> NDArray[np.float64]:
        drawn = uniform(count, self._seed, self._stream, self._block)
        self._block += -(-count // 4)
        return drawn

    def uniform(
        self, *shape: int, low: float = -1.0, high: float = 1.0, dtype: str = "f32"
    ) -> Array:
        """Even in [low, high)."""
        return (
            (low + (high - low) * self._uniform(math.prod(shape)))
            .reshape(shape)
            .astype(_DTYPES[dtype])
        )

    def normal(self, *shape: int, scale: float = 1.0, dtype: str = "f32") -> Array:
        """Close to normal: the sum of twelve even draws has deviation 1."""
        total = self._uniform(12 * math.prod(shape)).reshape(-1, 12).sum(1) - 6
        return (scale * total).reshape(shape).astype(_DTYPES[dtype])

    def integers(self, *shape: int, low: int, high: int) -> Array:
        """Integers in [low, high], both included."""
        return (
            np.floor(low + (high - low + 1) * self._uniform(math.prod(shape)))
            .reshape(shape)
            .astype(np.int32)
        )

    def bits(self, *shape: int, share: float = 0.5) -> Array:
        """1 with the probability `share`, else 0."""
        return (self._uniform(math.prod(shape)) < share).reshape(shape).astype(np.uint8)
