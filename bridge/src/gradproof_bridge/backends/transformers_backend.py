"""The schedules of transformers, logits of its models and what they write, its BitNet layers, and whole training
runs of a Llama by transformers, PEFT and bitsandbytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.bitnet_layer import bitnet_linear, is_in_float32
from gradproof_bridge.backends.causal_lm import causal_lm_generate, causal_lm_logits
from gradproof_bridge.backends.llama_training import scheduler, train
from gradproof_bridge.backends.torch_arrays import torch_devices
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.llama_params import IN_8_BITS, MODES
from gradproof_bridge.formulas.schedule import steps_of


class TransformersBackend(Backend):
    """get_scheduler, and LlamaForCausalLM with adapters by PEFT and quantized bases by bitsandbytes or HQQ."""

    name: ClassVar[str] = "transformers"
    distributions: ClassVar[tuple[str, ...]] = ("transformers", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "transformers", "peft")
    companions: ClassVar[tuple[str, ...]] = ("peft", "bitsandbytes", "hqq")
    packages: ClassVar[tuple[str, ...]] = ("transformers", "peft", "bitsandbytes", "hqq")

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def ops(self) -> Mapping[str, Compute]:
        return {
            "bitnet_linear": bitnet_linear,
            "train_llama": train,
            "causal_lm_logits": causal_lm_logits,
            "causal_lm_generate": causal_lm_generate,
            "lr_schedule": _rates,
        }

    def computes(self, call: Call) -> bool:
        return super().computes(call) and (call.op != "bitnet_linear" or is_in_float32(call))

    def libraries_of(self, call: Call) -> tuple[str, ...]:
        return (*self.distributions, *_companions(call.params))


def _companions(params: Params) -> tuple[str, ...]:
    """What a training run needs beside transformers."""
    mode = MODES.get(params.get("mode", ""))
    base = mode.base if mode else "trained"
    in_8_bits = params.get("optimizer") == IN_8_BITS
    return (
        *(("peft",) if base != "trained" else ()),
        *(("bitsandbytes",) if base == "four_bit" or in_8_bits else ()),
        *(("hqq",) if base == "hqq" else ()),
    )


def _rates(call: Call) -> Outputs:
    """The learning rate that each step uses, until two past the total."""
    import torch

    p = call.params
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=p["base_lr"])
    schedule = scheduler(optimizer, p)
    rates = []
    for _ in range(steps_of(p)):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"lr": np.array(rates, np.float64)}
