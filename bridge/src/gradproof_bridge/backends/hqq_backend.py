"""HQQ's quantizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.errors import NotImplementedOpError

_SOLVER = {"lp_norm": 0.7, "beta": 10, "kappa": 1.01, "iters": 20}


class HqqBackend(Backend):
    """hqq.core.quantize.Quantizer."""

    name: ClassVar[str] = "hqq"
    distributions: ClassVar[tuple[str, ...]] = ("hqq", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "hqq.core.quantize")
    packages: ClassVar[tuple[str, ...]] = ("hqq",)

    def devices(self) -> tuple[str, ...]:
        return tuple(device for device in torch_devices() if device != "mps")

    def ops(self) -> Mapping[str, Compute]:
        return {"hqq_quantize": _quantize}


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
        }
