"""The largest or smallest elements along an axis, with gradients."""

from __future__ import annotations

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]


def topk() -> Cases:
    """Some of a row, one and all of it; along other axes; in any order; integers, with ties."""
    settings: tuple[tuple[str, Shape, Params], ...] = (
        ("", (5, 37), {"k": 3}),
        ("_one", (6, 11), {"k": 1}),
        ("_all", (3, 9), {"k": 9, "largest": False}),
        ("_axis0", (300, 2), {"k": 7, "axis": 0}),
        ("_axis1_smallest", (4, 9, 3), {"k": 4, "axis": 1, "largest": False}),
        ("_unsorted", (3, 400), {"k": 20, "sorted": False}),
    )
    for name, shape, params in settings:
        yield Case(
            f"topk{name}_{shape_name(*shape)}", "topk", "torch", params, _floats(shape, params)
        )
    yield Case("topk_integers", "topk", "torch", {"k": 4}, _integers)


def _floats(shape: Shape, params: Params) -> Make:
    axis = params.get("axis", -1) % len(shape)
    taken = tuple(params["k"] if d == axis else n for d, n in enumerate(shape))
    return lambda draw: {"x": draw.normal(*shape), "grad.values": draw.normal(*taken)}


def _integers(draw: Draw) -> dict[str, Array]:
    return {"x": draw.integers(5, 13, low=-3, high=3)}


FAMILIES = (topk,)
