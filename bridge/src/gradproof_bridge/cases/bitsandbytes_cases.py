"""bitsandbytes: 4-bit and 8-bit formats, LLM.int8, the 8-bit AdamW."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make, shape_name
from gradproof_bridge.formulas.blockwise import dynamic_map_values
from gradproof_bridge.formulas.four_bit import TABLES
from gradproof_bridge.philox import Draw

_LIBRARY = "bitsandbytes"
# Last dimensions at which the AVX512 code of 0.50.2 decodes rightly, and (the last three) at which
# it does not.
_SHAPES: tuple[tuple[tuple[int, ...], int], ...] = (
    ((32, 64), 64),
    ((8, 128), 128),
    ((4, 32), 32),
    ((1000,), 64),
    ((37, 30), 64),
    ((3, 7), 64),
    ((1, 1), 64),
    ((2, 1024), 1024),
    ((1, 4096), 4096),
    ((4, 512), 256),
)
_DEVIATING = (((64, 64), 128), ((37, 48), 64), ((7, 96), 64))
_DEFECT = "on CPUs with AVX512 bitsandbytes decodes shapes like this one wrongly: out.dequant is the library's own value"


def four_bit() -> Cases:
    """quantize_4bit with what it decodes to."""
    for quant_type in ("nf4", "fp4"):
        for shape, blocksize in _SHAPES:
            name = f"{quant_type}_{shape_name(*shape)}_bs{blocksize}"
            yield Case(
                name,
                "quantize_4bit",
                _LIBRARY,
                {"quant_type": quant_type, "blocksize": blocksize},
                _weight(*shape),
            )
        for dtype in ("f16", "bf16"):
            yield Case(
                f"{quant_type}_{dtype}",
                "quantize_4bit",
                _LIBRARY,
                {"quant_type": quant_type},
                _weight(8, 64, dtype=dtype),
            )
        params = {"quant_type": quant_type, "blocksize": 64}
        yield Case(f"{quant_type}_ties", "quantize_4bit", _LIBRARY, params, _ties(quant_type))
        yield Case(f"{quant_type}_zero_block", "quantize_4bit", _LIBRARY, params, _zero_block)
        for rows, blocksize in ((48, 64), (300, 64), (16, 128)):
            double = {
                "quant_type": quant_type,
                "blocksize": blocksize,
                "compress_statistics": True,
                "nested_blocksize": 256,
                "nested_rounding": "lut16",
            }
            name = f"{quant_type}_double_{rows}x{blocksize}"
            yield Case(name, "quantize_4bit", _LIBRARY, double, _weight(rows, blocksize))
    for shape, blocksize in _DEVIATING:
        params = {"quant_type": "nf4", "blocksize": blocksize}
        yield Case(
            f"nf4_deviates_{shape_name(*shape)}_bs{blocksize}",
            "quantize_4bit",
            _LIBRARY,
            params,
            _weight(*shape),
            _DEFECT,
        )


def _weight(*shape: int, dtype: str = "f32") -> Make:
    return lambda draw: {"weight": draw.normal(*shape, scale=0.05, dtype=dtype)}


def ties(quant_type: str) -> Array:
    """Midpoints between neighbours, and one unit above and below each: absmax is 1, so that each
    stands for itself.
    """
    table = np.sort(TABLES[quant_type])
    middles = ((table[1:] + table[:-1]) / 2).astype(np.float32)
    values = np.concatenate(
        [
            middles,
            np.nextafter(middles, np.float32(2)),
            np.nextafter(middles, np.float32(-2)),
            [1.0],
        ]
    )
    return np.append(values, np.zeros(64 - values.size)).astype(np.float32)


def _ties(quant_type: str) -> Make:
    return lambda _: {"weight": ties(quant_type)}


def _zero_block(draw: Draw) -> dict[str, Array]:
    weight = draw.normal(4, 64)
    weight[1] = 0
    return {"weight": weight}


def four_bit_products() -> Cases:
    """Linear4bit with the gradient of its input: rows of one block and of two, and one row."""
    for quant_type in ("nf4", "fp4"):
        for lead, (rows, columns), blocksize in (
            ((5,), (7, 64), 64),
            ((2, 2), (4, 128), 64),
            ((1,), (12, 32), 32),
        ):
            params = {
                "quant_type": quant_type,
                "blocksize": blocksize,
                "out_features": rows,
                "in_features": columns,
            }
            yield Case(
                f"{quant_type}_product_{shape_name(*lead, columns)}_{shape_name(rows, columns)}",
                "matmul_4bit",
                _LIBRARY,
                params,
                _product(lead, rows, columns, blocksize),
            )


def _product(lead: tuple[int, ...], rows: int, columns: int, blocksize: int) -> Make:
    return lambda draw: {
        "x": draw.normal(*lead, columns),
        "packed": draw.integers(rows * columns // 2, 1, low=0, high=255).astype(np.uint8),
        "absmax": np.abs(draw.normal(rows * columns // blocksize, scale=0.1)),
        "grad.y": draw.normal(*lead, rows),
    }


def eight_bit() -> Cases:
    """quantize_blockwise, dynamic_map, LLM.int8."""
    for signed in (True, False):
        sign = "signed" if signed else "unsigned"
        yield Case(f"dynamic_map_{sign}", "dynamic_map", _LIBRARY, {"signed": signed}, lambda _: {})
        for n, blocksize in ((1000, 64), (2048, 256), (4097, 4096)):
            params = {"blocksize": blocksize, "signed": signed, "rounding": "lut16"}
            yield Case(
                f"blockwise_{sign}_{n}_bs{blocksize}",
                "quantize_blockwise",
                _LIBRARY,
                params,
                _blockwise(n, signed=signed),
            )
    yield Case(
        "dynamic_map_5_bits",
        "dynamic_map",
        _LIBRARY,
        {"signed": True, "max_exponent_bits": 5},
        lambda _: {},
    )
    for name, threshold, rows in (("plain", 0.0, 7), ("threshold", 6.0, 7), ("one_row", 6.0, 1)):
        yield Case(
            f"int8_{name}",
            "int8_vectorwise_quant",
            _LIBRARY,
            {"threshold": threshold},
            _outliers(rows, 37),
        )
    for name, threshold, bias in (
        ("plain", 0.0, False),
        ("bias", 0.0, True),
        ("outliers", 6.0, True),
    ):
        yield Case(
            f"linear_8bit_{name}",
            "linear_8bit_lt",
            _LIBRARY,
            {"threshold": threshold},
            _linear(bias=bias),
        )
    for name, stored in (("f32", np.dtype(np.float32)), ("f16", np.dtype(np.float16))):
        yield Case(
            f"linear_8bit_gradient_{name}",
            "linear_8bit_lt",
            _LIBRARY,
            {"threshold": 6.0},
            _with_gradient(stored),
        )


def _with_gradient(stored: np.dtype[np.floating]) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {**_linear(bias=True)(draw), "grad.y": draw.normal(6, 16)}
        return {name: x.astype(stored) for name, x in inputs.items()}

    return make


def _blockwise(n: int, *, signed: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        x = draw.normal(n)
        return {
            "x": x if signed else np.abs(x),
            "code": dynamic_map_values(signed=signed).astype(np.float32),
        }

    return make


def _outliers(rows: int, columns: int) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        x = draw.normal(rows, columns, dtype="f16")
        x[0, 3] = 8.0
        x[-1, 20] = -6.0
        return {"x": x}

    return make


def _linear(*, bias: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        inputs = {**_outliers(6, 32)(draw), "weight": draw.normal(16, 32, scale=0.1, dtype="f16")}
        return {**inputs, "bias": draw.normal(16, dtype="f16")} if bias else inputs

    return make


def adamw_8bit() -> Cases:
    """The optimizer whose state is kept in 8 bits, and its float state below 4096 elements."""
    params = {
        "optimizer": "adamw8bit",
        "lr": 1e-2,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": 0.1,
        "blocksize": 256,
        "min_8bit_size": 4096,
        "state_rounding": "lut16",
    }
    for name, shape in (
        ("8bit_64x64", (64, 64)),
        ("8bit_tail", (41, 101)),
        ("small_stays_float", (30, 33)),
    ):
        yield Case(f"adamw8bit_{name}", "optimizer_steps", _LIBRARY, params, _steps(*shape))


def _steps(*shape: int) -> Make:
    return lambda draw: {"param": draw.normal(*shape), "grads": draw.normal(4, *shape)}


FAMILIES = (four_bit, four_bit_products, eight_bit, adamw_8bit)
