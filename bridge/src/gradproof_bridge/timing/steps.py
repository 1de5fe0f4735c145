"""Steps of fine-tuning a Llama with adapters, as PyTorch, PEFT and bitsandbytes make them."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.nn import Module

WARM_UP = 2
BLOCK = 64


@dataclass(frozen=True)
class Step:
    """A model, a batch, and what of the base lies in NF4 (blocks of 64)."""

    tokens: int
    width: int
    intermediate: int
    layers: int
    heads: int
    vocabulary: int
    in_codes: bool
    batch: int = 1
    rank: int = 8


def _wide(tokens: int, *, in_codes: bool) -> Step:
    return Step(tokens, 512, 1408, 2, 8, 512, in_codes)


#: The works of bench in the group of fine-tuning, by their ids.
STEPS: dict[str, Step] = {
    "bench.llama-lora-step:f32;batch=1;tokens=64;width=512": _wide(64, in_codes=False),
    "bench.llama-lora-step:nf4;batch=1;tokens=64;width=512": _wide(64, in_codes=True),
    "bench.llama-lora-step:f32;batch=1;tokens=512;width=512": _wide(512, in_codes=False),
    "bench.llama-lora-step:nf4;batch=1;tokens=512;width=512": _wide(512, in_codes=True),
    "bench.llama-lora-step:nf4;batch=1;tokens=128;width=768;layers=12": Step(
        128, 768, 2048, 12, 12, 16_384, in_codes=True
    ),
}


def timed(step: Step, device: str, samples: int) -> dict[str, Any]:
    """The median of `samples` steps in milliseconds, all of them, and the first and last loss."""
    take = prepared(step, device)
    losses = [take() for _ in range(WARM_UP)]
    times = []
    for _ in range(samples):
        started = time.perf_counter()
        losses.append(take())
        times.append(1000 * (time.perf_counter() - started))
    return {"medianMs": statistics.median(times), "ms": times, "losses": [losses[0], losses[-1]]}


def prepared(step: Step, device: str) -> Callable[[], float]:
    """A function that takes one step of AdamW on the same batch, and returns the loss before it."""
    import torch

    torch.manual_seed(0)
    model = _model(step).to(device)
    shape = (step.batch, step.tokens)
    ids = torch.randint(step.vocabulary, shape, device=device)
    labels = torch.randint(step.vocabulary, shape, device=device)
    trained = [x for x in model.parameters() if x.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.01)

    def take() -> float:
        optimizer.zero_grad()
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        # Waits for the device.
        return float(loss.detach())

    return take


def _model(step: Step) -> Module:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=step.vocabulary,
            hidden_size=step.width,
            intermediate_size=step.intermediate,
            num_hidden_layers=step.layers,
            num_attention_heads=step.heads,
            num_key_value_heads=step.heads,
            rms_norm_eps=1e-6,
            use_cache=False,
        )
    )
    if step.in_codes:
        _put_in_codes(model)
    config = LoraConfig(
        r=step.rank,
        lora_alpha=2 * step.rank,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _put_in_codes(model: Module) -> None:
    """Linears of the blocks as bitsandbytes' Linear4bit, which codes them when they move."""
    import torch
    from bitsandbytes.nn import Linear4bit, Params4bit

    linears = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != "lm_head"
    ]
    for name in linears:
        layer = model.get_submodule(name)
        coded = Linear4bit(
            layer.in_features,
            layer.out_features,
            bias=False,
            compute_dtype=torch.float32,
            quant_type="nf4",
        )
        coded.weight = Params4bit(
            layer.weight.data, requires_grad=False, quant_type="nf4", blocksize=BLOCK
        )
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, coded)
