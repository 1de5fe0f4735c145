"""Weights and adapters of a tiny Llama before its training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof_bridge.backends.llama_model import LINEAR
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.peft_cases import quantized
from gradproof_bridge.philox import Draw


def llama_inputs(
    draw: Draw, params: Mapping[str, Any], weights: Mapping[str, Array]
) -> dict[str, Array]:
    """The weights, with codes of those that QLoRA quantizes and adapters that have learnt nothing
    yet.
    """
    inputs = {f"base.{name}": x for name, x in weights.items()}
    for module, weight in adapted(params, weights):
        if params["mode"] == "qlora":
            inputs |= codes_of(module, weight, params["quant"])
        inputs[f"lora0.{module}.lora_A"] = draw_down(draw, params["r"], weight)
        inputs[f"lora0.{module}.lora_B"] = np.zeros((weight.shape[0], params["r"]), np.float32)
    return inputs


def adapted(params: Mapping[str, Any], weights: Mapping[str, Array]) -> list[tuple[str, Array]]:
    """The linears that have an adapter, with their weights."""
    if params["mode"] == "full":
        return []
    targets = LINEAR if params["targets"] == "all linear" else tuple(params["targets"])
    modules = ((name.removesuffix(".weight"), weight) for name, weight in weights.items())
    return [(module, weight) for module, weight in modules if module.endswith(targets)]


def codes_of(module: str, weight: Array, quant: Mapping[str, Any]) -> dict[str, Array]:
    """The weight in 4 bits."""
    codes = quantized(weight, quant["quant_type"], quant["blocksize"], double=True)
    return {f"q.{module}.{part}": x for part, x in codes.items()}


def draw_down(draw: Draw, r: int, weight: Array) -> Array:
    """The first matrix of an adapter, as PEFT draws it."""
    bound = 1 / np.sqrt(weight.shape[1])
    return draw.uniform(r, weight.shape[1], low=-bound, high=bound)


def llama_weights(draw: Draw, c: Mapping[str, float], *, linear: float = 0.12) -> dict[str, Array]:
    """By transformers' names; `linear` is the deviation of linears and of the head."""
    width, kv = int(c["hidden"]), int(c["hidden"] // c["heads"] * c["kv_heads"])
    shapes = {
        "q_proj": (width, width),
        "k_proj": (kv, width),
        "v_proj": (kv, width),
        "o_proj": (width, width),
    }
    inner = int(c["intermediate"])
    mlp = {"gate_proj": (inner, width), "up_proj": (inner, width), "down_proj": (width, inner)}
    weights = {"model.embed_tokens.weight": draw.normal(int(c["vocab"]), width, scale=0.5)}
    for i in range(int(c["layers"])):
        at = f"model.layers.{i}"
        weights |= {
            f"{at}.self_attn.{name}.weight": draw.normal(*shape, scale=linear)
            for name, shape in shapes.items()
        }
        weights |= {
            f"{at}.mlp.{name}.weight": draw.normal(*shape, scale=linear)
            for name, shape in mlp.items()
        }
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{at}.{norm}.weight"] = 1 + draw.normal(width, scale=0.05)
    weights["model.norm.weight"] = 1 + draw.normal(width, scale=0.05)
    weights["lm_head.weight"] = draw.normal(int(c["vocab"]), width, scale=linear)
    return weights
