"""The weights before the first step of a training run, in float64: dense, or decoded from what a
quantizer keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.adapter_patterns import is_of_layer
from gradproof_bridge.formulas.bounded import F64
from gradproof_bridge.formulas.checkpoint import Nested, QuantizedWeight
from gradproof_bridge.formulas.hqq import unpack
from gradproof_bridge.formulas.llama_layers import Weights
from gradproof_bridge.formulas.llama_names import MAGNITUDE, current
from gradproof_bridge.formulas.llama_params import PARAMS, adapter_of, base_of
from gradproof_bridge.formulas.llama_retrained import EMBEDDINGS, HEAD, is_untied, retrained
from gradproof_bridge.formulas.llama_shapes import linear_shapes

_CODES = {"four_bit": "packed", "hqq": "W_q"}
"""The part of a quantized weight that holds its codes, by what a base is in."""


def start(inputs: Inputs, params: Params) -> tuple[Weights, list[str]]:
    """All weights, and the names of those that are trained. Raises FormatError for one that is
    missing.
    """
    weights = {
        name[5:]: x.astype(np.float64) for name, x in inputs.items() if name.startswith("base.")
    }
    last = f"model.layers.{params['config']['layers'] - 1}.input_layernorm.weight"
    if last not in weights:
        raise FormatError(f"train_llama: in.base.{last} is missing")
    if base_of(params) == "trained":
        return weights, list(weights)
    adapters = {
        current(name[6:]): x.astype(np.float64)
        for name, x in inputs.items()
        if name.startswith("lora0.")
    }
    for name in quantized_modules(inputs, params):
        weights[f"{name}.weight"] = decoded(parts_of(inputs, name), shape_of(name, params), params)
    with_adapter = [name.removesuffix(".lora_A") for name in adapters if name.endswith(".lora_A")]
    for module in with_adapter:
        if f"{module}.lora_B" not in adapters:
            raise FormatError(f"train_llama: {module} has in.lora0.{module}.lora_A and no lora_B")
    if params["use_dora"]:
        adapters = {**_lengths(weights, adapters, params), **adapters}
    if is_untied(params):
        weights[HEAD] = weights[EMBEDDINGS].copy()
    for module in with_adapter:
        if not is_of_layer(params, module, PARAMS):
            raise FormatError(
                f"train_llama: in.lora0.{module}.lora_A is of a block that layers_to_transform leaves out"
            )
    beside = [name for name in retrained(weights, with_adapter, params) if name not in adapters]
    return {**weights, **adapters}, [*adapters, *beside]


def tokens_of(inputs: Inputs, name: str) -> Array:
    """`input_ids` or `labels`, [steps, batch, length]; a recording may have one text of each step,
    [steps, length]. Raises FormatError for another shape.
    """
    tokens = inputs[name]
    if tokens.ndim not in (2, 3):
        raise FormatError(
            f"train_llama: in.{name} has shape {list(tokens.shape)}, which is neither "
            "[steps, batch, length] nor [steps, length]"
        )
    return tokens[:, None] if tokens.ndim == 2 else tokens


def quantized_modules(inputs: Inputs, params: Params) -> list[str]:
    """The linears whose weights are there as codes."""
    suffix = f".{_CODES.get(base_of(params), '')}"
    return [
        name[2 : -len(suffix)] for name in inputs if name.startswith("q.") and name.endswith(suffix)
    ]


def parts_of(inputs: Inputs, name: str) -> dict[str, Array]:
    """What a quantizer keeps of a weight, by its own names."""
    prefix = f"q.{name}."
    return {part.removeprefix(prefix): x for part, x in inputs.items() if part.startswith(prefix)}


def shape_of(name: str, params: Params) -> tuple[int, int]:
    """[out, in] of a weight that is there as codes, with an adapter or without. Raises FormatError for
    what is neither a linear of a block nor a head of its own.
    """
    config = params["config"]
    shape = linear_shapes(config).get(name)
    if shape is not None:
        return shape
    if f"{name}.weight" == HEAD and not config.get("tie_word_embeddings"):
        return int(config["vocab"]), int(config["hidden"])
    raise FormatError(
        f"train_llama: {name} is quantized, and is neither a linear of a block nor an untied head"
    )


def decoded(parts: Mapping[str, Array], shape: tuple[int, int], params: Params) -> F64:
    """The weight that codes stand for. Raises FormatError for a part that is missing."""
    quant = params.get("quant", {})
    if base_of(params) == "hqq":
        return _by_hqq(parts, shape, quant)
    weight = QuantizedWeight(
        parts["packed"], scales_of(parts), shape, quant["quant_type"], quant["blocksize"]
    )
    return weight.decoded().astype(np.float64)


def scales_of(parts: Mapping[str, Array]) -> Array:
    """The scale of each block in float32, restored where it is kept in 8 bits alone."""
    if "absmax" in parts:
        return parts["absmax"]
    missing = [x for x in ("absmax_q", "nested_absmax", "nested_offset") if x not in parts]
    if missing:
        raise FormatError(f"train_llama: a weight in 4 bits has neither absmax nor {missing[0]}")
    nested = Nested(
        parts["absmax_q"], parts["nested_absmax"], float(parts["nested_offset"].reshape(-1)[0])
    )
    return QuantizedWeight(parts["packed"], nested, (0,), "nf4", 64).scales()


def _by_hqq(parts: Mapping[str, Array], shape: tuple[int, int], quant: Params) -> F64:
    """(code - zero) scale, as hqq's Quantizer.dequantize."""
    missing = [name for name in ("W_q", "scale", "zero") if name not in parts]
    if missing:
        raise FormatError(f"train_llama: a weight of HQQ has no {missing[0]}")
    groups = math.prod(shape) // quant["group_size"]
    rows = groups if quant["axis"] == 1 else quant["group_size"]
    codes = unpack(parts["W_q"], quant["nbits"])[:rows].astype(np.float64)
    line = (-1, 1) if quant["axis"] == 1 else (1, -1)
    scale, zero = (parts[part].astype(np.float64).reshape(line) for part in ("scale", "zero"))
    return np.asarray(((codes - zero) * scale).reshape(shape))


def _lengths(weights: Weights, adapters: Weights, params: Params) -> Weights:
    """What PEFT starts DoRA's magnitudes from: the length of each row of the merged weight."""

    def scale(module: str) -> float:
        own = adapter_of(params, module)
        return float(own["alpha"] / (math.sqrt(own["r"]) if own["use_rslora"] else own["r"]))

    modules = [name.removesuffix(".lora_A") for name in adapters if name.endswith(".lora_A")]
    return {
        f"{name}.{MAGNITUDE}": np.linalg.norm(
            weights[f"{name}.weight"]
            + scale(name) * adapters[f"{name}.lora_B"] @ adapters[f"{name}.lora_A"],
            axis=1,
        )
        for name in modules
    }
