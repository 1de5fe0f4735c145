"""Blocks of GGUF files: gguf/quants.py of llama.cpp's Python library, 0.19."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, TINY, Bounded, bounded, eps
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Decoded, Expected

Bytes = NDArray[np.uint8]

_SIZES = {
    "q4_0": (32, 18),
    "q5_0": (32, 22),
    "q8_0": (32, 34),
    "q4_k": (256, 144),
    "q5_k": (256, 176),
    "q6_k": (256, 210),
}
"""Elements and bytes of a block."""


def _blocks(array: Array, size: int, what: str) -> Array:
    if array.shape[-1] % size:
        raise FormatError(f"{what} {array.shape[-1]} is no multiple of {size}")
    return array.reshape(-1, size)


def gguf_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Codes relative to d, which is stored as a half: q4_0 by the extreme over -8, q8_0 by the
    largest magnitude over 127.
    """
    kind, weight = params["quant_type"], inputs["weight"]
    elements, size = _SIZES[kind]
    x: F64 = _blocks(weight.astype(np.float64), elements, "gguf_quantize: the row length")
    d = _step(x, kind)
    with np.errstate(divide="ignore", invalid="ignore"):
        y = np.where(d == 0, 0, x / d)
    # The quotient by 127, the reciprocal, the product, and the sum with 8.5.
    off = 4 * eps() * np.abs(y) + (eps() * (np.abs(y) + 8.5) if kind == "q4_0" else 0)
    codes, low, high = (_code(np.nan_to_num(y + sign * off), kind) for sign in (0, -1, 1))
    # A half of it is 0, and its reciprocal may be infinite.
    is_open = (d != 0) & (np.abs(d) < TINY)
    least, most = (0, 15) if kind == "q4_0" else (-128, 127)
    half = _half(d)
    packed = _packed(half, codes, kind).reshape(
        *weight.shape[:-1], weight.shape[-1] // elements * size
    )

    def decode(actual: Array) -> F64:
        return _decoded(actual.reshape(-1, size), kind)

    return {
        "packed": Decoded(
            packed,
            decode,
            np.concatenate([_ends(d)[0], np.where(is_open, least, low)], 1),
            np.concatenate([_ends(d)[1], np.where(is_open, most, high)], 1),
        )
    }


def _step(x: F64, kind: str) -> F64:
    """What a code counts in float32, for each block."""
    if kind == "q8_0":
        return (np.abs(x).max(1, keepdims=True) / 127).astype(np.float32).astype(np.float64)
    extreme = np.take_along_axis(x, np.abs(x).argmax(1, keepdims=True), 1)
    return (extreme / -8).astype(np.float32).astype(np.float64)


def _half(d: F64) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        return d.astype(np.float32).astype(np.float16)


def _ends(d: F64) -> tuple[F64, F64]:
    """The halves of what float32 may have for d."""
    a, b = (_half(d * (1 + sign * eps())).astype(np.float64) for sign in (-1, 1))
    return np.minimum(a, b), np.maximum(a, b)


def _code(y: F64, kind: str) -> F64:
    if kind == "q4_0":
        return np.clip(np.trunc(y + 8.5), 0, 15)
    return np.clip(np.sign(y) * np.floor(np.abs(y) + 0.5), -128, 127)


def _packed(half: NDArray[np.float16], codes: F64, kind: str) -> Bytes:
    whole: Bytes = codes.astype(np.int16).astype(np.uint8)
    if kind == "q4_0":
        whole = (whole[:, :16] + 16 * whole[:, 16:]).astype(np.uint8)
    return np.concatenate([half.view(np.uint8), whole], 1)


def _decoded(blocks: Array, kind: str) -> F64:
    """The half of each block, and its codes."""
    half = np.ascontiguousarray(blocks[:, :2]).view(np.float16).astype(np.float64)
    codes = (
        np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1)
        if kind == "q4_0"
        else np.ascontiguousarray(blocks[:, 2:]).view(np.int8)
    )
    return np.concatenate([half, codes.astype(np.float64)], 1)


