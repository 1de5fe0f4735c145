"""Products with weights of Quanto, MLX, torch and bitsandbytes that are codes and scales already, with
the gradient of x.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.formulas.blockwise import dynamic_map_values
from gradproof_bridge.formulas.quanto import pack
from gradproof_bridge.philox import Draw

Lead = tuple[int, ...]
Weight = Callable[[Draw], Mapping[str, Array]]


def quanto_bytes() -> Cases:
    """Scales of rows and of columns: rows that are whole words and others, and one row of x."""
    for name, codes, axis, lead, shape in (
        ("qint8_axis0", "int8", 0, (2,), (5, 37)),
        ("qint8_axis-1", "int8", -1, (2, 2), (6, 12)),
        ("qfloat8_e4m3fn_axis0", "e4m3", 0, (2,), (7, 20)),
        ("qfloat8_e4m3fnuz_axis0", "e4m3fnuz", 0, (2,), (5, 18)),
        ("qfloat8_e5m2_axis-1", "e5m2", -1, (1,), (5, 9)),
    ):
        yield _byte_case(f"quanto_product_{name}", "quanto", codes, lead, shape, axis=axis)


def quanto_bits() -> Cases:
    """Groups of rows and of columns, whole slices of them and others."""
    for bits, axis, lead, (rows, columns), group in (
        (4, 0, (3,), (5, 24), 8),
        (2, 0, (2, 2), (6, 20), 20),
        (4, -1, (1,), (10, 12), 5),
    ):
        params = {"bits": bits, "axis": axis, "group_size": group}
        yield Case(
            f"quanto_product_qint{bits}_axis{axis}",
            "quanto_matmul",
            "quanto",
            {**params, "out_features": rows, "in_features": columns},
            _with_x(lead, (rows, columns), _quanto(rows * columns, params)),
        )


def _quanto(elements: int, params: Params) -> Weight:
    bits, group, axis = params["bits"], params["group_size"], params["axis"]
    groups = elements // group

    def make(draw: Draw) -> dict[str, Array]:
        codes = draw.integers(elements, low=0, high=2**bits - 1).astype(np.uint8)
        along = (-1, 1) if axis == 0 else (1, -1)
        return {
            "packed": pack(codes.reshape((groups, group) if axis == 0 else (group, groups)), bits),
            "scale": draw.uniform(groups, low=0.01, high=0.1).reshape(along),
            "shift": draw.normal(groups, scale=0.3).reshape(along),
        }

    return make


def mlx() -> Cases:
    """A group a row and two, codes across words, and a weight as it lies."""
    for mode, bits, group, lead, shape, transposed in (
        ("affine", 4, 64, (2,), (5, 64), True),
        ("affine", 3, 32, (1,), (3, 64), True),
        ("affine", 6, 32, (2, 2), (7, 32), False),
        ("mxfp4", 4, 32, (2,), (5, 32), True),
        ("mxfp8", 8, 32, (1,), (3, 64), True),
        ("nvfp4", 4, 16, (1,), (5, 48), True),
    ):
        name = f"affine_{bits}bit" if mode == "affine" else mode
        yield Case(
            f"mlx_product_{name}",
            "mlx_matmul",
            "mlx",
            {
                "mode": mode,
                "bits": bits,
                "group_size": group,
                "out_features": shape[0],
                "in_features": shape[1],
                "transpose_weight": transposed,
            },
            _with_x(lead, shape, _mlx(mode, bits, group, shape), transposed=transposed),
        )


def _mlx(mode: str, bits: int, group: int, shape: tuple[int, int]) -> Weight:
    rows, columns = shape
    groups = rows, columns // group

    def make(draw: Draw) -> dict[str, Array]:
        code = draw.integers(rows, columns * bits // 8, low=0, high=255).astype(np.uint8)
        if mode == "mxfp8":
            # Two codes stand for no number.
            code = np.where(code % 128 == 127, code - 1, code)
        packed = {"packed": code.view(np.int32)}
        if mode == "affine":
            scale = draw.normal(*groups, scale=0.1)
            return {**packed, "scales": scale, "biases": draw.normal(*groups)}
        low, high = (30, 60) if mode == "nvfp4" else (120, 128)
        return {**packed, "scales": draw.integers(*groups, low=low, high=high).astype(np.uint8)}

    return make


def torch_bytes() -> Cases:
    """Zero points of rows, of all and of columns; codes with a sign and without."""
    for name, codes, axis, lead, shape, one in (
        ("per_channel", "int8", 0, (3,), (5, 13), False),
        ("per_tensor", "uint8", 0, (2, 2), (6, 12), True),
        ("per_column", "int8", -1, (1,), (7, 8), False),
    ):
        blocksize = shape[0] * shape[1] if one else None
        yield _byte_case(
            f"int8_product_{name}",
            "torch",
            codes,
            lead,
            shape,
            axis=axis,
            blocksize=blocksize,
            shifted=True,
        )


def bitsandbytes_bytes() -> Cases:
    """Blocks that begin within rows, the last one short."""
    yield _byte_case(
        "int8_blockwise_product", "bitsandbytes", "map", (2,), (5, 29), axis=0, blocksize=64
    )


def _byte_case(
    name: str,
    library: str,
    codes: str,
    lead: Lead,
    shape: tuple[int, int],
    *,
    axis: int,
    blocksize: int | None = None,
    shifted: bool = False,
) -> Case:
    rows, columns = shape
    size = blocksize or (columns if axis == 0 else rows)
    blocks = -(-rows * columns // size)

    def weight(draw: Draw) -> dict[str, Array]:
        parts = {"q": _codes(draw, codes, *shape), "scale": draw.uniform(blocks, low=0.01, high=1)}
        if shifted:
            parts["zero_point"] = _codes(draw, codes, blocks)
        if codes == "map":
            parts["code"] = dynamic_map_values(signed=True).astype(np.float32)
        return parts

    params = {
        "codes": codes,
        "axis": axis,
        "blocksize": size,
        "out_features": rows,
        "in_features": columns,
    }
    return Case(name, "matmul_8bit", library, params, _with_x(lead, shape, weight))


def _codes(draw: Draw, codes: str, *shape: int) -> Array:
    if codes == "int8":
        return draw.integers(*shape, low=-128, high=127).astype(np.int8)
    drawn = draw.integers(*shape, low=0, high=255).astype(np.uint8)
    if codes == "e4m3fnuz":
        return np.where(drawn == 128, 0, drawn)
    # What stands for no number, in e5m2 infinity too.
    highest = {"e4m3": 126, "e5m2": 123}.get(codes, 127)
    return np.where(drawn % 128 > highest, drawn - 8, drawn)


def ternary() -> Cases:
    """Trits in each packing: with a scale for each output, for all, and with none; rows that fill
    bytes or do not.
    """
    for name, order, lead, shape, scales in (
        ("ternary_product", "low", (2,), (5, 37), 5),
        ("ternary_product_one_scale", "low", (2, 2), (6, 12), 1),
        ("ternary_product_high", "high", (1,), (3, 9), 0),
        ("ternary_product_base3", "base3", (3,), (4, 13), 4),
    ):
        yield Case(
            name,
            "ternary_matmul",
            "torch",
            {"out_features": shape[0], "order": order},
            _with_x(lead, shape, _trits(shape[0] * shape[1], order, scales)),
        )


def _trits(elements: int, order: str, scales: int) -> Weight:
    base, each = (3, 5) if order == "base3" else (4, 4)

    def make(draw: Draw) -> dict[str, Array]:
        digits = draw.integers(-(-elements // each), each, low=0, high=2)
        found = {"packed": (digits * base ** np.arange(each)).sum(1).astype(np.uint8)}
        return {**found, "scale": draw.uniform(scales, low=0.01, high=1)} if scales else found

    return make


def _with_x(lead: Lead, shape: tuple[int, int], weight: Weight, *, transposed: bool = True) -> Make:
    outputs, terms = shape if transposed else shape[::-1]
    return lambda draw: {
        "x": draw.normal(*lead, terms),
        **weight(draw),
        "grad.y": draw.normal(*lead, outputs),
    }


FAMILIES = (quanto_bytes, quanto_bits, mlx, torch_bytes, bitsandbytes_bytes, ternary)
