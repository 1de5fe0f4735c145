"""Pre-quantized bitsandbytes checkpoints: a weight's codes beside the state that decodes them.

`<weight>` holds the codes, `<weight>.absmax` and `<weight>.quant_map` the scales and the table,
`<weight>.nested_absmax` and `<weight>.nested_quant_map` those of compressed statistics;
`<weight>.quant_state.bitsandbytes__nf4` holds the rest as JSON in bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.errors import FormatError, message_of
from gradproof_bridge.formulas.blockwise import dynamic_map_values
from gradproof_bridge.formulas.four_bit import TABLES, unpack
from gradproof_bridge.formulas.shapes import block_of

_STATE = ".quant_state.bitsandbytes__"


@dataclass(frozen=True)
class Nested:
    """Statistics in 8 bits: codes, their scales, and the mean that was taken off."""

    codes: Array
    absmax: Array
    offset: float
    blocksize: int = 256


@dataclass(frozen=True)
class QuantizedWeight:
    """A weight in NF4 or FP4: codes two a byte, and the scale of each block or its compressed form."""

    packed: Array
    absmax: Array | Nested
    shape: tuple[int, ...]
    quant_type: str
    blocksize: int
    dtype: str = "float32"

    def scales(self) -> Array:
        """The scale of each block in float32, restored where it is compressed."""
        if not isinstance(self.absmax, Nested):
            return self.absmax
        code = dynamic_map_values(signed=True).astype(np.float32)
        per_block = self.absmax.absmax.astype(np.float32)[
            block_of(self.absmax.codes.size, self.absmax.blocksize)
        ]
        return code[self.absmax.codes.reshape(-1)] * per_block + np.float32(self.absmax.offset)

    def decoded(self) -> Array:
        """Code * scale in float32."""
        elements = math.prod(self.shape)
        scale = self.scales()[block_of(elements, self.blocksize)]
        return (
            TABLES[self.quant_type].astype(np.float32)[unpack(self.packed, elements)] * scale
        ).reshape(self.shape)


def is_quantized(tensors: Mapping[str, Array]) -> bool:
    """Whether a checkpoint holds weights of bitsandbytes."""
    return any(_STATE in name for name in tensors)


def read_quantized(tensors: Mapping[str, Array]) -> dict[str, QuantizedWeight]:
    """The quantized weights by name. Raises FormatError for a state that is missing a part or does
    not fit.
    """
    return {name.partition(_STATE)[0]: _read(name, tensors) for name in tensors if _STATE in name}


def _read(name: str, tensors: Mapping[str, Array]) -> QuantizedWeight:
    weight, _, quant_type = name.partition(_STATE)
    try:
        state = json.loads(bytes(tensors[name].astype(np.uint8)).decode())
        shape, blocksize = tuple(int(n) for n in state["shape"]), int(state["blocksize"])
        table = tensors[f"{weight}.quant_map"]
        absmax = tensors[f"{weight}.absmax"].reshape(-1)
        nested = _nested(weight, absmax, state, tensors) if "nested_offset" in state else None
        packed = np.ascontiguousarray(tensors[weight]).view(np.uint8).reshape(-1)
    except KeyError as error:
        raise FormatError(
            f"{weight} is quantized and lacks {str(error.args[0])[:120]!r}"
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(
            f"{weight}: its quantization state cannot be read: {message_of(error, 120)}"
        ) from error
    if quant_type not in TABLES or not np.array_equal(
        table.astype(np.float32), TABLES[quant_type].astype(np.float32)
    ):
        raise FormatError(f"{weight}: its table is not that of {quant_type}")
    elements = math.prod(shape)
    if (
        min((blocksize, *shape)) < 1
        or packed.size != (elements + 1) // 2
        or absmax.size != -(-elements // blocksize)
    ):
        raise FormatError(
            f"{weight}: {packed.size} bytes and {absmax.size} scales do not make {elements} elements in blocks of {blocksize}"
        )
    return QuantizedWeight(
        packed.reshape(-1, 1),
        nested or absmax,
        shape,
        quant_type,
        blocksize,
        str(state.get("dtype", "float32")),
    )


def _nested(
    weight: str, codes: Array, state: Mapping[str, Any], tensors: Mapping[str, Array]
) -> Nested:
    """Compressed statistics. Raises KeyError for a part that is missing, FormatError for one that
    does not fit.
    """
    absmax, table = (
        tensors[f"{weight}.nested_absmax"].reshape(-1),
        tensors[f"{weight}.nested_quant_map"],
    )
    nested = Nested(codes, absmax, float(state["nested_offset"]), int(state["nested_blocksize"]))
    if (
        nested.blocksize < 1
        or codes.dtype != np.uint8
        or absmax.size != -(-codes.size // nested.blocksize)
    ):
        raise FormatError(
            f"{weight}: {absmax.size} scales do not fit its {codes.size} compressed ones in blocks of {nested.blocksize}"
        )
    if not np.array_equal(
        table.astype(np.float32), dynamic_map_values(signed=True).astype(np.float32)
    ):
        raise FormatError(f"{weight}: its nested table is not the signed dynamic map")
    return nested


def write_quantized(weights: Mapping[str, QuantizedWeight]) -> dict[str, Array]:
    """The tensors of a checkpoint, as bitsandbytes stores and reads them."""
    tensors: dict[str, Array] = {}
    for name, weight in weights.items():
        state = {
            "quant_type": weight.quant_type,
            "blocksize": weight.blocksize,
            "dtype": weight.dtype,
            "shape": list(weight.shape),
        }
        tensors[name] = weight.packed
        tensors[f"{name}.quant_map"] = TABLES[weight.quant_type].astype(np.float32)
        if isinstance(weight.absmax, Nested):
            nested = weight.absmax
            state |= {
                "nested_blocksize": nested.blocksize,
                "nested_dtype": "float32",
                "nested_offset": float(np.float32(nested.offset)),
            }
            tensors[f"{name}.absmax"] = nested.codes
            tensors[f"{name}.nested_absmax"] = nested.absmax
            tensors[f"{name}.nested_quant_map"] = dynamic_map_values(signed=True).astype(np.float32)
        else:
            tensors[f"{name}.absmax"] = weight.absmax
        tensors[f"{name}{_STATE}{weight.quant_type}"] = np.frombuffer(
            json.dumps(state).encode(), np.uint8
        )
    return tensors
