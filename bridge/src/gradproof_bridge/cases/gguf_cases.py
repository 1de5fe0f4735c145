"""Blocks of GGUF files: weights quantized, and blocks of any bytes read and multiplied."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

_HALVES = {
    "q4_0": (18, (0,)),
    "q5_0": (22, (0,)),
    "q8_0": (34, (0,)),
    "q4_k": (144, (0, 2)),
    "q5_k": (176, (0, 2)),
    "q6_k": (210, (208,)),
}
"""Bytes of a block, and where its halves are."""


def gguf() -> Cases:
    """Both quantizers on ordinary and extreme blocks; every type read."""
    for kind in ("q4_0", "q8_0"):
        params = {"quant_type": kind}
        for name, make in (
            ("37x96", _weight(37, 96)),
            ("3x5x32", _weight(3, 5, 32)),
            ("f16_8x64", _weight(8, 64, dtype="f16")),
            ("bf16_8x64", _weight(8, 64, dtype="bf16")),
            ("scales_24x64", _scales),
            ("ties_16x64", _ties),
        ):
            yield Case(f"gguf_{kind}_{name}", "gguf_quantize", "gguf", params, make)
    for kind, rows, blocks in (
        ("q4_0", 7, 3),
        ("q5_0", 7, 3),
        ("q8_0", 7, 3),
        ("q4_k", 3, 2),
        ("q5_k", 3, 2),
        ("q6_k", 3, 3),
    ):
        params = {"quant_type": kind}
        make = _packed(kind, rows, blocks)
        yield Case(f"gguf_{kind}_read_{rows}x{blocks}", "gguf_dequantize", "gguf", params, make)


def products() -> Cases:
    """Rows of several blocks of 32 and of one of 256, one row of x and more, with the gradient of x."""
    for kind, lead, rows, blocks in (
        ("q4_0", (2, 2), 5, 2),
        ("q5_0", (1,), 3, 3),
        ("q8_0", (2,), 5, 1),
        ("q4_k", (1,), 2, 1),
        ("q5_k", (2,), 2, 1),
        ("q6_k", (1,), 3, 1),
    ):
        make = _with_x(lead, kind, rows, blocks)
        params = {"quant_type": kind}
        yield Case(f"gguf_product_{kind}", "gguf_matmul", "gguf", params, make)


def _with_x(lead: tuple[int, ...], kind: str, rows: int, blocks: int) -> Make:
    weight, terms = _packed(kind, rows, blocks), blocks * (256 if kind.endswith("k") else 32)
    return lambda draw: {
        "x": draw.normal(*lead, terms),
        **weight(draw),
        "grad.y": draw.normal(*lead, rows),
    }


def _weight(*shape: int, dtype: str = "f32") -> Make:
    return lambda draw: {"weight": draw.normal(*shape, scale=0.1, dtype=dtype)}


def _scales(draw: Draw) -> dict[str, Array]:
    """Rows from 1e-34 to 1e35: halves of their scales are 0, denormal, or infinite."""
    size = 10.0 ** (3.0 * (np.arange(24) - 11))
    weight = (draw.normal(24, 64).astype(np.float64) * size[:, None]).astype(np.float32)
    weight[5, :32] = 0
    return {"weight": weight}


def _ties(draw: Draw) -> dict[str, Array]:
    """Halves of a block's step, which is a power of two: largest are 127 or 8 steps."""
    weight = draw.integers(16, 64, low=-15, high=15).astype(np.float32) / 2
    weight[:, 0] = -8
    weight[:, 32] = 127
    weight[:, 33:] *= 8
    return {"weight": weight}


def _packed(kind: str, rows: int, blocks: int) -> Make:
    size, halves = _HALVES[kind]

    def make(draw: Draw) -> dict[str, Array]:
        packed = draw.integers(rows * blocks, size, low=0, high=255).astype(np.uint8)
        for at in halves:
            scales = draw.normal(rows * blocks, 1, scale=0.01, dtype="f16")
            packed[:, at : at + 2] = scales.view(np.uint8)
        return {"packed": packed.reshape(rows, blocks * size)}

    return make


FAMILIES = (gguf, products)
