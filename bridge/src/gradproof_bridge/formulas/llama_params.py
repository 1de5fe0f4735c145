"""What a training run of a Llama is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.errors import NotImplementedOpError
from gradproof_bridge.formulas.adapter_patterns import pattern_of

IN_8_BITS = "adamw8bit"
"""The optimizer of bitsandbytes that keeps its moments in 8 bits."""
PARAMS = "train_llama: params"
"""Where a run says its parameters, in messages."""
CURVE = 20
"""Steps that are held to the limits of a short run; later ones lead right runs apart."""


@dataclass(frozen=True)
class Mode:
    """The arithmetic of a mode: what it trains, over which base, and what its name alone says."""

    base: Literal["trained", "dense", "four_bit", "hqq"]
    says: Params = field(default_factory=dict)


_RANK_STABILIZED = Mode("dense", {"use_rslora": True})
MODES = {
    "full": Mode("trained"),
    "lora": Mode("dense"),
    "custom_lora": Mode("dense"),
    "rslora": _RANK_STABILIZED,
    "rsLoRA": _RANK_STABILIZED,
    "dora": Mode("dense", {"use_dora": True}),
    "qlora": Mode("four_bit"),
    "custom_qlora": Mode("four_bit"),
    "bnb_dora": Mode("four_bit", {"use_dora": True}),
    "hqq_lora": Mode("hqq"),
    "hqq_dora": Mode("hqq", {"use_dora": True}),
}
"""By the names of PEFT and of the FSDP-QLoRA suite."""

_DEFAULTS: Params = {
    "optimizer": "adamw",
    "lr": 1e-3,
    "decay_parameters": "all",
    "grad_accum": 1,
    "accum_mean": "token",
    "gradient_checkpointing": False,
    "compute_dtype": "float32",
    "schedule": {"name": "constant"},
    "use_rslora": False,
    "use_dora": False,
    "bias": "none",
    "modules_to_save": [],
}
"""Those of torch and PEFT."""
_MOMENTS: Params = {"betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}
_ADAM: Params = {**_MOMENTS, "weight_decay": 0.01, "bias_correction": True}
_OPTIMIZERS: dict[str, Params] = {
    "adamw": {**_ADAM, "amsgrad": False},
    "adam": {**_ADAM, "weight_decay": 0.0, "amsgrad": False},
    "adadelta": {"rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    "rmsprop": {
        "alpha": 0.99,
        "eps": 1e-8,
        "weight_decay": 0.0,
        "momentum": 0.0,
        "centered": False,
    },
    "nadam": {**_MOMENTS, "momentum_decay": 4e-3, "decoupled_weight_decay": False},
    "radam": {**_MOMENTS, "decoupled_weight_decay": False},
    "sgd": {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    IN_8_BITS: {
        **_ADAM,
        "blocksize": 256,
        "min_8bit_size": 4096,
        "state_rounding": "lut16",
        "decay_after_step": False,
    },
}
"""What each optimizer is told beside its rate, with the defaults of torch and of bitsandbytes."""
_HQQ: Params = {"nbits": 4, "group_size": 64, "axis": 0}
"""As hqq's BaseQuantizeConfig has them."""
_OTHERS = (
    "mode",
    "config",
    "steps",
    "state_steps",
    "r",
    "alpha",
    "rank_pattern",
    "alpha_pattern",
    "targets",
    "lora_dropout",
    "layers_to_transform",
    "layers_pattern",
    "quant",
    "clip",
    "grad_scaler",
    "autocast_dtype",
)
_CONFIG = (
    "vocab",
    "hidden",
    "intermediate",
    "layers",
    "heads",
    "kv_heads",
    "rms_eps",
    "rope_theta",
    "tie_word_embeddings",
)
WORDS = (
    "model_type",
    "head_dim",
    "attention_bias",
    "mlp_bias",
    "max_position_embeddings",
    "rope_scaling",
    "sliding_window",
    "use_sliding_window",
    "max_window_layers",
    "layer_types",
)
"""Of a config.json, in the place of what a Llama has."""
_WINDOW = "sliding_window"
"""The one of them that means something else where it is null than where it is absent."""
_CONTEXT = 2048
"""As transformers' LlamaConfig has it."""
_ONLY = {
    "mode": tuple(MODES),
    "optimizer": tuple(_OPTIMIZERS),
    "compute_dtype": ("float32", "float16", "bfloat16"),
    "accum_mean": ("token", "batch"),
    "bias": ("none", "all", "lora_only"),
    "decay_parameters": ("all", "trainer"),
}
_NO_DECAY = re.compile(r"bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)")
"""Names that `get_decay_parameter_names` of transformers' Trainer leaves out."""


