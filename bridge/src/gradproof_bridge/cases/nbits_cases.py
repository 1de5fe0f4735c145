"""Weights of ONNX Runtime's MatMulNBits: quantized, read, and multiplied by."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

_LIBRARY = "onnxruntime"


def quantized() -> Cases:
    """Every width, with and without zero points; rows that end inside blocks and bytes."""
    for bits in (4, 8, 2):
        for symmetric in (False, True):
            kind = f"{bits}bit{'_symmetric' if symmetric else ''}"
            for name, block, make in (
                ("37x96_b32", 32, _weight(37, 96)),
                ("5x117_b16", 16, _weight(5, 117)),
                ("f16_8x64_b32", 32, _weight(8, 64, dtype="f16")),
                ("bf16_8x64_b32", 32, _weight(8, 64, dtype="bf16")),
                ("scales_24x64_b16", 16, _scales),
                ("ties_16x64_b16", 16, _ties(bits)),
            ):
                params = {"bits": bits, "block_size": block, "symmetric": symmetric}
                yield Case(
                    f"ort_quantize_nbits_{kind}_{name}", "quantize_nbits", _LIBRARY, params, make
                )
    for block in (64, 128, 256):
        params = {"bits": 4, "block_size": block, "symmetric": False}
        yield Case(
            f"ort_quantize_nbits_4bit_3x300_b{block}",
            "quantize_nbits",
            _LIBRARY,
            params,
            _weight(3, 300),
        )


def multiplied() -> Cases:
    """The operator on any codes, and what it decodes them to."""
    for bits, block, rows, columns in (
        (4, 32, 21, 96),
        (4, 16, 13, 53),
        (8, 64, 7, 131),
        (2, 16, 9, 100),
    ):
        params = {
            "bits": bits,
            "block_size": block,
            "out_features": rows,
            "in_features": columns,
        }
        for has_zeros in (True, False):
            of = f"{bits}bit_{rows}x{columns}_b{block}{'' if has_zeros else '_symmetric'}"
            read = _codes(params, has_zeros=has_zeros)
            yield Case(f"ort_dequantize_nbits_{of}", "dequantize_nbits", _LIBRARY, params, read)
            made = _codes(params, has_zeros=has_zeros, rows_of_x=3)
            yield Case(f"ort_matmul_nbits_{of}", "matmul_nbits", _LIBRARY, params, made)


def as_the_operator_takes_them() -> Cases:
    """Floats as zero points, a block for each column, and x that may become int8: what the
    operator has and its quantizer does not make.
    """
    for bits, block, rows, columns in ((4, 32, 21, 96), (4, 16, 13, 53), (2, 16, 9, 100)):
        params = {
            "bits": bits,
            "block_size": block,
            "out_features": rows,
            "in_features": columns,
        }
        of = f"{bits}bit_{rows}x{columns}_b{block}"
        read = _floats(params)
        yield Case(f"ort_dequantize_nbits_{of}_floats", "dequantize_nbits", _LIBRARY, params, read)
        made = _floats(params, rows_of_x=3)
        yield Case(f"ort_matmul_nbits_{of}_floats", "matmul_nbits", _LIBRARY, params, made)
        if bits != 4:
            continue
        for kind, zero in (("floats", _floats), ("symmetric", _middle)):
            read = _by_column(params, zero(params))
            name = f"{of}_{kind}_g_idx"
            yield Case(f"ort_dequantize_nbits_{name}", "dequantize_nbits", _LIBRARY, params, read)
            made = _by_column(params, zero(params, rows_of_x=3))
            yield Case(f"ort_matmul_nbits_{name}", "matmul_nbits", _LIBRARY, params, made)
        for level in (1, 4):
            for has_zeros in (True, False):
                yield Case(
                    f"ort_matmul_nbits_{of}{'' if has_zeros else '_symmetric'}_level{level}",
                    "matmul_nbits",
                    _LIBRARY,
                    {**params, "accuracy_level": level},
                    _codes(params, has_zeros=has_zeros, rows_of_x=3),
                )


def _weight(*shape: int, dtype: str = "f32") -> Make:
    return lambda draw: {"weight": draw.normal(*shape, scale=0.1, dtype=dtype)}


def _scales(draw: Draw) -> dict[str, Array]:
    """Rows from 1e-34 to 1e35, of one sign, and zeros."""
    size = 10.0 ** (3.0 * (np.arange(24) - 11))
    weight = (draw.normal(24, 64).astype(np.float64) * size[:, None]).astype(np.float32)
    weight[5, :16] = 0
    weight[6:9] = np.abs(weight[6:9])
    weight[9:12] = -np.abs(weight[9:12])
    return {"weight": weight}


def _ties(bits: int) -> Make:
    """Halves of a block's step, which is a power of two, with zero on a code and half way."""
    top = 2**bits - 1

    def make(draw: Draw) -> dict[str, Array]:
        weight = draw.integers(16, 64, low=0, high=2 * top).astype(np.float32) / 2
        weight[:, ::16] = 0
        weight[:, 1::16] = top
        lows = draw.integers(16, 1, low=0, high=2 * top).astype(np.float32) / 2
        return {"weight": weight - lows}

    return make


def _codes(params: Params, *, has_zeros: bool, rows_of_x: int = 0) -> Make:
    bits, block = params["bits"], params["block_size"]
    rows, columns = params["out_features"], params["in_features"]
    blocks = -(-columns // block)

    def make(draw: Draw) -> dict[str, Array]:
        def codes(*shape: int) -> Array:
            return draw.integers(*shape, low=0, high=255).astype(np.uint8)

        weight: dict[str, Array] = {"x": draw.normal(rows_of_x, columns)} if rows_of_x else {}
        weight["packed"] = codes(rows, blocks, block * bits // 8)
        weight["scales"] = draw.normal(rows, blocks, scale=0.1)
        if has_zeros:
            weight["zero_points"] = codes(rows, -(-blocks * bits // 8))
        return weight

    return make


def _middle(params: Params, *, rows_of_x: int = 0) -> Make:
    return _codes(params, has_zeros=False, rows_of_x=rows_of_x)


def _floats(params: Params, *, rows_of_x: int = 0) -> Make:
    """Zero points between codes and beyond them."""
    symmetric = _middle(params, rows_of_x=rows_of_x)

    def make(draw: Draw) -> dict[str, Array]:
        weight = symmetric(draw)
        middle = 2 ** (params["bits"] - 1)
        zeros = middle * (1 + draw.normal(*weight["scales"].shape))
        return {**weight, "float_zero_points": zeros.astype(np.float32)}

    return make


def _by_column(params: Params, make: Make) -> Make:
    """Columns in no order of blocks, as act-order leaves them."""

    def indexed(draw: Draw) -> dict[str, Array]:
        weight = make(draw)
        columns, blocks = params["in_features"], weight["scales"].shape[1]
        blocks_of = draw.integers(columns, low=0, high=blocks - 1).astype(np.int32)
        return {**weight, "g_idx": blocks_of}

    return indexed


FAMILIES = (quantized, multiplied, as_the_operator_takes_them)
