"""Elements at indices along one dimension, with gradients."""

from __future__ import annotations

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]


def along() -> Cases:
    """Indices that repeat, and that leave out the last of other dimensions."""
    shapes: tuple[tuple[Shape, Shape, int], ...] = (
        ((7, 5), (11, 4), 0),
        ((3, 5, 6), (2, 9, 6), 1),
        ((4, 6), (4, 9), -1),
        ((5,), (64,), 0),
    )
    repeating: tuple[tuple[Shape, Shape, int], ...] = (
        ((4, 1, 6), (1, 5, 9), -1),
        ((1, 7, 3), (5, 2, 1), 1),
        ((1, 5, 4), (3, 6, 2), 1),
    )
    for x, indices, dim in repeating:
        name = f"{shape_name(*x)}_{shape_name(*indices)}_dim{dim}"
        yield Case(
            f"take_along_dim_{name}",
            "take_along_dim",
            "torch",
            {"dim": dim},
            _taken(x, indices, dim),
        )
    for x, indices, dim in shapes:
        name = f"{shape_name(*x)}_{shape_name(*indices)}_dim{dim}"
        yield Case(
            f"take_along_dim_{name}",
            "take_along_dim",
            "torch",
            {"dim": dim},
            _taken(x, indices, dim),
        )
        yield Case(
            f"scatter_add_{name}", "scatter_add", "torch", {"dim": dim}, _added(x, indices, dim)
        )


def slices() -> Cases:
    """Whole slices, with and without a factor."""
    for x, slices, params in (
        ((7, 5), 11, {"dim": 0}),
        ((3, 5, 6), 4, {"dim": 1, "alpha": -0.3}),
    ):
        name = f"index_add_{shape_name(*x)}_{slices}_dim{params['dim']}"
        yield Case(name, "index_add", "torch", params, _slices(x, slices, int(params["dim"])))


def _slices(x: Shape, slices: int, dim: int) -> Make:
    source = tuple(slices if d == dim else n for d, n in enumerate(x))
    return lambda draw: {
        "x": draw.normal(*x),
        "index": draw.integers(slices, low=0, high=x[dim] - 1),
        "source": draw.normal(*source),
        "grad.y": draw.normal(*x),
    }


def _taken(x: Shape, indices: Shape, dim: int) -> Make:
    return lambda draw: {
        "x": draw.normal(*x),
        "indices": draw.integers(*indices, low=0, high=x[dim] - 1),
        "grad.y": draw.normal(
            *(
                n if m == 1 and d != dim % len(x) else m
                for d, (n, m) in enumerate(zip(x, indices, strict=True))
            )
        ),
    }


def _added(x: Shape, indices: Shape, dim: int) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        return {
            "x": draw.normal(*x),
            "indices": draw.integers(*indices, low=0, high=x[dim] - 1),
            "src": draw.normal(*indices),
            "grad.y": draw.normal(*x),
        }

    return make


FAMILIES = (along, slices)
