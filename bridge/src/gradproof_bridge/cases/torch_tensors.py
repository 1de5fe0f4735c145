"""Tensor operations, convolution and pooling, with gradients where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.philox import Draw

Shape = tuple[int, ...]


def elementwise() -> Cases:
    """Arithmetic with broadcasting, clip, cast."""
    for op in ("add", "sub", "mul", "div"):
        for a, b in (((3, 5), (3, 5)), ((4, 1, 3), (7, 3))):
            yield Case(f"{op}_{shape_name(*a)}_{shape_name(*b)}", op, "torch", {}, _binary(a, b))
    for name, params in (
        ("both", {"min": -0.5, "max": 0.75}),
        ("low", {"min": 0.0}),
        ("high", {"max": 0.25}),
    ):
        yield Case(
            f"clip_{name}",
            "clip",
            "torch",
            params,
            lambda draw: {"x": draw.normal(5, 9), "grad.y": draw.normal(5, 9)},
        )
    for to in ("float16", "bfloat16", "int32"):
        yield Case(
            f"cast_f32_{to}",
            "cast",
            "torch",
            {"to": to},
            lambda draw: {"x": draw.normal(7, 11, scale=20)},
        )
    for dtype in ("f16", "bf16"):
        yield Case(f"cast_{dtype}_float32", "cast", "torch", {"to": "float32"}, _half(dtype))


def _half(dtype: str) -> Make:
    return lambda draw: {"x": draw.normal(7, 11, dtype=dtype)}


def _binary(a: Shape, b: Shape) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        # Divisors stay clear of zero.
        divisor = draw.uniform(*b, low=0.5, high=2) * np.where(draw.bits(*b) == 1, 1, -1).astype(
            np.float32
        )
        return {
            "a": draw.normal(*a),
            "b": divisor,
            "grad.y": draw.normal(*np.broadcast_shapes(a, b)),
        }

    return make


def reductions() -> Cases:
    """Sums, means, largest values and their places."""
    for op in ("reduce_sum", "reduce_mean", "reduce_max"):
        for axes, keepdims in (([1], True), ([0, 2], False), ([0, 1, 2], False)):
            y = [
                1 if d in axes else n for d, n in enumerate((4, 7, 5)) if keepdims or d not in axes
            ] or [1]
            name = f"{op}_{'_'.join(map(str, axes))}{'_kept' if keepdims else ''}"
            yield Case(
                name, op, "torch", {"axes": axes, "keepdims": keepdims}, _reduction(tuple(y))
            )
    for last in (False, True):
        params = {"axis": 1, "keepdims": not last, "select_last_index": last}
        made: Make = lambda draw: {"x": draw.integers(5, 9, low=0, high=4).astype(np.float32)}  # noqa: E731
        yield Case(
            f"argmax_{'last' if last else 'first'}_of_equals", "argmax", "torch", params, made
        )


def _reduction(y: Shape) -> Make:
    return lambda draw: {"x": draw.normal(4, 7, 5), "grad.y": draw.normal(*y)}


def moves() -> Cases:
    """Transpose, concat, gather."""
    for perm in ([1, 0, 2], [2, 0, 1]):
        y = tuple((3, 5, 7)[d] for d in perm)
        yield Case(
            f"transpose_{''.join(map(str, perm))}",
            "transpose",
            "torch",
            {"perm": perm},
            _transpose(y),
        )
    yield Case(
        "concat_axis0", "concat", "torch", {"axis": 0}, _concat(((2, 5), (1, 5), (4, 5)), (7, 5))
    )
    yield Case("concat_axis-1", "concat", "torch", {"axis": -1}, _concat(((3, 2), (3, 6)), (3, 8)))
    for axis, y in ((0, (2, 3, 6)), (1, (5, 2, 3)), (-1, (5, 2, 3))):
        yield Case(f"gather_axis{axis}", "gather", "torch", {"axis": axis}, _gather(y))


def _transpose(y: Shape) -> Make:
    return lambda draw: {"x": draw.normal(3, 5, 7), "grad.y": draw.normal(*y)}


def _concat(parts: tuple[Shape, ...], y: Shape) -> Make:
    return lambda draw: {
        **{f"x{i}": draw.normal(*part) for i, part in enumerate(parts)},
        "grad.y": draw.normal(*y),
    }


def _gather(y: Shape) -> Make:
    return lambda draw: {
        "x": draw.normal(5, 6),
        "indices": draw.integers(2, 3, low=-5, high=4),
        "grad.y": draw.normal(*y),
    }


def images() -> Cases:
    """conv2d and the pools."""
    convolutions: list[tuple[str, Shape, Shape, dict[str, Any], Shape, bool]] = [
        ("3x3", (2, 3, 7, 9), (4, 3, 3, 3), {}, (2, 4, 5, 7), True),
        ("padded", (1, 3, 6, 6), (2, 3, 3, 3), {"padding": [1, 1, 1, 1]}, (1, 2, 6, 6), False),
        ("strided", (1, 2, 9, 8), (3, 2, 3, 3), {"stride": [2, 3]}, (1, 3, 4, 2), True),
        ("dilated", (1, 2, 9, 9), (2, 2, 3, 3), {"dilation": [2, 2]}, (1, 2, 5, 5), False),
        ("grouped", (1, 6, 5, 5), (4, 3, 3, 3), {"groups": 2}, (1, 4, 3, 3), True),
        (
            "depthwise",
            (2, 5, 6, 6),
            (5, 1, 3, 3),
            {"groups": 5, "padding": [1, 1, 1, 1]},
            (2, 5, 6, 6),
            True,
        ),
        ("1x1", (2, 7, 4, 3), (5, 7, 1, 1), {}, (2, 5, 4, 3), True),
        (
            "uneven_padding",
            (1, 2, 5, 5),
            (2, 2, 2, 2),
            {"padding": [0, 1, 1, 0]},
            (1, 2, 5, 5),
            False,
        ),
    ]
    for name, x, weight, params, y, bias in convolutions:
        yield Case(f"conv2d_{name}", "conv2d", "torch", params, _conv(x, weight, y, bias=bias))
    pools: list[tuple[str, dict[str, Any], Shape]] = [
        ("2x2", {"kernel": [2, 2]}, (2, 3, 3, 4)),
        ("overlapping", {"kernel": [3, 3], "stride": [2, 2]}, (2, 3, 3, 4)),
        ("padded", {"kernel": [3, 3], "stride": [2, 2], "padding": [1, 1, 1, 1]}, (2, 3, 4, 5)),
        ("ceil", {"kernel": [2, 2], "ceil_mode": True}, (2, 3, 4, 5)),
    ]
    for op in ("max_pool2d", "avg_pool2d"):
        for name, params, y in pools:
            yield Case(f"{op}_{name}", op, "torch", params, _pool(y))
    excluded = {
        "kernel": [3, 3],
        "padding": [1, 1, 1, 1],
        "stride": [2, 2],
        "count_include_pad": False,
    }
    yield Case("avg_pool2d_pad_not_counted", "avg_pool2d", "torch", excluded, _pool((2, 3, 4, 5)))
    yield Case("global_avg_pool2d", "global_avg_pool2d", "torch", {}, _pool((2, 3, 1, 1)))


def _conv(x: Shape, weight: Shape, y: Shape, *, bias: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {"x": draw.normal(*x), "weight": draw.normal(*weight, scale=0.4)}
        if bias:
            inputs["bias"] = draw.normal(weight[0])
        return {**inputs, "grad.y": draw.normal(*y)}

    return make


def _pool(y: Shape) -> Make:
    return lambda draw: {"x": draw.normal(2, 3, 7, 9), "grad.y": draw.normal(*y)}


FAMILIES = (elementwise, reductions, moves, images)
