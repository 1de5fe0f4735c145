"""HQQ's quantizer and its linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import ClassVar

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.frozen_linear import product_of
from gradproof_bridge.backends.hqq_weights import hqq_linear
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.hqq import PARTS

_SOLVER = {"lp_norm": 0.7, "beta": 10, "kappa": 1.01, "iters": 20}


class HqqBackend(Backend):
    """hqq.core.quantize.Quantizer and HQQLinear."""

    name: ClassVar[str] = "hqq"
    distributions: ClassVar[tuple[str, ...]] = ("hqq", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "hqq.core.quantize")
    packages: ClassVar[tuple[str, ...]] = ("hqq",)

    def devices(self) -> tuple[str, ...]:
        return tuple(device for device in torch_devices() if device != "mps")

    def ops(self) -> Mapping[str, Compute]:
        return {"hqq_quantize": _quantize, "hqq_matmul": _multiply}


def _quantize(call: Call) -> Outputs:
    import torch
    from hqq.core.quantize import Quantizer

    p = call.params
    changed = [name for name, value in _SOLVER.items() if p[name] != value]
    if changed:
        raise NotImplementedOpError(
            f"HQQ's quantizer takes {', '.join(changed)} only as they are: {_SOLVER}"
        )
    with deterministic(), torch.no_grad():
        packed, meta = Quantizer.quantize(
            to_torch(call.inputs["weight"], call.device),
            nbits=p["nbits"],
            group_size=p["group_size"],
            optimize=p["optimize"],
            round_zero=p["round_zero"],
            axis=p["axis"],
            device=call.device,
        )
        codes = Quantizer.unpack[meta["packing"]](packed, dtype=torch.uint8)
        groups = call.inputs["weight"].size // p["group_size"]
        rows = groups if p["axis"] == 1 else p["group_size"]
        return {
            "packed": to_numpy(packed),
            # 3-bit words hold padding rows after the last.
            "unpacked": to_numpy(codes[:rows]),
            "scale": to_numpy(meta["scale"]),
            "zero": to_numpy(meta["zero"]),
            "dequant": to_numpy(Quantizer.dequantize(packed, meta)),
            **(_meta(call) if p["quant_zero"] or p["quant_scale"] else {}),
        }


def _meta(call: Call) -> Outputs:
    """Zeros and scales in 8 bits, and the weight by what they stand for, as a layer has them. A layer
    that is given a linear ignores what BaseQuantizeConfig says of that; one that quantizes a weight
    does it.
    """
    import torch
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear

    p = call.params
    weight = to_torch(call.inputs["weight"], call.device)
    # It says on standard output that this is deprecated.
    with redirect_stdout(StringIO()):
        config = BaseQuantizeConfig(quant_zero=p["quant_zero"], quant_scale=p["quant_scale"])
    config["weight_quant_params"] = {
        name: p[name] for name in ("nbits", "group_size", "optimize", "round_zero", "axis")
    }
    layer = HQQLinear(
        None, config, compute_dtype=torch.float32, device=call.device, initialize=False
    )
    layer.quantize(
        weight.reshape(weight.shape[0], -1),
        **{name: value for name, value in config.items() if name != "offload_meta"},
    )
    found = {"dequant": to_numpy(layer.dequantize().reshape(weight.shape))}
    for part in ("zero", "scale"):
        if p[f"quant_{part}"]:
            meta = layer.meta[f"meta_{part}"]
            found[f"{part}_q"] = to_numpy(layer.meta[f"{part}_q"])
            for name in ("scale", "zero"):
                # That of all zeros is a scalar.
                found[f"meta_{part}_{name}"] = to_numpy(torch.atleast_1d(meta[name]))
    return found


def _multiply(call: Call) -> Outputs:
    """HQQLinear without bias, of codes, scales and zeros that are there."""
    p = call.params
    if not p["transpose_weight"]:
        raise NotImplementedOpError("HQQLinear multiplies by W^T, not by W")
    parts = {"W_q": call.inputs["packed"], **{name: call.inputs[name] for name in PARTS}}
    shape = p["out_features"], p["in_features"]
    with deterministic():
        layer = hqq_linear(parts, shape, {"quant": p, "compute_dtype": "float32"}, call.device)
        return product_of(layer, call)
