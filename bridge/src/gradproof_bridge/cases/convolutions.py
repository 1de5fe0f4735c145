"""Convolutions along one dimension, and transposed ones, with gradients."""

from __future__ import annotations

from typing import Any

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]
Settings = tuple[str, Shape, Shape, dict[str, Any], Shape, bool]


def convolutions() -> Cases:
    """Strides, paddings, dilations and groups."""
    lines: list[Settings] = [
        ("plain", (2, 3, 9), (4, 3, 3), {}, (2, 4, 7), True),
        ("strided", (1, 2, 11), (3, 2, 3), {"stride": 2, "padding": 1}, (1, 3, 6), False),
        ("dilated", (2, 4, 10), (6, 2, 2), {"dilation": 3, "groups": 2}, (2, 6, 7), True),
        ("uneven", (1, 2, 5), (2, 2, 2), {"padding": [0, 1]}, (1, 2, 5), False),
    ]
    for name, x, weight, params, y, bias in lines:
        made = _inputs(x, weight, y, weight[0] if bias else None)
        yield Case(f"conv1d_{name}", "conv1d", "torch", params, made)
    images: list[Settings] = [
        ("plain", (2, 3, 4, 3), (3, 2, 3, 3), {}, (2, 2, 6, 5), True),
        (
            "strided",
            (1, 3, 3, 4),
            (3, 2, 3, 2),
            {"stride": [2, 3], "padding": [1, 0, 1, 0], "output_padding": [1, 2]},
            (1, 2, 6, 13),
            True,
        ),
        (
            "dilated",
            (1, 4, 3, 3),
            (4, 1, 2, 2),
            {"dilation": 2, "groups": 2},
            (1, 2, 5, 5),
            False,
        ),
    ]
    for name, x, weight, params, y, bias in images:
        made = _inputs(x, weight, y, y[1] if bias else None)
        yield Case(f"conv_transpose2d_{name}", "conv_transpose2d", "torch", params, made)


def _inputs(x: Shape, weight: Shape, y: Shape, bias: int | None) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {"x": draw.normal(*x), "weight": draw.normal(*weight, scale=0.4)}
        if bias is not None:
            inputs["bias"] = draw.normal(bias)
        return {**inputs, "grad.y": draw.normal(*y)}

    return make


FAMILIES = (convolutions,)