def run_params(params: Params) -> Params:
    """The parameters of a run with their defaults. Raises NotImplementedOpError for those that mean
    another run than is computed here.
    """
    filled = {**_DEFAULTS, **params}
    for name, known in _ONLY.items():
        if filled[name] not in known:
            raise NotImplementedOpError(
                f"train_llama with {name} {str(filled[name])[:40]!r} is no run that is computed here"
            )
    if filled.get("lora_dropout"):
        raise NotImplementedOpError(
            f"train_llama with lora_dropout {filled['lora_dropout']}, whose draws are in no recording"
        )
    mode = MODES[filled["mode"]]
    own = {name: x for name, x in _OPTIMIZERS[filled["optimizer"]].items() if name != "alpha"}
    filled = {**own, **filled, **mode.says}
    width = filled["config"]["hidden"] // filled["config"]["heads"]
    usual = {"model_type": "llama", "head_dim": width, "max_position_embeddings": _CONTEXT}
    given = filled["config"].items()
    told = {name: value for name, value in given if value is not None or name == _WINDOW}
    filled["config"] = {**usual, **told}
    rates = {**filled["schedule"], "base_lr": filled["lr"]}
    filled["schedule"] = op_spec("lr_schedule").fill(rates)
    if mode.base == "hqq":
        filled["quant"] = {**_HQQ, **filled.get("quant", {})}
    if not filled.get("clip", 1):
        # transformers' Trainer takes a max_grad_norm of 0 for none.
        del filled["clip"]
    if filled["compute_dtype"] != "float32":
        filled["autocast_dtype"] = filled["compute_dtype"]
    unknown = [
        *(
            filled.keys()
            - _DEFAULTS.keys()
            - set(_OTHERS)
            - _OPTIMIZERS[filled["optimizer"]].keys()
        ),
        *(filled["config"].keys() - set(_CONFIG) - set(WORDS)),
    ]
    if unknown:
        raise NotImplementedOpError(
            f"train_llama with {min(unknown)[:40]!r} is no run that is computed here"
        )
    return filled


def sizes_of(params: Params, module: str) -> Params:
    """`r` and `alpha` of the adapter of a module, as PEFT reads its patterns."""
    return {
        name: pattern_of(params, f"{kind}_pattern", module, params[name], PARAMS)
        for name, kind in (("r", "rank"), ("alpha", "alpha"))
    }


def adapter_of(params: Params, module: str) -> Params:
    """What the adapter of a module is told."""
    return sizes_of(params, module) | {name: params[name] for name in ("use_dora", "use_rslora")}


def decay_of(params: Params, name: str) -> float:
    """The weight decay of a parameter; with transformers' Trainer norms and biases have none."""
    decays = params["decay_parameters"] == "all" or not _NO_DECAY.search(name.lower())
    decay: float = params["weight_decay"] if decays else 0.0
    return decay


def alpha_of_rmsprop(params: Params) -> float:
    """That of a run; with adapters `alpha` is theirs, and RMSprop's is torch's default."""
    alpha: float = _OPTIMIZERS["rmsprop"]["alpha"]
    if base_of(params) == "trained":
        alpha = params.get("alpha", alpha)
    return alpha


def base_of(params: Params) -> str:
    """What the adapters stand on: `trained` where there are none."""
    return MODES[params["mode"]].base


def is_by_states(params: Params) -> bool:
    """Whether right runs part so fast that single steps are judged, each from its recorded state: with
    moments in 8 bits, or with products in halves.
    """
    return params["optimizer"] == IN_8_BITS or "autocast_dtype" in params
