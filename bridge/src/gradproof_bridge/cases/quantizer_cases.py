"""HQQ, Quanto, MLX, and the ternary formats that no library defines."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.formulas.hqq import pack
from gradproof_bridge.philox import Draw


def _weight(*shape: int) -> Make:
    return lambda draw: {"weight": draw.normal(*shape, scale=0.1)}


_HQQ_PACKINGS = (
    (8, "8bit_u8"),
    (4, "4bit_u8"),
    (3, "3bit_32"),
    (2, "2bit_u8"),
    (1, "1bit_u8"),
)


def hqq() -> Cases:
    """Every width, both axes, with and without the solver."""
    for nbits, packing in _HQQ_PACKINGS:
        for axis in (0, 1):
            params = {"nbits": nbits, "axis": axis, "group_size": 64, "packing": packing}
            yield Case(f"hqq_{nbits}bit_axis{axis}", "hqq_quantize", "hqq", params, _weight(32, 64))
    four = {"nbits": 4, "axis": 1, "group_size": 64, "packing": "4bit_u8"}
    yield Case(
        "hqq_4bit_round_zero", "hqq_quantize", "hqq", {**four, "round_zero": True}, _weight(32, 64)
    )
    yield Case(
        "hqq_4bit_not_optimized",
        "hqq_quantize",
        "hqq",
        {**four, "optimize": False},
        _weight(32, 64),
    )
    yield Case(
        "hqq_4bit_group16", "hqq_quantize", "hqq", {**four, "group_size": 16}, _weight(8, 64)
    )


def hqq_meta() -> Cases:
    """Scales and zeros in 8 bits in turn: every width, both axes; of 4 bits one of the two alone."""
    for nbits, packing in _HQQ_PACKINGS:
        for axis in (0, 1):
            params = {"nbits": nbits, "axis": axis, "group_size": 8, "packing": packing}
            for names in (("zero", "scale"), ("zero",), ("scale",)):
                if len(names) == 2 or nbits == 4:
                    yield Case(
                        f"hqq_{nbits}bit_axis{axis}_quant_{'_'.join(names)}",
                        "hqq_quantize",
                        "hqq",
                        {**params, **{f"quant_{name}": True for name in names}},
                        _weight(16, 64),
                    )


def hqq_products() -> Cases:
    """HQQLinear with the gradient of its input: groups along rows and columns, words with padding."""
    for nbits, axis, lead, (rows, columns), group in (
        (4, 1, (5,), (7, 32), 16),
        (4, 0, (2, 2), (6, 16), 8),
        (3, 1, (1,), (9, 16), 16),
        (8, 1, (3,), (5, 24), 8),
    ):
        params = {"nbits": nbits, "axis": axis, "group_size": group}
        yield Case(
            f"hqq_product_{nbits}bit_axis{axis}",
            "hqq_matmul",
            "hqq",
            {**params, "out_features": rows, "in_features": columns},
            _hqq_product(lead, rows, columns, params),
        )


def _hqq_product(lead: tuple[int, ...], rows: int, columns: int, params: Params) -> Make:
    nbits, group = params["nbits"], params["group_size"]
    of_groups = (-1, group) if params["axis"] == 1 else (group, -1)
    scales = (-1, 1) if params["axis"] == 1 else (1, -1)

    def make(draw: Draw) -> dict[str, Array]:
        codes = draw.integers(rows * columns, low=0, high=2**nbits - 1).astype(np.uint8)
        groups = rows * columns // group
        return {
            "x": draw.normal(*lead, columns),
            "packed": pack(codes.reshape(of_groups), nbits),
            "scale": np.abs(draw.normal(groups, scale=0.01)).reshape(scales),
            "zero": draw.uniform(groups, low=0.0, high=2.0**nbits).reshape(scales),
            "grad.y": draw.normal(*lead, rows),
        }

    return make


def quanto() -> Cases:
    """Affine in groups, symmetric along an axis."""
    for qtype in ("qint2", "qint4"):
        for axis in (0, -1):
            params = {"qtype": qtype, "axis": axis, "group_size": 32}
            yield Case(
                f"quanto_{qtype}_axis{axis}", "quanto_quantize", "quanto", params, _weight(64, 32)
            )
    yield Case(
        "quanto_qint4_group128",
        "quanto_quantize",
        "quanto",
        {"qtype": "qint4", "axis": 0, "group_size": 128},
        _weight(8, 256),
    )
    yield Case(
        "quanto_qint4_no_group",
        "quanto_quantize",
        "quanto",
        {"qtype": "qint4", "axis": 0},
        _weight(8, 96),
    )
    for qtype in ("qint8", "qfloat8_e4m3fn", "qfloat8_e4m3fnuz", "qfloat8_e5m2"):
        for axis in (0, -1):
            yield Case(
                f"quanto_{qtype}_axis{axis}",
                "quanto_quantize",
                "quanto",
                {"qtype": qtype, "axis": axis},
                _weight(9, 33),
            )


def mlx() -> Cases:
    """Every width of the affine mode, the group sizes, the microscaled modes."""
    for bits in (2, 3, 4, 5, 6, 8):
        params = {"mode": "affine", "bits": bits, "group_size": 64}
        yield Case(f"mlx_affine_{bits}bit", "mlx_quantize", "mlx", params, _with_x(8, 128))
    for group in (32, 128):
        params = {"mode": "affine", "bits": 4, "group_size": group}
        yield Case(f"mlx_affine_4bit_g{group}", "mlx_quantize", "mlx", params, _with_x(8, 128))
    for mode, bits, group in (("mxfp4", 4, 32), ("mxfp8", 8, 32), ("nvfp4", 4, 16)):
        params = {"mode": mode, "bits": bits, "group_size": group}
        yield Case(f"mlx_{mode}", "mlx_quantize", "mlx", params, _with_x(8, 128))


def _with_x(rows: int, columns: int) -> Make:
    return lambda draw: {
        "weight": draw.normal(rows, columns, scale=0.1),
        "x": draw.normal(3, columns),
    }


def ternary() -> Cases:
    """Definitions without a library: numpy alone computes them."""
    for name, shape in (
        ("tail", (5, 7)),
        ("64x64", (64, 64)),
        ("one", (1,)),
        ("33x100", (33, 100)),
    ):
        yield Case(
            f"ternary_{name}",
            "ternary_quantize",
            "numpy",
            {"threshold_factor": 0.7},
            _weight(*shape),
        )
        yield Case(f"bitnet_{name}", "bitnet_quantize", "numpy", {"eps": 1e-5}, _weight(*shape))
    yield Case("ternary_zeros", "ternary_quantize", "numpy", {"threshold_factor": 0.7}, _zeros)


def bitnet_layers() -> Cases:
    """Rows that fill bytes of trits or do not, one row, rows of zeros and below 1e-5; a bias, and
    gradients.
    """
    for name, shape, outputs, with_bias in (
        ("5x37", (5, 37), 7, True),
        ("2x3x64", (2, 3, 64), 16, False),
        ("1x20", (1, 20), 12, True),
    ):
        yield Case(
            f"bitnet_linear_{name}",
            "bitnet_linear",
            "transformers",
            {"out_features": outputs},
            _layer(shape, outputs, with_bias=with_bias),
        )


def _layer(shape: tuple[int, ...], outputs: int, *, with_bias: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        x = draw.normal(*shape)
        if len(shape) == 2 and shape[0] > 2:
            x[1] *= 0
            x[2] *= np.float32(1e-6)
        codes = draw.integers(-(-outputs * shape[-1] // 4), 4, low=0, high=2)
        inputs = {
            "x": x,
            "packed": (codes << np.array([0, 2, 4, 6])).sum(1).astype(np.uint8),
            "scale": np.abs(draw.normal(1, scale=0.1)),
            "grad.y": draw.normal(*shape[:-1], outputs),
        }
        if with_bias:
            inputs["bias"] = draw.normal(outputs)
        return inputs

    return make


def quanto_layers() -> Cases:
    """Rows that fill words of codes or do not, x beyond its codes and at ties between them; a bias,
    and gradients.
    """
    for name, shape, outputs, scale, with_bias in (
        ("5x37", (5, 37), 7, 0.03, True),
        ("2x3x20_clamped", (2, 3, 20), 12, 0.01, False),
        ("3x24_ties", (3, 24), 5, 0.125, True),
    ):
        make = _quanto_layer(shape, outputs, scale, with_bias=with_bias)
        yield Case(f"quanto_linear_{name}", "quanto_linear", "quanto", {}, make)


def _quanto_layer(shape: tuple[int, ...], outputs: int, scale: float, *, with_bias: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        x = draw.normal(*shape)
        inputs = {
            # By a power of two quotients are exact.
            "x": np.rint(16 * x) / np.float32(16) if scale == 0.125 else x,
            "q": draw.integers(outputs, shape[-1], low=-128, high=127).astype(np.int8),
            "scale": np.abs(draw.normal(outputs, 1, scale=0.01)),
            "input_scale": np.array([scale], np.float32),
            "grad.y": draw.normal(*shape[:-1], outputs),
        }
        if with_bias:
            inputs["bias"] = draw.normal(outputs)
        return inputs

    return make


def quanto_activations() -> Cases:
    """Codes of each type, some of x beyond them; gradients."""
    for qtype, scale in (
        ("qint8", 0.015),
        ("qfloat8_e4m3fn", 0.004),
        ("qfloat8_e4m3fnuz", 0.008),
        ("qfloat8_e5m2", 3e-5),
    ):
        make = _activations((3, 13), scale)
        params = {"qtype": qtype}
        yield Case(f"quanto_activation_{qtype}", "quanto_activation", "quanto", params, make)


def _activations(shape: tuple[int, ...], scale: float) -> Make:
    return lambda draw: {
        "x": draw.normal(*shape),
        "scale": np.array([scale], np.float32),
        "grad.dequant": draw.normal(*shape),
    }


def quanto_calibrations() -> Cases:
    """Of a first batch, and of one after others."""
    for name, shape, before, params in (
        ("first", (5, 37), 1.0, {}),
        ("later", (2, 3, 20), 0.03, {}),
        ("first_qfloat8_e4m3fn", (3, 13), 1.0, {"qtype": "qfloat8_e4m3fn"}),
        ("first_qfloat8_e4m3fnuz", (3, 13), 1.0, {"qtype": "qfloat8_e4m3fnuz"}),
        ("later_qfloat8_e5m2", (3, 13), 5e-5, {"qtype": "qfloat8_e5m2"}),
    ):
        make = _calibrated(shape, before)
        yield Case(f"quanto_calibrate_{name}", "quanto_calibrate", "quanto", params, make)


def _calibrated(shape: tuple[int, ...], before: float) -> Make:
    return lambda draw: {
        "x": draw.normal(*shape),
        "input_scale": np.array([before], np.float32),
    }


def _zeros(draw: Draw) -> dict[str, Array]:
    return {"weight": draw.normal(3, 9) * 0}


FAMILIES = (
    hqq,
    hqq_meta,
    hqq_products,
    quanto,
    mlx,
    ternary,
    bitnet_layers,
    quanto_activations,
    quanto_layers,
    quanto_calibrations,
)
