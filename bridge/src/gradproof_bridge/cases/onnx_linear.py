"""ONNX's QuantizeLinear and DequantizeLinear in blocks, and with codes of 4 bits."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.formulas.onnx_linear import pack_nibbles
from gradproof_bridge.philox import Draw

_LIBRARY = "onnxruntime"
_SHAPES: tuple[tuple[str, tuple[int, ...], Params], ...] = (
    ("5x37_b16", (5, 37), {"axis": -1, "block_size": 16}),
    ("33x7_b16", (33, 7), {"axis": 0, "block_size": 16}),
    ("3x5x7_axis1", (3, 5, 7), {"axis": 1}),
    ("9x3", (9, 3), {}),
)
_RANGES = {"int4": (-8, 7), "uint4": (0, 15), "int8": (-128, 127), "uint8": (0, 255)}


def linear_codes() -> Cases:
    """Both ways, of each kind of code: in blocks, and of 4 bits with and without zero points."""
    for kind in ("int4", "uint4", "int8", "uint8"):
        is_packed = kind.endswith("int4")
        for name, shape, scales in _SHAPES:
            has_blocks = "block_size" in scales
            if not (is_packed or has_blocks):
                continue
            for has_zeros in (True, False) if is_packed and has_blocks else (True,):
                params: Params = {**scales, "dtype": kind}
                if is_packed:
                    params["packed"] = True
                of = f"{kind}_{name}{'' if has_zeros else '_symmetric'}"
                made = _floats(shape, params, has_zeros=has_zeros)
                yield Case(f"ort_quantize_linear_{of}", "quantize_linear", _LIBRARY, params, made)
                if is_packed:
                    params = {**params, "shape": list(shape)}
                read = _codes(shape, params, has_zeros=has_zeros)
                yield Case(
                    f"ort_dequantize_linear_{of}", "dequantize_linear", _LIBRARY, params, read
                )


def _shape_of_scales(shape: tuple[int, ...], params: Params) -> tuple[int, ...]:
    if params.get("axis") is None:
        return (1,)
    axis = params["axis"] % len(shape)
    if params.get("block_size") is None:
        return (shape[axis],)
    blocks = -(-shape[axis] // params["block_size"])
    return (*shape[:axis], blocks, *shape[axis + 1 :])


def _drawn(draw: Draw, shape: tuple[int, ...], params: Params) -> Array:
    """Codes of every kind."""
    low, high = _RANGES[params["dtype"]]
    codes = draw.integers(*shape, low=low, high=high)
    if params.get("packed"):
        return pack_nibbles(codes)
    return codes.astype(np.int8 if low < 0 else np.uint8)


def _floats(shape: tuple[int, ...], params: Params, *, has_zeros: bool) -> Make:
    """Most within the range of their codes, and some on the middle of two."""
    low, high = _RANGES[params["dtype"]]
    of_scales = _shape_of_scales(shape, params)

    def make(draw: Draw) -> dict[str, Array]:
        made = {
            "x": draw.normal(*shape, scale=(high - low) / 4),
            "scale": draw.uniform(*of_scales, low=0.5, high=1.5),
        }
        made["scale"].reshape(-1)[::2] = 1
        made["x"].reshape(-1)[::3] = draw.integers(
            made["x"].reshape(-1)[::3].size, low=low, high=high
        ).astype(np.float32) + np.float32(0.5)
        return {**made, **({"zero_point": _drawn(draw, of_scales, params)} if has_zeros else {})}

    return make


def _codes(shape: tuple[int, ...], params: Params, *, has_zeros: bool) -> Make:
    of_scales = _shape_of_scales(shape, params)

    def make(draw: Draw) -> dict[str, Array]:
        made = {
            "q": _drawn(draw, shape, params),
            "scale": draw.uniform(*of_scales, low=0.01, high=0.1),
        }
        return {**made, **({"zero_point": _drawn(draw, of_scales, params)} if has_zeros else {})}

    return make


FAMILIES = (linear_codes,)
