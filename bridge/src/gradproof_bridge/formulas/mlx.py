"""MLX's weights: `affine_quantize` and `fp_quantize` of mlx/ops.cpp and
mlx/backend/cpu/quantized.cpp.

Their scale may be negative: the edge that is larger in magnitude is met exactly, which the
documentation's formula does not say. The microscaled formats: OCP Microscaling Formats (MX)
specification 1.0.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Decoded, Expected, Real, exactly

F32 = NDArray[np.float32]
_E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])
_E2M1_SIGNED = np.append(_E2M1, -_E2M1)


def mlx_quantize(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """mlx.core.quantize, what it decodes to, and x times the transpose of that."""
    weight, mode = inputs["weight"].astype(np.float32), params["mode"]
    if weight.shape[-1] % params["group_size"]:
        raise FormatError(
            f"mlx_quantize: rows of {weight.shape[-1]} are no multiple of group_size {params['group_size']}"
        )
    groups = weight.reshape(-1, params["group_size"])
    outputs = (
        _affine(groups, weight.shape, params["bits"])
        if mode == "affine"
        else _microscaled(groups, weight.shape, mode)
    )
    if "x" in inputs:
        dequant = outputs["dequant"]
        if not isinstance(dequant, Real):
            raise TypeError("dequant is a tensor of floats")
        flat = bounded(inputs["x"]).reshape(-1, weight.shape[-1])
        outputs["y"] = Real(
            (flat @ dequant.number.swap()).reshape(*inputs["x"].shape[:-1], weight.shape[0])
        )
    return outputs


def _affine(groups: F32, shape: tuple[int, ...], bits: int) -> dict[str, Expected]:
    """The end of the range that is larger by size is hit exactly, so the scale may be negative; all
    in float32, bit for bit.
    """
    top = np.float32(2**bits - 1)
    low, high = groups.min(1, keepdims=True), groups.max(1, keepdims=True)
    step = np.maximum((high - low) / top, np.float32(1e-7))
    flip = np.abs(low) > np.abs(high)
    scale = np.where(flip, step, -step)
    edge = np.where(flip, low, high)
    first = np.rint(edge / scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(first != 0, edge / first, scale).astype(np.float32)
    bias = np.where(first != 0, edge, np.float32(0)).astype(np.float32)
    codes = np.clip(np.rint((groups - bias) / scale), 0, top)
    decoded = codes.astype(np.float32) * scale + bias
    wide = (np.abs(codes * scale) + np.abs(bias)).astype(np.float64).reshape(shape)
    per_row = (*shape[:-1], -1)
    return {
        "packed": exactly(_words(codes.astype(np.uint32).reshape(per_row), bits)),
        "scales": Real(bounded(scale.reshape(per_row))),
        "biases": Real(bounded(bias.reshape(per_row))),
        "dequant": Real(Bounded(decoded.astype(np.float64).reshape(shape), 2.0**-23 * wide)),
    }


def _words(codes: NDArray[np.uint32], bits: int) -> NDArray[np.int32]:
    """Each row is one stream of bits in 32-bit words, the first code in the lowest."""
    stream = (codes[..., None] >> np.arange(bits, dtype=np.uint32)) & 1
    rows = stream.reshape(*codes.shape[:-1], -1, 32)
    words = (rows.astype(np.uint64) << np.arange(32, dtype=np.uint64)).sum(-1)
    return words.astype(np.uint32).view(np.int32)


def _microscaled(groups: F32, shape: tuple[int, ...], mode: str) -> dict[str, Expected]:
    """A scale for each group (a power of two, or e4m3 in nvfp4) and elements of 4 bits (e2m1) or 8
    (e4m3).
    """
    largest = np.abs(groups).max(1, keepdims=True).astype(np.float64)
    if mode == "nvfp4":
        stored = np.minimum(largest / 6, 448).astype(ml_dtypes.float8_e4m3fn)
        scale, bytes_ = stored.astype(np.float64), stored.view(np.uint8)
    else:
        with np.errstate(divide="ignore"):
            exponent = np.where(
                largest > 0, np.ceil(np.log2(largest / (6 if mode == "mxfp4" else 448))), 0
            )
        scale, bytes_ = 2.0**exponent, (exponent + 127).astype(np.uint8)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(scale > 0, groups / scale, 0)
    codes, values = _e4m3(ratio) if mode == "mxfp8" else _e2m1(ratio)
    per_row = (*shape[:-1], -1)
    bits = 8 if mode == "mxfp8" else 4

    def decode(words: Array) -> F64:
        # Zero has two codes.
        return _element(_codes(words, bits), bits).reshape(*words.shape, -1)

    exact = values.reshape(*shape[:-1], -1, 32 // bits)
    return {
        "packed": Decoded(
            _words(codes.astype(np.uint32).reshape(per_row), bits), decode, exact, exact
        ),
        "scales": exactly(bytes_.reshape(per_row)),
        "dequant": Real(bounded((values * scale).reshape(shape))),
    }


def _element(codes: NDArray[np.uint8], bits: int) -> F64:
    """What codes of e4m3 (8 bits) or e2m1 (4) stand for."""
    found: F64 = (
        codes.view(ml_dtypes.float8_e4m3fn).astype(np.float64) if bits == 8 else _E2M1_SIGNED[codes]
    )
    return found


def _e2m1(ratio: F64) -> tuple[Array, F64]:
    """Nearest of e2m1; a tie goes towards zero, what is beyond saturates."""
    thresholds = (_E2M1[1:] + _E2M1[:-1]) / 2
    index = np.searchsorted(thresholds, np.abs(ratio), side="left")
    sign = np.signbit(ratio)
    return index | (sign.astype(np.int64) << 3), np.where(sign, -_E2M1[index], _E2M1[index])


def _e4m3(ratio: F64) -> tuple[Array, F64]:
    narrow = np.clip(ratio, -448, 448).astype(ml_dtypes.float8_e4m3fn)
    return narrow.view(np.uint8), narrow.astype(np.float64)


def mlx_matmul(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """mlx.core.quantized_matmul: y = x W^T, or x W, of what codes, scales and biases decode to; dx =
    dy W.
    """
    shape = params["out_features"], params["in_features"]
    group = params["group_size"]
    if shape[1] % group:
        raise FormatError(f"mlx_matmul: rows of {shape[1]} are no multiple of group_size {group}")
    codes = _codes(inputs["packed"], params["bits"]).reshape(-1, group)
    scales = inputs["scales"].reshape(-1, 1)
    if params["mode"] == "affine":
        decoded = bounded(codes) * scales + inputs["biases"].reshape(-1, 1)
    else:
        decoded = bounded(_element(codes, params["bits"])) * _scale(scales, params["mode"])
    return decoded_product(inputs, decoded.reshape(*shape), transposed=params["transpose_weight"])


def _codes(words: Array, bits: int) -> NDArray[np.uint8]:
    """The inverse of `_words`."""
    stream = (words.view(np.uint32)[..., None] >> np.arange(32, dtype=np.uint32)) & 1
    each = stream.reshape(-1, bits).astype(np.uint8)
    return (each << np.arange(bits, dtype=np.uint8)).sum(1).astype(np.uint8)


def _scale(stored: Array, mode: str) -> F64:
    """A power of two, or in nvfp4 a number in e4m3."""
    kind = ml_dtypes.float8_e4m3fn if mode == "nvfp4" else ml_dtypes.float8_e8m0fnu
    scale: F64 = stored.view(kind).astype(np.float64)
    return scale


FORMULAS = {
    "mlx_quantize": mlx_quantize,
    "mlx_matmul": mlx_matmul,
}
