"""bitsandbytes' 4-bit formats: NF4 and FP4 in blocks of the flat tensor, and their nested
statistics.

Dettmers et al., "QLoRA" (2023, arXiv 2305.14314); tables and thresholds of
bitsandbytes/functional.py and backends/default/ops.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.blockwise import decoded, dynamic_map_values, flushed, quantize_codes
from gradproof_bridge.formulas.bounded import F64, TINY, Bounded, bounded, eps, gamma, rounded
from gradproof_bridge.formulas.decoded_product import decoded_product
from gradproof_bridge.formulas.expected import Codes, Decoded, Expected, Real
from gradproof_bridge.formulas.shapes import block_of

if TYPE_CHECKING:
    from gradproof_bridge.backends.base import Inputs
    from gradproof_bridge.bundle.stored import Array
    from gradproof_bridge.bundle.vocabulary import Params

# fmt: off
NF4 = np.array([
    -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
])
_FP4_HALF = [0, 0.0052083334885537624, 0.6666666865348816, 1, 0.3333333432674408, 0.5, 0.1666666716337204, 0.25]
# fmt: on
FP4 = np.array(_FP4_HALF + [-x for x in _FP4_HALF])
TABLES = {"nf4": NF4, "fp4": FP4}
_BAND = 4.5
"""Half the width, in eps, of the band around a threshold in which either neighbour is right."""
_SMALLEST = float(np.float32(1e-38))


def unpack(packed: Array, elements: int) -> Array:
    """Codes of 4 bits: the first element of a byte is in its high nibble."""
    flat = packed.reshape(-1)
    if flat.size != (elements + 1) // 2:
        raise FormatError(
            f"packed holds {flat.size} bytes; {elements} elements take {(elements + 1) // 2}"
        )
    return np.stack([flat >> 4, flat & 15], axis=1).reshape(-1)[:elements]


def pack(codes: Array, padding: int) -> Array:
    """The inverse of `unpack`; an odd number of codes is padded."""
    even = np.append(codes, [padding] * (codes.size % 2)).astype(np.uint8).reshape(-1, 2)
    return (even[:, 0] << 4 | even[:, 1]).reshape(-1, 1)


def decode_blocks(
    packed: Array, absmax: Array, elements: int, blocksize: int, quant_type: str
) -> Bounded:
    """code[q] * absmax of its block, for the flat tensor."""
    if absmax.size != -(-elements // blocksize):
        raise FormatError(
            f"absmax holds {absmax.size} values; {elements} elements have {-(-elements // blocksize)} blocks of {blocksize}"
        )
    scale = absmax.reshape(-1).astype(np.float64)[block_of(elements, blocksize)]
    return rounded(TABLES[quant_type][unpack(packed, elements)] * scale, np.zeros(elements))


def quantize_4bit(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """Codes of w / absmax by thresholds midway between neighbours (a tie goes to the lower), packed
    two a byte, and what they decode to.
    """
    weight = inputs["weight"]
    flat = weight.astype(np.float64).reshape(-1)
    blocksize, quant_type = params["blocksize"], params["quant_type"]
    table = TABLES[quant_type]
    order = np.argsort(table, kind="stable")
    absmax = block_absmax(flat, blocksize)
    low, rank, high = _ranks(flat, absmax, blocksize, table[order])
    if quant_type == "fp4":
        order = np.where(table[order] == 0, 0, order)
    codes = order[rank].astype(np.uint8)
    packed = pack(codes, 7 if quant_type == "nf4" else 0)
    values = table[order]
    # Of a block of zeros every code decodes to 0: CUDA, where 0 times 1/0 is NaN, leaves code 0
    # there, which is -1 in NF4. It flushes what is smaller than the smallest normal number to 0,
    # and so may others.
    empty = absmax[block_of(codes.size, blocksize)] < TINY
    lowest, highest = (
        np.where(empty, table.min(), values[low]),
        np.where(empty, table.max(), values[high]),
    )
    outputs: dict[str, Expected] = {"packed": _packed(packed, codes.size, table, lowest, highest)}
    scale = bounded(absmax)
    if params["compress_statistics"]:
        nested, scale = _nest(absmax, params)
        outputs |= nested
    # Of a short last block of zeros bitsandbytes' CPU code stores 1e-38, what it divided by.
    kept = Bounded(absmax, np.where(absmax < TINY, TINY, 0))
    outputs["absmax"] = Real(scale) if params["compress_statistics"] else Real(kept, is_copy=True)
    outputs["dequant"] = Real(_dequant(values, (low, rank, high), scale, blocksize, weight.shape))
    return outputs


def block_absmax(flat: F64, blocksize: int) -> F64:
    """The largest absolute value of each block of the flat tensor; the last block may be short."""
    largest: F64 = np.maximum.reduceat(np.abs(flat), np.arange(0, flat.size, blocksize))
    return largest


def _ranks(flat: F64, absmax: F64, blocksize: int, ordered: F64) -> tuple[Array, Array, Array]:
    """Lowest right, right and highest right index into the ordered table, as float32 has it and
    within the band.
    """
    thresholds = ((ordered[1:] + ordered[:-1]) / 2).astype(np.float32).astype(np.float64)
    scale = absmax[block_of(flat.size, blocksize)]
    with np.errstate(divide="ignore", invalid="ignore"):
        reciprocal = (1 / np.maximum(scale, _SMALLEST)).astype(np.float32)
        y = np.clip((flat.astype(np.float32) * reciprocal).astype(np.float64), -1, 1)
    band = _BAND * eps() + flushed(flat) / np.maximum(scale, _SMALLEST)
    return tuple(np.searchsorted(thresholds, y + shift * band, side="left") for shift in (-1, 0, 1))  # type: ignore[return-value]


def _packed(packed: Array, elements: int, table: F64, low: F64, high: F64) -> Decoded:
    def decode(actual: Array) -> F64:
        values: F64 = table[unpack(actual, elements)]
        return values

    return Decoded(packed, decode, low, high)


def _dequant(
    values: F64,
    ranks: tuple[Array, Array, Array],
    scale: Bounded,
    blocksize: int,
    shape: tuple[int, ...],
) -> Bounded:
    low, rank, high = ranks
    return decoded(values, Codes(rank, low, high), scale[block_of(rank.size, blocksize)]).reshape(
        *shape
    )


def _nest(absmax: F64, params: Params) -> tuple[dict[str, Expected], Bounded]:
    """Statistics in 8 bits: offset = mean(absmax), codes of absmax - offset in the signed dynamic
    map, blocks of nested_blocksize.
    """
    blocksize = params["nested_blocksize"]
    offset = np.float64(np.float32(absmax.mean()))
    offset_error = float(gamma(absmax.size) * np.abs(absmax).mean())
    z = (absmax - offset).astype(np.float32).astype(np.float64)
    code = dynamic_map_values(signed=True)
    z_error = np.full_like(z, offset_error) + eps() * np.abs(z)
    q, scale2 = quantize_codes(Bounded(z, z_error), code, blocksize, params["nested_rounding"])
    per_block = scale2[block_of(z.size, blocksize)]
    restored = bounded(code[q.value]) * per_block + Bounded(
        np.full_like(z, offset), np.full_like(z, offset_error)
    )
    spread = np.maximum(
        np.abs(code[q.high] - code[q.value]), np.abs(code[q.low] - code[q.value])
    ) * np.abs(per_block.value)
    expected: dict[str, Expected] = {
        "absmax_q": q,
        "nested_absmax": Real(scale2),
        "nested_offset": Real(Bounded(np.array([offset]), np.array([offset_error]))),
    }
    return expected, Bounded(restored.value, restored.error + spread)


def matmul_4bit(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """The product with what codes and scales stand for."""
    shape = params["out_features"], params["in_features"]
    weight = decode_blocks(
        inputs["packed"],
        inputs["absmax"],
        shape[0] * shape[1],
        params["blocksize"],
        params["quant_type"],
    ).reshape(*shape)
    return decoded_product(inputs, weight, transposed=params["transpose_weight"])


FORMULAS = {
    "quantize_4bit": quantize_4bit,
    "matmul_4bit": matmul_4bit,
}
