"""The schedules of transformers, logits of its models and what they write, and whole training runs of a Llama by
transformers, PEFT and bitsandbytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Outputs
from gradproof_bridge.backends.causal_lm import causal_lm_generate, causal_lm_logits
from gradproof_bridge.backends.llama_training import scheduler, train
from gradproof_bridge.backends.torch_arrays import torch_devices
from gradproof_bridge.formulas.schedule import steps_of

_ADAPTERS: Mapping[str, tuple[str, ...]] = {"lora": ("peft",), "qlora": ("peft", "bitsandbytes")}
"""What a mode of training needs beside transformers."""


class TransformersBackend(Backend):
    """get_scheduler, and LlamaForCausalLM with adapters by PEFT and 4-bit bases by bitsandbytes."""

    name: ClassVar[str] = "transformers"
    distributions: ClassVar[tuple[str, ...]] = ("transformers", "torch")
    modules: ClassVar[tuple[str, ...]] = ("torch", "transformers", "peft")
    companions: ClassVar[tuple[str, ...]] = ("peft", "bitsandbytes")
    packages: ClassVar[tuple[str, ...]] = ("transformers", "peft", "bitsandbytes")

    def devices(self) -> tuple[str, ...]:
        return torch_devices()

    def ops(self) -> Mapping[str, Compute]:
        return {
            "train_llama": train,
            "causal_lm_logits": causal_lm_logits,
            "causal_lm_generate": causal_lm_generate,
            "lr_schedule": _rates,
        }

    def libraries_of(self, call: Call) -> tuple[str, ...]:
        return (*self.distributions, *_ADAPTERS.get(call.params.get("mode", ""), ()))


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
