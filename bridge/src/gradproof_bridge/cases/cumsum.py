"""Cumulative sums, with gradients."""

from __future__ import annotations

from gradproof_bridge.cases.case import Case, Cases, Make, shape_name


def cumsum() -> Cases:
    """Along the last dimension, and along others; longer than 64 terms."""
    for shape, dim in (((5, 37), -1), ((4, 9, 3), 1), ((7, 5), 0), ((2, 130), 1)):
        yield Case(
            f"cumsum_{shape_name(*shape)}_dim{dim}", "cumsum", "torch", {"dim": dim}, _inputs(shape)
        )


def _inputs(shape: tuple[int, ...]) -> Make:
    return lambda draw: {"x": draw.normal(*shape), "grad.y": draw.normal(*shape)}


FAMILIES = (cumsum,)
