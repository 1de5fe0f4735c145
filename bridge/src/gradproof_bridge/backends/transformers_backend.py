"""The schedules of transformers, and whole training runs of a Llama by transformers, PEFT and
bitsandbytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gradproof_bridge.backends.base import Backend, Call, Compute, Inputs, Outputs
from gradproof_bridge.backends.bnb_weights import linear_4bit
from gradproof_bridge.backends.torch_arrays import deterministic, to_numpy, to_torch, torch_devices
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.llama_params import run_params
from gradproof_bridge.formulas.schedule import steps_of

if TYPE_CHECKING:
    from peft import PeftModel
    from torch.nn import Module
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LambdaLR
    from transformers import PreTrainedModel

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
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
        return {"train_llama": _train, "lr_schedule": _rates}

    def libraries_of(self, call: Call) -> tuple[str, ...]:
        return (*self.distributions, *_ADAPTERS.get(call.params.get("mode", ""), ()))


def _rates(call: Call) -> Outputs:
    """The learning rate that each step uses, until two past the total."""
    import torch

    p = call.params
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=p["base_lr"])
    schedule = _scheduler(optimizer, p)
    rates = []
    for _ in range(steps_of(p)):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"lr": np.array(rates, np.float64)}


def _scheduler(optimizer: Optimizer, schedule: Params) -> LambdaLR:
    from transformers import get_scheduler

    # What transformers calls constant has no warm-up.
    name = "constant_with_warmup" if schedule["name"] == "constant" else schedule["name"]
    if name != "constant_with_warmup" and schedule.get("total") is None:
        raise NotImplementedOpError(f"a {name} schedule needs its total")
    own = {"num_cycles": schedule["num_cycles"]} if name == "cosine" else None
    return get_scheduler(name, optimizer, schedule["warmup"], schedule.get("total"), own)


def _train(call: Call) -> Outputs:
    import torch

    p = run_params(call.params)
    if p["compute_dtype"] != "float32":
        raise NotImplementedOpError("runs are recorded in float32")
    with deterministic():
        model = _model(p, call.inputs, call.device)
        trained = {_short(name): x for name, x in model.named_parameters() if x.requires_grad}
        optimizer = torch.optim.AdamW(
            list(trained.values()),
            lr=p["lr"],
            betas=tuple(p["betas"]),
            eps=p["eps"],
            weight_decay=p["weight_decay"],
            foreach=False,
        )
        ids, labels = (
            to_torch(call.inputs[name], call.device).long() for name in ("input_ids", "labels")
        )
        schedule = _scheduler(optimizer, p["schedule"])
        losses, norms, rates = [], [], []
        outputs: Outputs = {}
        model.train()
        for step in range(p["steps"]):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            found = model(input_ids=ids[step], labels=labels[step])
            found.loss.backward()
            if step == 0:
                outputs["logits_step0"] = to_numpy(found.logits)
                outputs |= {f"grad0.{name}": to_numpy(x.grad) for name, x in trained.items()}
            norms.append(
                float(
                    torch.nn.utils.clip_grad_norm_(list(trained.values()), p["clip"], foreach=False)
                )
            )
            losses.append(float(found.loss.detach()))
            optimizer.step()
            schedule.step()
        kept = "final" if p["mode"] == "full" else "lora"
        outputs |= {f"{kept}.{name}": to_numpy(x) for name, x in trained.items()}
        return {
            **outputs,
            "losses": np.array(losses),
            "grad_norms": np.array(norms),
            "lrs": np.array(rates),
        }


def _model(p: Params, inputs: Inputs, device: str) -> Module:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    c = p["config"]
    config = LlamaConfig(
        vocab_size=c["vocab"],
        hidden_size=c["hidden"],
        intermediate_size=c["intermediate"],
        num_hidden_layers=c["layers"],
        num_attention_heads=c["heads"],
        num_key_value_heads=c["kv_heads"],
        rms_norm_eps=c["rms_eps"],
        rope_parameters={"rope_type": "default", "rope_theta": c["rope_theta"]},
        tie_word_embeddings=False,
        attn_implementation="eager",
        use_cache=False,
    )
    model = LlamaForCausalLM(config).to(device)
    with torch.no_grad():
        for name, x in model.named_parameters():
            if f"base.{name}" in inputs:
                x.copy_(to_torch(inputs[f"base.{name}"], device))
    if p["mode"] == "full":
        return model
    if p["mode"] == "qlora":
        _quantize(model, p, inputs, device)
    return _with_adapters(model, p, inputs, device)


def _quantize(model: Module, p: Params, inputs: Inputs, device: str) -> None:
    """Puts 4-bit layers of the recorded codes in the place of the linear ones of the blocks."""
    for name, layer in list(model.named_modules()):
        if not name.endswith(LINEAR):
            continue
        codes = {part: inputs[f"q.{name}.{part}"] for part in ("packed", "absmax")}
        shape = (layer.out_features, layer.in_features)
        made = linear_4bit(
            codes["packed"],
            codes["absmax"],
            shape,
            p["quant"]["quant_type"],
            p["quant"]["blocksize"],
            device,
        )
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, made)


def _with_adapters(model: PreTrainedModel, p: Params, inputs: Inputs, device: str) -> PeftModel:
    import torch
    from peft import LoraConfig, get_peft_model

    targets = LINEAR if p["targets"] == "all linear" else p["targets"]
    config = LoraConfig(
        r=p["r"],
        lora_alpha=p["alpha"],
        lora_dropout=0.0,
        target_modules=list(targets),
        use_dora=p["use_dora"],
        use_rslora=p["use_rslora"],
        task_type="CAUSAL_LM",
    )
    wrapped = get_peft_model(model, config)
    with torch.no_grad():
        for name, x in wrapped.named_parameters():
            given = inputs.get(f"lora0.{_short(name)}")
            if given is not None:
                x.copy_(to_torch(given, device))
    return wrapped


def _short(name: str) -> str:
    """`base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight` as
    `model.layers.0.mlp.up_proj.lora_A`.
    """
    if ".default" not in name:
        return name
    inner = name.removeprefix("base_model.model.").replace("lora_magnitude_vector", "magnitude")
    return inner.partition(".default")[0]
