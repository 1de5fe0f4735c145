"""HQQ layers made of codes, scales and zeros that are there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradproof_bridge.backends.torch_arrays import to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params

if TYPE_CHECKING:
    from hqq.core.quantize import HQQLinear


def hqq_linear(
    parts: Mapping[str, Array], shape: tuple[int, int], p: Params, device: str
) -> HQQLinear:
    """An HQQLinear without bias, [out, in] being the weight's shape."""
    import torch
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear, Quantizer

    own = {name: p["quant"][name] for name in ("nbits", "group_size", "axis")}
    dtype = getattr(torch, p["compute_dtype"])
    layer = HQQLinear(
        None, BaseQuantizeConfig(**own), compute_dtype=dtype, device=device, initialize=False
    )
    meta = {
        **own,
        "shape": torch.Size(shape),
        "scale": to_torch(parts["scale"], device),
        "zero": to_torch(parts["zero"], device),
        "packing": Quantizer.bit_to_packing[own["nbits"]],
        "unpack_view_dtype": Quantizer.unpack_view_dtype[Quantizer.bit_to_packing[own["nbits"]]],
        "view_as_float": False,
        "quant_scale": False,
        "quant_zero": False,
        "compute_dtype": dtype,
    }
    layer.load_state_dict({"W_q": to_torch(parts["W_q"], device), "meta": meta})
    return layer
