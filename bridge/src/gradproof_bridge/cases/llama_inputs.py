"""Weights and adapters of a tiny Llama before its training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gradproof_bridge.backends.llama_model import LINEAR
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import op_spec
from gradproof_bridge.cases.peft_cases import quantized
from gradproof_bridge.formulas.adapter_patterns import is_of_layer
from gradproof_bridge.formulas.llama_names import MAGNITUDE
from gradproof_bridge.formulas.llama_params import base_of, sizes_of
from gradproof_bridge.formulas.llama_shapes import block_linears
from gradproof_bridge.formulas.registry import expect
from gradproof_bridge.philox import Draw


def llama_inputs(
    draw: Draw,
    params: Mapping[str, Any],
    weights: Mapping[str, Array],
    coded: Iterable[str] = (),
) -> dict[str, Array]:
    """The weights, with codes of those that have an adapter where the base is quantized, and of the
    linears in `coded`; and adapters that have learnt nothing yet.
    """
    inputs = {f"base.{name}": x for name, x in weights.items()}
    for module in coded:
        inputs |= codes_of(module, weights[f"{module}.weight"], params)
    for module, weight in adapted(params, weights):
        inputs |= codes_of(module, weight, params)
        r = sizes_of(dict(params), module)["r"]
        inputs[f"lora0.{module}.lora_A"] = draw_down(draw, r, weight)
        inputs[f"lora0.{module}.lora_B"] = np.zeros((weight.shape[0], r), np.float32)
    return inputs


def adapted(params: Mapping[str, Any], weights: Mapping[str, Array]) -> list[tuple[str, Array]]:
    """The linears that have an adapter, with their weights."""
    if base_of(dict(params)) == "trained":
        return []
    targets = LINEAR if params["targets"] == "all linear" else tuple(params["targets"])
    modules = ((name.removesuffix(".weight"), weight) for name, weight in weights.items())
    return [
        (module, weight)
        for module, weight in modules
        if module.endswith(targets) and is_of_layer(params, module)
    ]


def codes_of(module: str, weight: Array, params: Mapping[str, Any]) -> dict[str, Array]:
    """What the quantizer of the run keeps of the weight; nothing where the base is dense."""
    quant = params.get("quant", {})
    base = base_of(dict(params))
    if base == "four_bit":
        codes = quantized(weight, quant["quant_type"], quant["blocksize"], double=True)
    elif base == "hqq":
        codes = _by_hqq(weight, quant)
    else:
        codes = {}
    return {f"q.{module}.{part}": x for part, x in codes.items()}


def _by_hqq(weight: Array, quant: Mapping[str, Any]) -> dict[str, Array]:
    """Codes, scales and zeros by the formula, under the names of HQQLinear's state."""
    params = op_spec("hqq_quantize").fill(dict(quant))
    found = expect("hqq_quantize", {"weight": weight}, params)
    stored = {name: found[name].stored(np.dtype(np.float32)) for name in ("scale", "zero")}
    codes = found["packed"].stored(np.dtype(np.int32 if quant["nbits"] == 3 else np.uint8))
    return {"W_q": codes, **stored}


def draw_down(draw: Draw, r: int, weight: Array) -> Array:
    """The first matrix of an adapter, as PEFT draws it."""
    bound = 1 / np.sqrt(weight.shape[1])
    return draw.uniform(r, weight.shape[1], low=-bound, high=bound)


def draw_learnt(draw: Draw, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Adapters of DoRA that have learnt something: magnitudes are not the lengths of the rows."""
    found = {}
    for name, b in inputs.items():
        if name.startswith("lora0.") and name.endswith(".lora_B"):
            module = name.removesuffix(".lora_B")
            found[name] = draw.uniform(*b.shape, low=-0.1, high=0.1)
            found[f"{module}.{MAGNITUDE}"] = draw.uniform(b.shape[0], low=0.5, high=1.0)
    return found


def llama_weights(draw: Draw, c: Mapping[str, Any], *, linear: float = 0.12) -> dict[str, Array]:
    """By transformers' names; `linear` is the deviation of linears and of the head."""
    width = int(c["hidden"])
    head_dim = int(c.get("head_dim", width // int(c["heads"])))
    shapes = block_linears(c)
    weights = {"model.embed_tokens.weight": draw.normal(int(c["vocab"]), width, scale=0.5)}
    for i in range(int(c["layers"])):
        at = f"model.layers.{i}"
        weights |= {
            f"{at}.{name}.weight": draw.normal(*shape, scale=linear)
            for name, shape in shapes.items()
        }
        for norm in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{at}.{norm}.weight"] = 1 + draw.normal(width, scale=0.05)
        weights |= {
            f"{at}.{name}.bias": draw.normal(out, scale=0.3)
            for name, (out, _) in shapes.items()
            if _has_bias(c, name)
        }
        for norm in ("q_norm", "k_norm") if c.get("model_type") == "qwen3" else ():
            weights[f"{at}.self_attn.{norm}.weight"] = 1 + draw.normal(head_dim, scale=0.2)
    weights["model.norm.weight"] = 1 + draw.normal(width, scale=0.05)
    weights["lm_head.weight"] = draw.normal(int(c["vocab"]), width, scale=linear)
    return weights


def _has_bias(c: Mapping[str, Any], linear: str) -> bool:
    """Qwen2 has biases in queries, keys and values, whatever its configuration says."""
    if linear.startswith("mlp."):
        return bool(c.get("mlp_bias"))
    if c.get("model_type") == "qwen2":
        return not linear.endswith("o_proj")
    return bool(c.get("attention_bias"))
