"""Quanto's weights, its activations, and its linear layer with both in codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.quanto_layer import (
    codes_of,
    is_in_float32,
    quanto_activation,
    quanto_calibrate,
    quanto_linear,
)
from gradproof_bridge.backends.quanto_products import is_of_quanto, matmul_8bit, quanto_matmul
from gradproof_bridge.backends.quanto_weights import unpack_in_python
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices

_QTYPE = {"qfloat8": "qfloat8_e4m3fn"}


class QuantoBackend(Backend):
    """optimum.quanto.quantize_weight with the optimizers that its modules use,
    quantize_activation, QLinear with and without quantized activations, and Calibration.
    """

    name: ClassVar[str] = "quanto"
    distributions: ClassVar[tuple[str, ...]] = ("optimum-quanto", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "optimum.quanto")
    packages: ClassVar[tuple[str, ...]] = ("optimum-quanto",)

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def ops(self) -> Mapping[str, Compute]:
        return {
            "quanto_quantize": _quantize,
            "quanto_activation": quanto_activation,
            "quanto_linear": quanto_linear,
            "quanto_matmul": quanto_matmul,
            "matmul_8bit": matmul_8bit,
            "quanto_calibrate": quanto_calibrate,
        }

    def computes(self, call: Call) -> bool:
        return (
            super().computes(call)
            and (call.op == "quanto_quantize" or is_in_float32(call))
            and (call.op != "matmul_8bit" or is_of_quanto(call))
        )


def _quantize(call: Call) -> Outputs:
    import torch
    from optimum import quanto

    unpack_in_python()
    p = call.params
    qtype = quanto.qtypes[_QTYPE.get(p["qtype"], p["qtype"])]
    group = p.get("group_size")
    with deterministic(), torch.no_grad():
        weight = to_torch(call.inputs["weight"], call.device)
        if qtype.bits == 8:
            scale = quanto.AbsmaxOptimizer()(weight, qtype=qtype, axis=p["axis"])
            q = quanto.quantize_weight(weight, qtype, p["axis"], scale, optimized=False)
            return {
                "q": to_numpy(codes_of(q)),
                "scale": to_numpy(scale),
                "dequant": to_numpy(q.dequantize()),
            }
        scale, shift = quanto.MaxOptimizer()(weight, qtype=qtype, axis=p["axis"], group_size=group)
        q = quanto.quantize_weight(
            weight, qtype, p["axis"], scale, shift, group_size=group, optimized=False
        )
        return {
            "packed": to_numpy(q._data._data),
            "unpacked": to_numpy(q._data.unpack()),
            "scale": to_numpy(scale),
            "shift": to_numpy(shift),
            "dequant": to_numpy(q.dequantize()),
        }
