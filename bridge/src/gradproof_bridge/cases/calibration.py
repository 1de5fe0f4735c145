"""Calibration of 8-bit codes by torch.ao's observers, and of ternary weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw


def observers() -> Cases:
    """Of a tensor and of channels, of a first batch and of later ones, widened and averaged."""
    settings: tuple[tuple[str, tuple[int, ...], Params, int], ...] = (
        ("first", (5, 37), {}, 0),
        ("later", (5, 37), {}, 1),
        ("channels", (3, 9, 7), {"ch_axis": 1}, 0),
        ("channels_later", (9, 33), {"ch_axis": -1}, 33),
        ("average", (5, 37), {"averaging_constant": 0.01}, 1),
        ("average_channels", (13, 6), {"ch_axis": 0, "averaging_constant": 0.25}, 13),
    )
    for name, shape, params, seen in settings:
        yield Case(
            f"minmax_observer_{name}", "minmax_observer", "torch", params, _batch(shape, seen)
        )


def _batch(shape: tuple[int, ...], seen: int) -> Make:
    return lambda draw: {"x": draw.normal(*shape), **(_ranges(draw, seen) if seen else {})}


def _ranges(draw: Draw, n: int) -> dict[str, Array]:
    return {"min_val": -abs(draw.normal(n)), "max_val": abs(draw.normal(n, scale=2.0))}


def qparams() -> Cases:
    """Both types and schemes, with 7 and with 8 bits."""
    for dtype in ("quint8", "qint8"):
        for scheme in ("affine", "symmetric"):
            # torch has no symmetric quint8 of 7 bits.
            narrow = (False,) if (dtype, scheme) == ("quint8", "symmetric") else (False, True)
            for reduced in narrow:
                params = {"dtype": dtype, "qscheme": scheme, "reduce_range": reduced}
                name = f"calculate_qparams_{dtype}_{scheme}{'_reduced' if reduced else ''}"
                yield Case(
                    name, "calculate_qparams", "torch", params, lambda draw: _ranges(draw, 37)
                )
    yield Case(
        "calculate_qparams_one", "calculate_qparams", "torch", {}, lambda draw: _ranges(draw, 1)
    )
    yield Case("calculate_qparams_as_wide", "calculate_qparams", "torch", {}, _as_wide)
    yield Case("calculate_qparams_one_side", "calculate_qparams", "torch", {}, _one_side)


def _as_wide(draw: Draw) -> dict[str, Array]:
    most = abs(draw.normal(41))
    return {"min_val": -most, "max_val": most}


def _one_side(draw: Draw) -> dict[str, Array]:
    """Ranges above 0."""
    least = abs(draw.normal(3))
    return {"min_val": least, "max_val": least + abs(draw.normal(3))}


def least_squares() -> Cases:
    """Ranges that are worth shrinking: numpy alone searches them by squares."""
    for name, shape, params in (
        ("tensor", (9, 67), {}),
        ("channels", (7, 80), {"ch_axis": 0, "qscheme": "symmetric"}),
        ("coarse", (5, 30, 3), {"ch_axis": 1, "grid": 20, "maxshrink": 0.5}),
    ):
        yield Case(f"mse_observer_{name}", "mse_observer", "numpy", params, _tailed(shape))


def _tailed(shape: tuple[int, ...]) -> Make:
    """Numbers with a heavy tail."""
    return lambda draw: {"x": draw.normal(*shape) ** 3}


def int8_products() -> Cases:
    """Static and per token, with and without zero points and a bias."""
    for name, rows, columns, with_zeros, with_bias in (
        ("static", 1, 1, True, True),
        ("per_token", 9, 13, False, True),
        ("per_token_affine", 9, 13, True, False),
        ("per_channel", 1, 13, False, False),
    ):
        make = _codes(rows, columns, with_zeros=with_zeros, with_bias=with_bias)
        yield Case(f"int8_linear_{name}", "int8_linear", "torch", {}, make)


def _codes(rows: int, columns: int, *, with_zeros: bool, with_bias: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {
            "x": draw.integers(9, 37, low=-128, high=127).astype(np.int8),
            "weight": draw.integers(13, 37, low=-128, high=127).astype(np.int8),
            "x_scale": np.abs(draw.normal(rows, scale=0.02)),
            "weight_scale": np.abs(draw.normal(columns, scale=0.02)),
        }
        if with_zeros:
            inputs["x_zero_point"] = draw.integers(rows, low=-128, high=127).astype(np.int8)
            inputs["weight_zero_point"] = draw.integers(columns, low=-9, high=9).astype(np.int8)
        if with_bias:
            inputs["bias"] = draw.normal(13)
        return inputs

    return make


def sparsity() -> Cases:
    """So many zeros in a tensor and in each channel, all and none."""
    for name, shape, params in (
        ("tensor", (37, 53), {"amount": 0.3}),
        ("channels", (9, 67), {"amount": 0.7, "per_channel": True}),
        ("none", (5, 7), {"amount": 0.0}),
        ("all", (5, 7), {"amount": 1.0}),
    ):
        yield Case(f"sparse_ternarize_{name}", "sparse_ternarize", "torch", params, _weight(shape))


def thresholds() -> Cases:
    """Medians of an odd and an even number, percentiles of a tensor and of channels, both ends."""
    for name, shape, params in (
        ("median", (5, 37), {"q": 0.5, "absolute": True}),
        ("median_even", (6, 11), {"q": 0.5, "absolute": True}),
        ("percentile", (7, 23), {"q": 0.7, "absolute": True}),
        ("percentile_channels", (5, 3, 3, 3), {"q": 0.7, "absolute": True, "per_channel": True}),
        ("signed", (101,), {"q": 0.025}),
        ("least", (13,), {"q": 0.0}),
        ("largest_channels", (4, 9), {"q": 1.0, "per_channel": True}),
    ):
        yield Case(f"quantile_{name}", "quantile", "torch", params, _batch(shape, 0))


def trits() -> Cases:
    """With a weight on the threshold, a median's; of percentiles; by drawn limits; in halves."""
    for name, shape, threshold, dtype, params in (
        ("median", (9, 31), {"q": 0.5}, "f32", {}),
        ("percentile", (5, 39), {"q": 0.7, "axis": 1}, "f32", {}),
        ("halves", (7, 15), {"q": 0.5, "axis": 1}, "f16", {}),
        ("stochastic", (13, 29), {"q": 0.5}, "f32", {"seed": 7}),
        ("stochastic_channels", (5, 21), {"q": 0.7, "axis": 1}, "f32", {"seed": 2**33 + 1}),
    ):
        make = _with_threshold(shape, threshold, dtype)
        yield Case(f"ternarize_{name}", "ternarize", "torch", params, make)


def _with_threshold(shape: tuple[int, ...], threshold: dict[str, Any], dtype: str) -> Make:
    """Weights, and a quantile of all magnitudes or of each channel's."""

    def make(draw: Draw) -> dict[str, Array]:
        weight = draw.normal(*shape, scale=0.1, dtype=dtype)
        sizes = np.abs(weight.astype(np.float32))
        return {"weight": weight, "threshold": np.atleast_1d(np.quantile(sizes, **threshold))}

    return make


def _weight(shape: tuple[int, ...]) -> Make:
    return lambda draw: {"weight": draw.normal(*shape, scale=0.1)}


FAMILIES = (observers, qparams, least_squares, int8_products, thresholds, trits, sparsity)
