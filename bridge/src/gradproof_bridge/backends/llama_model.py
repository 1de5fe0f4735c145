"""The Llama of a training run: transformers' own, with weights quantized by bitsandbytes or HQQ and
adapters by PEFT.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.backends.bnb_weights import linear_4bit
from gradproof_bridge.backends.hqq_weights import hqq_linear
from gradproof_bridge.backends.torch_arrays import to_torch
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.formulas.llama_base import (
    parts_of,
    quantized_modules,
    scales_of,
)
from gradproof_bridge.formulas.llama_names import current
from gradproof_bridge.formulas.llama_params import WORDS, base_of

if TYPE_CHECKING:
    from bitsandbytes.nn import Linear4bit
    from peft import PeftModel
    from torch.nn import Module
    from transformers import PreTrainedModel

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def llama_of(p: Params, inputs: Inputs, device: str) -> Module:
    """The model before its first step, with the weights of `inputs`."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    c = p["config"]
    own = {
        name: c[name] for name in WORDS if name in c and name not in ("model_type", "rope_scaling")
    }
    rope = c.get("rope_scaling") or {"rope_type": "default"}
    config = AutoConfig.for_model(
        c["model_type"],
        vocab_size=c["vocab"],
        hidden_size=c["hidden"],
        intermediate_size=c["intermediate"],
        num_hidden_layers=c["layers"],
        num_attention_heads=c["heads"],
        num_key_value_heads=c["kv_heads"],
        rms_norm_eps=c["rms_eps"],
        rope_parameters={"rope_theta": c["rope_theta"], **rope},
        tie_word_embeddings=c.get("tie_word_embeddings", False),
        use_cache=False,
        **own,
    )
    model = AutoModelForCausalLM.from_config(
        config, attn_implementation="eager", dtype=torch.float32
    ).to(device)
    with torch.no_grad():
        for name, x in model.named_parameters():
            if f"base.{name}" in inputs:
                x.copy_(to_torch(inputs[f"base.{name}"], device))
    if p["gradient_checkpointing"]:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if base_of(p) == "trained":
        return model
    _quantize(model, p, inputs, device)
    return _with_adapters(model, p, inputs, device)


def _quantize(model: Module, p: Params, inputs: Inputs, device: str) -> None:
    """Puts layers of the recorded codes in the place of the linear ones that have codes."""
    for name in quantized_modules(inputs, p):
        layer, parts = model.get_submodule(name), parts_of(inputs, name)
        shape = (layer.out_features, layer.in_features)
        make = hqq_linear if base_of(p) == "hqq" else _four_bit
        parent, _, child = name.rpartition(".")
        made = make(parts, shape, p, device)
        made.bias = layer.bias
        setattr(model.get_submodule(parent), child, made)


def _four_bit(
    parts: Mapping[str, Array], shape: tuple[int, int], p: Params, device: str
) -> Linear4bit:
    return linear_4bit(
        parts["packed"],
        scales_of(parts),
        shape,
        p["quant"]["quant_type"],
        p["quant"]["blocksize"],
        device,
        p["compute_dtype"],
    )


def _with_adapters(model: PreTrainedModel, p: Params, inputs: Inputs, device: str) -> PeftModel:
    import torch
    from peft import LoraConfig, get_peft_model

    targets = LINEAR if p["targets"] == "all linear" else p["targets"]
    config = LoraConfig(
        r=p["r"],
        lora_alpha=p["alpha"],
        rank_pattern=p.get("rank_pattern", {}),
        alpha_pattern=p.get("alpha_pattern", {}),
        lora_dropout=0.0,
        target_modules=list(targets),
        use_dora=p["use_dora"],
        use_rslora=p["use_rslora"],
        layers_to_transform=p.get("layers_to_transform"),
        layers_pattern=p.get("layers_pattern"),
        bias=p["bias"],
        modules_to_save=p["modules_to_save"] or None,
        task_type="CAUSAL_LM",
    )
    wrapped = get_peft_model(model, config)
    adapters = {current(name): x for name, x in inputs.items() if name.startswith("lora0.")}
    with torch.no_grad():
        for name, x in wrapped.named_parameters():
            given = adapters.get(f"lora0.{short_name(name)}")
            if given is not None:
                x.copy_(to_torch(given, device))
    return wrapped


def short_name(name: str) -> str:
    """`base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight` as
    `model.layers.0.mlp.up_proj.lora_A`, and `base_model.model.lm_head.modules_to_save.default.weight`
    as `lm_head.weight`.
    """
    inner = name.removeprefix("base_model.model.")
    saved = inner.replace(".modules_to_save.default.", ".modules_to_save.")
    return current(saved).partition(".default")[0]
