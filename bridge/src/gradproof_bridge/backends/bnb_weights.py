"""bitsandbytes layers made of codes and scales that are there already."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gradproof_bridge.backends.torch_arrays import to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.formulas.four_bit import unpack

if TYPE_CHECKING:
    from bitsandbytes.functional import QuantState
    from bitsandbytes.nn import Linear4bit


def linear_4bit(
    packed: Array,
    absmax: Array,
    shape: tuple[int, int],
    quant_type: str,
    blocksize: int,
    device: str,
    compute_dtype: str = "float32",
) -> Linear4bit:
    """A Linear4bit without bias, [out, in] being the weight's shape."""
    import bitsandbytes
    import torch
    from bitsandbytes import functional as bnb

    layer = bitsandbytes.nn.Linear4bit(
        shape[1],
        shape[0],
        bias=False,
        compute_dtype=getattr(torch, compute_dtype),
        quant_type=quant_type,
        device="meta",
    )
    state = bnb.QuantState(
        absmax=to_torch(absmax, device),
        shape=torch.Size(shape),
        code=bnb.get_4bit_type(quant_type, device=device),
        blocksize=blocksize,
        quant_type=quant_type,
        dtype=torch.float32,
    )
    layer.weight = bitsandbytes.nn.Params4bit(
        to_torch(packed, device),
        requires_grad=False,
        quant_state=state,
        blocksize=blocksize,
        compress_statistics=False,
        quant_type=quant_type,
        bnb_quantized=True,
    )
    layer.quant_state = state
    # In eval mode the CPU may repack the weight to bfloat16 (`Linear4bit.forward` of
    # bitsandbytes/nn/modules.py).
    return layer.train()


def state_of(weight: str, tensors: Mapping[str, Array]) -> QuantState:
    """The state of a 4-bit weight, as the library reads it from a checkpoint's tensors."""
    import torch
    from bitsandbytes import functional as bnb

    parts = {
        name: to_torch(x, "cpu") for name, x in tensors.items() if name.startswith(f"{weight}.")
    }
    return bnb.QuantState.from_dict(parts, torch.device("cpu"))


def decoded_by_state(state: QuantState, packed: Array) -> Array:
    """What codes stand for by the table and the scales of a state, in float32.

    Not by `dequantize_4bit`, which is wrong for some shapes on CPUs with AVX512 (docs/bridge.md).
    """
    from bitsandbytes import functional as bnb

    scales = (
        bnb.dequantize_blockwise(state.absmax, state.state2) + state.offset
        if state.nested
        else state.absmax
    )
    shape = tuple(state.shape)
    elements = math.prod(shape)
    of_block = np.repeat(scales.float().numpy().reshape(-1), state.blocksize)[:elements]
    decoded: Array = state.code.float().numpy()[unpack(packed, elements)] * of_block
    return decoded.reshape(shape)
