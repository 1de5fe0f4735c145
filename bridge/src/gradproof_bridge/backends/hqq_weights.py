"""HQQ layers made of codes, scales and zeros that are there already."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradproof_bridge.backends.torch_arrays import to_numpy, to_torch
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


def decoded_by_layer(parts: Mapping[str, Array], shape: tuple[int, int], own: Params) -> Array:
    """What the tensors of a layer's state stand for. A file that tells no more than these, as that
    of zeros and scales in codes, whose dictionaries' names are before theirs, is read by `own`.
    """
    import torch
    from hqq.core.quantize import HQQLinear, Quantizer

    plain = {"view_as_float": False, "compute_dtype": torch.float32}
    tensors = {name: to_torch(x, "cpu") for name, x in parts.items()}
    layer = HQQLinear(None, None, compute_dtype=torch.float32, device="cpu", initialize=False)
    if "encoded_state_dict" in tensors:
        layer.load_state_dict(tensors)
        return to_numpy(layer.dequantize())
    packed = tensors.pop("W_q")
    groups = math.prod(shape) // own["group_size"]
    meta = {
        **plain,
        **own,
        "shape": torch.Size(shape),
        "packing": Quantizer.bit_to_packing[own["nbits"]],
        **{
            name: x for name, x in tensors.items() if name in ("scale", "zero", "scale_q", "zero_q")
        },
    }
    # What HQQ quantizes zeros and scales by.
    for part, group in (("zero", None), ("scale", 128)):
        meta[f"quant_{part}"] = f"{part}_q" in tensors
        if meta[f"quant_{part}"]:
            meta[f"meta_{part}"] = {
                **plain,
                "nbits": 8,
                "axis": 0,
                "group_size": group,
                "packing": "8bit_u8",
                "shape": torch.Size((groups, 1) if own["axis"] == 1 else (1, groups)),
                **{name: tensors[f"meta_{part}.{name}"] for name in ("scale", "zero")},
            }
    # The one form with quantized zeros or scales that it loads: its own table of types lacks them.
    layer.load_state_dict({"W_q": packed, "meta": meta})
    return to_numpy(layer.dequantize())
