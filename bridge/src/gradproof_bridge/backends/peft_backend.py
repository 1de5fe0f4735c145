"""PEFT's LoRA layers, on dense weights and on bitsandbytes' 4-bit ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.bnb_weights import linear_4bit
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices

if TYPE_CHECKING:
    from torch import nn


class PeftBackend(Backend):
    """peft.get_peft_model around one linear layer."""

    name: ClassVar[str] = "peft"
    distributions: ClassVar[tuple[str, ...]] = ("peft", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "peft")
    companions: ClassVar[tuple[str, ...]] = ("bitsandbytes",)
    packages: ClassVar[tuple[str, ...]] = ("peft", "bitsandbytes")

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def ops(self) -> Mapping[str, Compute]:
        return {"lora_linear": _lora_linear}

    def libraries_of(self, call: Call) -> tuple[str, ...]:
        return (
            self.distributions
            if call.params["base"] == "dense"
            else (*self.distributions, "bitsandbytes")
        )


def _lora_linear(call: Call) -> Outputs:
    import torch
    from peft import LoraConfig, get_peft_model

    p, inputs = call.params, call.inputs
    with deterministic():
        config = LoraConfig(
            r=p["r"],
            lora_alpha=p["alpha"],
            lora_dropout=0.0,
            use_rslora=p["use_rslora"],
            use_dora=p["use_dora"],
            target_modules=["linear"],
        )
        model = get_peft_model(torch.nn.ModuleDict({"linear": _base(call)}), config)
        layer = model.base_model.model.linear
        tensors = {
            name: to_torch(inputs[name], call.device)
            for name in ("lora_A", "lora_B", "magnitude")
            if name in inputs
        }
        leaves = {
            "lora_A": layer.lora_A["default"].weight,
            "lora_B": layer.lora_B["default"].weight,
            **(
                {"magnitude": layer.lora_magnitude_vector["default"].weight}
                if p["use_dora"]
                else {}
            ),
        }
        with torch.no_grad():
            for name, leaf in leaves.items():
                leaf.copy_(tensors[name])
        model.train()
        x = to_torch(inputs["x"], call.device).requires_grad_()
        y = layer(x)
        outputs = {"y": to_numpy(y)}
        if call.wants_gradients:
            wanted = {"x": x, **leaves}
            gradients = torch.autograd.grad(
                y, list(wanted.values()), to_torch(inputs["grad.y"], call.device)
            )
            outputs |= {
                f"grad.{name}": to_numpy(g) for name, g in zip(wanted, gradients, strict=True)
            }
        return outputs


def _base(call: Call) -> nn.Module:
    import torch

    p, inputs = call.params, call.inputs
    rows, columns = inputs["lora_B"].shape[0], inputs["lora_A"].shape[1]
    if p["base"] == "dense":
        layer = torch.nn.Linear(columns, rows, bias=False, device=call.device)
        layer.weight = torch.nn.Parameter(
            to_torch(inputs["weight"], call.device), requires_grad=False
        )
    else:
        layer = linear_4bit(
            inputs["packed"],
            inputs["absmax"],
            (rows, columns),
            p["base"],
            p["blocksize"],
            call.device,
        )
    if "bias" in inputs:
        layer.bias = torch.nn.Parameter(to_torch(inputs["bias"], call.device), requires_grad=False)
    return layer
