"""Padding, with gradients."""

from __future__ import annotations

from typing import Any

from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]


def pads() -> Cases:
    """Each mode, and what crops."""
    calls: tuple[tuple[str, dict[str, Any], Shape, Shape], ...] = (
        ("constant", {"pad": [2, 3, 1, 0], "value": 0.3}, (5, 7), (6, 12)),
        ("cropped", {"pad": [-2, 3, 1, -4]}, (3, 5, 7), (3, 2, 8)),
        ("reflect", {"pad": [6, 2, 0, 4], "mode": "reflect"}, (3, 5, 7), (3, 9, 15)),
        ("replicate", {"pad": [5, 1, 0, 9], "mode": "replicate"}, (2, 3, 4), (2, 12, 10)),
        ("circular", {"pad": [4, 3], "mode": "circular"}, (3, 5, 4), (3, 5, 11)),
        ("reflect_cropped", {"pad": [-2, 5, 4, -1], "mode": "reflect"}, (2, 5, 7), (2, 8, 10)),
        ("replicate_cropped", {"pad": [-4, 6, 7, -10], "mode": "replicate"}, (2, 4, 5), (2, 1, 7)),
        ("circular_cropped", {"pad": [-1, 2, 2, -1], "mode": "circular"}, (5, 4, 3), (5, 5, 4)),
    )
    for name, params, x, y in calls:
        yield Case(f"pad_{name}", "pad", "torch", params, _inputs(x, y))


def _inputs(x: Shape, y: Shape) -> Make:
    def make(draw: Draw) -> dict[str, Any]:
        return {"x": draw.normal(*x), "grad.y": draw.normal(*y)}

    return make


FAMILIES = (pads,)
