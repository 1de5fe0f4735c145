"""Products and Llama's MLP, with gradients."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]
# a, b, transpose_a, transpose_b, shape of y
_MATMULS: tuple[tuple[Shape, Shape, bool, bool, Shape], ...] = (
    ((37, 53), (53, 29), False, False, (37, 29)),
    ((1, 1), (1, 1), False, False, (1, 1)),
    ((17, 64), (33, 64), False, True, (17, 33)),
    ((64, 17), (64, 33), True, False, (17, 33)),
    ((23, 9), (31, 23), True, True, (9, 31)),
    ((3, 5, 17), (3, 17, 7), False, False, (3, 5, 7)),
    ((2, 1, 9, 8), (3, 8, 5), False, False, (2, 3, 9, 5)),
    ((65,), (65, 3), False, False, (3,)),
    ((4, 65), (65,), False, False, (4,)),
    ((1, 257), (257, 2), False, False, (1, 2)),
)


def products(library: str = "torch") -> Cases:
    """Matmul of every kind of operand, and swiglu_mlp."""
    for a, b, transpose_a, transpose_b, y in _MATMULS:
        turned = ("_ta" if transpose_a else "") + ("_tb" if transpose_b else "")
        params = {"transpose_a": transpose_a, "transpose_b": transpose_b}
        yield Case(
            f"matmul_{shape_name(*a)}_{shape_name(*b)}{turned}",
            "matmul",
            library,
            params,
            _matmul(a, b, y),
        )
    for dtype in ("f16", "bf16"):
        yield Case(
            f"matmul_{dtype}",
            "matmul",
            library,
            {},
            _matmul((9, 33), (33, 10), (9, 10), dtype=dtype),
        )
        yield Case(
            f"matmul_256_terms_{dtype}",
            "matmul",
            library,
            {"transpose_b": True},
            _matmul((5, 256), (7, 256), (5, 7), dtype=dtype),
        )
    for name, bias in (("row", (29,)), ("matrix", (7, 29)), ("column", (7, 1))):
        yield Case(
            f"matmul_bias_{name}",
            "matmul",
            library,
            {"transpose_b": True},
            _matmul((7, 40), (29, 40), (7, 29), bias),
        )
    for name, factors in (("", {"alpha": 0.3, "beta": -0.7}), ("_beta_0", {"beta": 0.0})):
        yield Case(
            f"matmul_addmm{name}",
            "matmul",
            library,
            factors,
            _matmul((7, 40), (40, 29), (7, 29), (29,)),
        )
    for dtype in ("int32", "int8", "uint8") if library == "torch" else ():
        yield Case(f"matmul_{dtype}", "matmul", library, {"alpha": -3, "beta": 2}, _integers(dtype))
    for tokens, hidden, inner in ((5, 16, 40), (3, 33, 17)):
        yield Case(
            f"swiglu_mlp_{tokens}x{hidden}x{inner}",
            "swiglu_mlp",
            library,
            {},
            _swiglu(tokens, hidden, inner),
        )


def _matmul(a: Shape, b: Shape, y: Shape, bias: Shape | None = None, dtype: str = "f32") -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {"a": draw.normal(*a, dtype=dtype), "b": draw.normal(*b, dtype=dtype)}
        if bias is not None:
            inputs["bias"] = draw.normal(*bias, dtype=dtype)
        # Half-precision gradients accumulate as the library likes; only their forward part is a
        # fixed formula.
        return inputs if dtype != "f32" else {**inputs, "grad.y": draw.normal(*y)}

    return make


def _integers(dtype: str) -> Make:
    """Whose sums wrap."""
    ends = np.iinfo(dtype)

    def make(draw: Draw) -> dict[str, Array]:
        shapes = {"a": (7, 40), "b": (40, 9), "bias": (9,)}
        return {
            name: draw.integers(*shape, low=ends.min // 2, high=ends.max // 2).astype(dtype)
            for name, shape in shapes.items()
        }

    return make


def _swiglu(tokens: int, hidden: int, inner: int) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        return {
            "x": draw.normal(2, tokens, hidden),
            "gate": draw.normal(inner, hidden, scale=0.3),
            "up": draw.normal(inner, hidden, scale=0.3),
            "down": draw.normal(hidden, inner, scale=0.3),
            "grad.y": draw.normal(2, tokens, hidden),
        }

    return make


FAMILIES = (products,)
