"""Normalizations of groups of channels, with gradients."""

from __future__ import annotations

from typing import Any

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]


def channel_norms() -> Cases:
    """With and without weight and bias; numbers whose variance is of the order of eps."""
    groups: list[tuple[Shape, dict[str, Any], tuple[str, ...], float]] = [
        ((3, 6, 7), {"num_groups": 3}, ("weight", "bias"), 1.0),
        ((2, 4, 3, 5), {"num_groups": 2, "eps": 1e-3}, ("weight",), 1.0),
        ((5, 8), {"num_groups": 2}, (), 0.01),
    ]
    for shape, params, parts, scale in groups:
        name = f"group_norm_{shape_name(*shape)}_{params['num_groups']}"
        yield Case(name, "group_norm", "torch", params, _inputs(shape, parts, scale))
    instances: list[tuple[Shape, tuple[str, ...], float]] = [
        ((3, 4, 9), ("weight", "bias"), 1.0),
        ((2, 3, 5, 4), (), 0.01),
    ]
    for shape, parts, scale in instances:
        name = f"instance_norm_{shape_name(*shape)}"
        yield Case(name, "instance_norm", "torch", {}, _inputs(shape, parts, scale))


def _inputs(shape: Shape, parts: tuple[str, ...], scale: float) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {"x": draw.normal(*shape, scale=scale)}
        if "weight" in parts:
            inputs["weight"] = 1 + draw.normal(shape[1], scale=0.2)
        if "bias" in parts:
            inputs["bias"] = draw.normal(shape[1], scale=0.2)
        return {**inputs, "grad.y": draw.normal(*shape)}

    return make


FAMILIES = (channel_norms,)
