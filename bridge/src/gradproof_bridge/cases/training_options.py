"""Training runs of tiny Llamas with options that few runs have: ranks by patterns, what is trained beside
adapters, moments that are not corrected, optimizers beside Adam and SGD, and models beside Llama.
"""

from __future__ import annotations

from typing import Any

from gradproof_bridge.cases.case import Case, Cases
from gradproof_bridge.cases.training_modes import run_of
from gradproof_bridge.formulas.llama_shapes import linear_shapes

_CONFIG: dict[str, Any] = {
    "vocab": 17,
    "hidden": 8,
    "intermediate": 12,
    "layers": 2,
    "heads": 2,
    "kv_heads": 1,
    "rms_eps": 1e-5,
    "rope_theta": 10000.0,
}
_ONE: dict[str, Any] = {**_CONFIG, "layers": 1}
_TIED: dict[str, Any] = {**_CONFIG, "tie_word_embeddings": True}
_BIASED: dict[str, Any] = {**_CONFIG, "attention_bias": True, "mlp_bias": True}
_FULL: dict[str, Any] = {"mode": "full", "config": _ONE, "lr": 2e-3}
# Of two patterns that meet a module the first one holds.
_PATTERNS: dict[str, Any] = {
    "mode": "lora",
    "lr": 1e-2,
    "r": 3,
    "alpha": 6,
    "targets": ["q_proj", "v_proj", "down_proj"],
    "rank_pattern": {r"layers\.1\..*q_proj": 5, "q_proj": 2},
    "alpha_pattern": {"v_proj": 9, "layers.0.mlp.down_proj": 2.5},
}
_DECAY = {"decay_parameters": "trainer", "weight_decay": 0.1, "lr": 2e-2}
_NF4 = {"quant": {"quant_type": "nf4", "blocksize": 32, "compress_statistics": True}}
_HQQ = {"quant": {"nbits": 4, "group_size": 8, "axis": 1}}
# Of the linears that are quantized few have an adapter.
_OF_SOME: dict[str, Any] = {
    "lr": 1e-2,
    "r": 2,
    "alpha": 4,
    "targets": ["q_proj", "v_proj"],
    "layers_to_transform": [1],
}
_BY_STATES = {"compute_dtype": "bfloat16", "state_steps": [1, 2, 5]}
_RUNS: dict[str, dict[str, Any]] = {
    "patterns": _PATTERNS,
    "patterns_rslora": {**_PATTERNS, "mode": "rslora"},
    "patterns_dora": {**_PATTERNS, "use_dora": True},
    "patterns_qlora": {**_PATTERNS, "mode": "qlora", **_NF4},
    "adamw_uncorrected": {**_FULL, "bias_correction": False},
    "adam_uncorrected": {
        **_PATTERNS,
        "optimizer": "adam",
        "weight_decay": 0.1,
        "bias_correction": False,
        "schedule": {"name": "exponential", "gamma": 0.8, "total": 6},
    },
    "amsgrad": {**_FULL, "amsgrad": True},
    "adadelta": {**_FULL, "optimizer": "adadelta", "lr": 1.0, "rho": 0.8, "weight_decay": 0.1},
    "adadelta_bf16": {**_FULL, "optimizer": "adadelta", "lr": 1.0, **_BY_STATES},
    "qwen2": {**_FULL, "config": {**_ONE, "model_type": "qwen2", "tie_word_embeddings": True}},
    "qwen3": {
        **_PATTERNS,
        "config": {
            **_CONFIG,
            "model_type": "qwen3",
            "head_dim": 6,
            "use_sliding_window": True,
            "sliding_window": 3,
            "max_window_layers": 1,
        },
    },
    "trainer_decay": {
        **_DECAY,
        "mode": "full",
        "config": {**_ONE, "model_type": "qwen2"},
        "grad_accum": 2,
    },
    "trainer_decay_adam": {
        **_PATTERNS,
        **_DECAY,
        "optimizer": "adam",
        "bias_correction": False,
        "use_dora": True,
        "bias": "all",
        "modules_to_save": ["norm", "lm_head"],
        "config": _BIASED,
    },
    "trainer_decay_sgd": {**_FULL, **_DECAY, "optimizer": "sgd", "momentum": 0.5},
    "trainer_decay_adadelta": {**_FULL, **_DECAY, "optimizer": "adadelta", "lr": 1.0},
    "trainer_decay_8bit": {
        **_FULL,
        **_DECAY,
        "optimizer": "adamw8bit",
        "min_8bit_size": 32,
        "state_steps": [1, 2, 5, 6],
    },
    "mistral": {**_FULL, "config": {**_ONE, "model_type": "mistral", "sliding_window": 3}},
    "biased": {
        **_FULL,
        "config": {
            **_ONE,
            "attention_bias": True,
            "mlp_bias": True,
            "rope_scaling": {"rope_type": "linear", "factor": 3.0},
        },
    },
    "biased_lora": {
        **_PATTERNS,
        "use_dora": True,
        "config": {
            **_BIASED,
            "max_position_embeddings": 4,
            "rope_scaling": {"rope_type": "dynamic", "factor": 2.0},
        },
    },
    "one_block": {**_PATTERNS, "layers_to_transform": [1]},
    "blocks_by_pattern": {**_PATTERNS, "layers_to_transform": 0, "layers_pattern": "layers"},
    "saved_modules": {**_PATTERNS, "modules_to_save": ["embed_tokens", "lm_head", "norm"]},
    "saved_layer": {
        **_PATTERNS,
        "modules_to_save": ["layers.1.self_attn.o_proj", "q_norm"],
        "config": {**_CONFIG, "model_type": "qwen3", "head_dim": 6, "attention_bias": True},
    },
    "saved_embeddings": {**_PATTERNS, "config": _TIED, "modules_to_save": ["embed_tokens"]},
    "saved_head": {
        **_PATTERNS,
        "mode": "qlora",
        **_NF4,
        "config": _TIED,
        "modules_to_save": ["lm_head"],
        "grad_accum": 2,
    },
    "saved_bf16": {**_PATTERNS, "modules_to_save": ["lm_head"], **_BY_STATES},
    "all_biases": {**_PATTERNS, "use_dora": True, "bias": "all", "config": _BIASED},
    "biases_of_adapters": {
        **_PATTERNS,
        "mode": "qlora",
        **_NF4,
        "bias": "lora_only",
        "config": {**_CONFIG, "model_type": "qwen2"},
    },
    "hqq_biases": {
        **_PATTERNS,
        "mode": "hqq_lora",
        **_HQQ,
        "bias": "all",
        "config": _BIASED,
    },
    "qlora_of_some": {**_OF_SOME, "mode": "qlora", **_NF4},
    "qlora_head_of_some": {**_OF_SOME, "mode": "qlora", **_NF4},
    "bnb_dora_of_some": {
        **_OF_SOME,
        "mode": "bnb_dora",
        "quant": {**_NF4["quant"], "quant_type": "fp4"},
        "bias": "all",
        "config": _BIASED,
    },
    "hqq_lora_of_some": {**_OF_SOME, "mode": "hqq_lora", **_HQQ},
    "rmsprop": {**_FULL, "optimizer": "rmsprop", "alpha": 0.8, "weight_decay": 0.1},
    "rmsprop_centered": {**_PATTERNS, "optimizer": "rmsprop", "centered": True, "momentum": 0.5},
    "rmsprop_bf16": {
        **_FULL,
        **_BY_STATES,
        "optimizer": "rmsprop",
        "momentum": 0.5,
        "centered": True,
    },
    "nadam_bf16": {**_FULL, "optimizer": "nadam", "momentum_decay": 0.01, **_BY_STATES},
    "nadam": {**_FULL, "optimizer": "nadam", "momentum_decay": 0.01},
    "radam": {
        **_FULL,
        "lr": 2e-2,
        "optimizer": "radam",
        "weight_decay": 0.5,
        "decoupled_weight_decay": True,
    },
}


def training_options() -> Cases:
    """Six steps each: the rectification of RAdam begins at its sixth."""
    for name, own in _RUNS.items():
        common = {"config": _CONFIG, "compute_dtype": "float32", "clip": 1.0, "steps": 6}
        params = {**common, **own}
        make = run_of(params, length=6, coded=_coded(name, params["config"]))
        yield Case(f"llama_{name}", "train_llama", "transformers", params, make)


def _coded(name: str, config: dict[str, Any]) -> list[str]:
    """The linears that transformers quantizes, whatever has an adapter: all of the blocks, and the head
    only where it is told to skip nothing.
    """
    if not name.endswith("_of_some"):
        return []
    return [*linear_shapes(config), *(["lm_head"] if "_head_" in name else [])]


FAMILIES = (training_options,)