def gguf_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Y = x W^T with the weight that its blocks hold; dx = dy W."""
    return decoded_product(inputs, gguf_dequantize(inputs, params)["y"])


def gguf_dequantize(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Products that float32 holds; in q4_k and q5_k less another of them."""
    packed = inputs["packed"]
    elements, size = _SIZES[params["quant_type"]]
    blocks = _blocks(packed, size, "gguf_dequantize: the number of bytes in a row")
    product, minimum = _ELEMENTS[params["quant_type"]](blocks.astype(np.int64), np.arange(elements))
    y = Bounded(product, np.zeros_like(product))
    if minimum is not None:
        y = y - bounded(minimum)
    return {"y": y.reshape(*packed.shape[:-1], packed.shape[-1] // size * elements)}


Integers = NDArray[np.int64]
Element = tuple[F64, "F64 | None"]
"""A product, and what is taken from it."""


def _of_half(blocks: Integers, at: int) -> F64:
    return blocks[:, at : at + 2].astype(np.uint8).view(np.float16).astype(np.float64)


def _nibbles(blocks: Integers, e: Integers, first: int, run: int) -> Integers:
    """Codes of four bits, in `run` bytes those of as many elements and of as many after them."""
    return (blocks[:, first + e // (2 * run) * run + e % run] >> (4 * (e // run % 2))) & 15


def _signed(values: Integers) -> Integers:
    return np.where(values < 128, values, values - 256)


def _q4_0(blocks: Integers, e: Integers) -> Element:
    return _of_half(blocks, 0) * (_nibbles(blocks, e, 2, 16) - 8), None


def _q5_0(blocks: Integers, e: Integers) -> Element:
    fifth = (blocks[:, 2 + e // 8] >> (e % 8)) & 1
    return _of_half(blocks, 0) * (_nibbles(blocks, e, 6, 16) + 16 * fifth - 16), None


def _q8_0(blocks: Integers, e: Integers) -> Element:
    return _of_half(blocks, 0) * _signed(blocks[:, 2 + e]), None


def _on_line(blocks: Integers, e: Integers, codes: Integers) -> Element:
    """Scales and minima of six bits for each 32 elements."""
    scales, j = blocks[:, 4:16], e // 32
    near, far = j % 4, scales[:, 8 + j % 4]
    scale = np.where(j < 4, scales[:, near] & 63, (far & 15) | ((scales[:, near] >> 2) & 48))
    minimum = np.where(
        j < 4, scales[:, 4 + near] & 63, (far >> 4) | ((scales[:, 4 + near] >> 2) & 48)
    )
    return _of_half(blocks, 0) * scale * codes, _of_half(blocks, 2) * minimum


def _q4_k(blocks: Integers, e: Integers) -> Element:
    return _on_line(blocks, e, _nibbles(blocks, e, 16, 32))


def _q5_k(blocks: Integers, e: Integers) -> Element:
    fifth = (blocks[:, 16 + e % 32] >> (e // 32)) & 1
    return _on_line(blocks, e, _nibbles(blocks, e, 48, 32) + 16 * fifth)


def _q6_k(blocks: Integers, e: Integers) -> Element:
    high = (blocks[:, 128 + e // 128 * 32 + e % 32] >> (2 * (e // 32 % 4))) & 3
    scale = _of_half(blocks, 208) * _signed(blocks[:, 192 + e // 16])
    return scale * (_nibbles(blocks, e, 0, 64) + 16 * high - 32), None


_ELEMENTS: dict[str, Callable[[Integers, Integers], Element]] = {
    "q4_0": _q4_0,
    "q5_0": _q5_0,
    "q8_0": _q8_0,
    "q4_k": _q4_k,
    "q5_k": _q5_k,
    "q6_k": _q6_k,
}

FORMULAS = {
    "gguf_quantize": gguf_quantize,
    "gguf_dequantize": gguf_dequantize,
    "gguf_matmul": gguf_matmul,
}
