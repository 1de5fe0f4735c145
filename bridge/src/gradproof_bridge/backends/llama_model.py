"""The Llama of a training run: transformers' own, with weights in 4 bits by bitsandbytes and
adapters by PEFT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.backends.bnb_weights import linear_4bit
from gradproof_bridge.backends.torch_arrays import to_torch
from gradproof_bridge.bundle.vocabulary import Params

if TYPE_CHECKING:
    from peft import PeftModel
    from torch.nn import Module
    from transformers import PreTrainedModel

LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def llama_of(p: Params, inputs: Inputs, device: str) -> Module:
    """The model before its first step, with the weights of `inputs`."""
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
        tie_word_embeddings=c.get("tie_word_embeddings", False),
        attn_implementation="eager",
        use_cache=False,
    )
    model = LlamaForCausalLM(config).to(device)
    with torch.no_grad():
        for name, x in model.named_parameters():
            if f"base.{name}" in inputs:
                x.copy_(to_torch(inputs[f"base.{name}"], device))
    if p["gradient_checkpointing"]:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if p["mode"] == "full":
        return model
    if p["mode"] == "qlora":
        _quantize(model, p, inputs, device)
    return _with_adapters(model, p, inputs, device)


def _quantize(model: Module, p: Params, inputs: Inputs, device: str) -> None:
    """Puts 4-bit layers of the recorded codes in the place of the linear ones that have codes."""
    for name, layer in list(model.named_modules()):
        if f"q.{name}.packed" not in inputs:
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
            given = inputs.get(f"lora0.{short_name(name)}")
            if given is not None:
                x.copy_(to_torch(given, device))
    return wrapped


def short_name(name: str) -> str:
    """`base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight` as
    `model.layers.0.mlp.up_proj.lora_A`.
    """
    if ".default" not in name:
        return name
    inner = name.removeprefix("base_model.model.").replace("lora_magnitude_vector", "magnitude")
    return inner.partition(".default")[0]
