"""bitsandbytes layers made of codes and scales that are there already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.backends.torch_arrays import to_torch
from gradproof_bridge.bundle.stored import Array

if TYPE_CHECKING:
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
