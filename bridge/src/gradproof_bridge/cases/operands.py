"""Functions of several operands that broadcast, with gradients."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]

_POWERS = (
    (-2.0, 3.0), (-2.0, 2.0), (-2.0, -3.0), (-2.0, 0.5), (-1.0, 4.0), (0.0, 0.0), (0.0, 1.0),
    (0.0, 2.0), (0.0, 0.5), (0.0, -1.0), (3.0, 0.0), (1.0, 50.0), (np.inf, 2.0), (np.nan, 2.0),
)  # fmt: skip


def choices() -> Cases:
    """The larger and the smaller of two; by a condition; and a number in their place."""
    for op in ("maximum", "minimum"):
        yield Case(f"{op}_4x1x3_7x3", op, "torch", {}, _pair((4, 1, 3), (7, 3)))
        yield Case(f"{op}_equals", op, "torch", {}, _equals)
    for condition, a, b in (((5, 9), (5, 9), (5, 9)), ((4, 1, 3), (7, 1), (2, 1, 1, 3))):
        name = f"where_{shape_name(*condition)}_{shape_name(*a)}_{shape_name(*b)}"
        yield Case(name, "where", "torch", {}, _where(condition, a, b))
    for x, mask in (((5, 9), (5, 9)), ((2, 3, 5), (3, 1))):
        name = f"masked_fill_{shape_name(*x)}_{shape_name(*mask)}"
        yield Case(name, "masked_fill", "torch", {"value": 2.5}, _masked(x, mask))


def clamps() -> Cases:
    """Between tensors that broadcast, and where x and its bounds are equal or cross."""
    yield Case("clamp_5x9_9_5x1", "clamp", "torch", {}, _clamp)
    yield Case("clamp_equals", "clamp", "torch", {}, _clamp_equals)
    yield Case("clamp_meeting", "clamp", "torch", {}, _clamp_meeting)
    yield Case("clamp_low", "clamp", "torch", {}, _clamp_low)
    yield Case("clamp_integers", "clamp", "torch", {}, _clamp_integers)


def _clamp(draw: Draw) -> dict[str, Array]:
    low, high = draw.normal(9), draw.normal(5, 1)
    return {"x": draw.normal(5, 9), "min": low, "max": high, "grad.y": draw.normal(5, 9)}


def _clamp_meeting(draw: Draw) -> dict[str, Array]:
    """Where x repeats too."""
    x, low, high = draw.normal(5, 1), draw.normal(9), draw.normal(2, 1, 1)
    return {"x": x, "min": low, "max": high, "grad.y": draw.normal(2, 5, 9)}


def _clamp_equals(draw: Draw) -> dict[str, Array]:
    x, low, high = (draw.integers(5, 9, low=-1, high=1).astype(np.float32) for _ in range(3))
    return {"x": x, "min": low, "max": high, "grad.y": draw.normal(5, 9)}


def _clamp_low(draw: Draw) -> dict[str, Array]:
    return {"x": draw.normal(5, 9), "min": draw.normal(5, 9), "grad.y": draw.normal(5, 9)}


def _clamp_integers(draw: Draw) -> dict[str, Array]:
    """Of more than 24 bits."""
    x, low, high = (
        draw.integers(5, 9, low=-(2**30), high=2**30) + draw.integers(5, 9, low=0, high=99)
        for _ in range(3)
    )
    return {"x": x, "min": low[:1], "max": high}


def powers() -> Cases:
    """Of positive numbers, to one exponent, and where signs and zeros meet."""
    for a, b in (((5, 9), (5, 9)), ((4, 1, 3), (7, 3))):
        yield Case(f"pow_{shape_name(*a)}_{shape_name(*b)}", "pow", "torch", {}, _powers(a, b))
    yield Case("pow_to_3", "pow", "torch", {}, _cubes)
    yield Case("pow_special", "pow", "torch", {}, _special)
    for dtype in ("int32", "int8", "uint8"):
        yield Case(f"pow_{dtype}", "pow", "torch", {}, _integer_powers(dtype))


def rounded_quotients() -> Cases:
    """Towards 0 and below, of both signs."""
    for mode in ("trunc", "floor"):
        params = {"rounding_mode": mode}
        yield Case(f"div_{mode}", "div", "torch", params, _quotients)


def _quotients(draw: Draw) -> dict[str, Array]:
    signs = np.where(draw.bits(5, 9) == 1, 1, -1).astype(np.float32)
    return {
        "a": draw.normal(5, 9, scale=20),
        "b": signs * draw.uniform(5, 9, low=0.5, high=4),
        "grad.y": draw.normal(5, 9),
    }


def _pair(a: Shape, b: Shape) -> Make:
    return lambda draw: {
        "a": draw.normal(*a),
        "b": draw.normal(*b),
        "grad.y": draw.normal(*np.broadcast_shapes(a, b)),
    }


def _equals(draw: Draw) -> dict[str, Array]:
    a, b = (draw.integers(5, 9, low=-2, high=2).astype(np.float32) for _ in range(2))
    return {"a": a, "b": b, "grad.y": draw.normal(5, 9)}


def _where(condition: Shape, a: Shape, b: Shape) -> Make:
    return lambda draw: {"condition": draw.bits(*condition), **_pair_under(draw, condition, a, b)}


def _pair_under(draw: Draw, condition: Shape, a: Shape, b: Shape) -> dict[str, Array]:
    y = np.broadcast_shapes(condition, a, b)
    return {"a": draw.normal(*a), "b": draw.normal(*b), "grad.y": draw.normal(*y)}


def _masked(x: Shape, mask: Shape) -> Make:
    return lambda draw: {
        "x": draw.normal(*x),
        "mask": draw.bits(*mask),
        "grad.y": draw.normal(*np.broadcast_shapes(x, mask)),
    }


def _powers(a: Shape, b: Shape) -> Make:
    return lambda draw: {
        "a": draw.uniform(*a, low=0.3, high=3.0),
        "b": draw.normal(*b, scale=1.5),
        "grad.y": draw.normal(*np.broadcast_shapes(a, b)),
    }


def _integer_powers(dtype: str) -> Make:
    """Whose powers wrap, and of negative exponents where the type has them."""
    low = 0 if dtype == "uint8" else -5

    def make(draw: Draw) -> dict[str, Array]:
        a, b = draw.integers(9, 7, low=low, high=12), draw.integers(7, low=low, high=40)
        return {"a": a.astype(dtype), "b": b.astype(dtype)}

    return make


def _cubes(draw: Draw) -> dict[str, Array]:
    return {"a": draw.normal(5, 9), "b": np.array([3.0], np.float32), "grad.y": draw.normal(5, 9)}


def _special(draw: Draw) -> dict[str, Array]:
    a, b = (np.array(side, np.float32) for side in zip(*_POWERS, strict=True))
    return {"a": a, "b": b, "grad.y": draw.normal(len(_POWERS))}


FAMILIES = (choices, clamps, powers, rounded_quotients)
