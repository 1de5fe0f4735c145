"""Logits of tiny models: each family with what is its own, and each kind of rotary positions; and what
some of them write.
"""

from __future__ import annotations

from typing import Any

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw

_COMMON: dict[str, Any] = {
    "vocab_size": 97,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": False,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}
_WIDE: dict[str, Any] = {**_COMMON, "hidden_size": 64, "intermediate_size": 88}
_NARROW: dict[str, Any] = {**_COMMON, "hidden_size": 32, "intermediate_size": 40, "head_dim": 8}
_BATCH, _LENGTH = 2, 24
_PROMPT, _WRITTEN = 9, 16

_FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", **_WIDE, "attention_bias": True, "mlp_bias": True},
    "qwen2": {"model_type": "qwen2", **_WIDE, "tie_word_embeddings": True},
    "qwen3": {"model_type": "qwen3", **_WIDE, "head_dim": 24, "tie_word_embeddings": True},
    "mistral": {"model_type": "mistral", **_WIDE, "sliding_window": 7},
    "mistral_without_window": {
        "model_type": "mistral",
        **_NARROW,
        "sliding_window": None,
        "num_key_value_heads": 4,
    },
    "qwen3_sliding_layer": {
        "model_type": "qwen3",
        **_NARROW,
        "use_sliding_window": True,
        "sliding_window": 5,
        "max_window_layers": 1,
        "attention_bias": True,
    },
}

_POSITIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "linear": ("llama", {"rope_type": "linear", "factor": 4.0}),
    "dynamic": ("llama", {"rope_type": "dynamic", "factor": 4.0}),
    "llama3": (
        "llama",
        {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        },
    ),
    "yarn": (
        "qwen3",
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 256},
    ),
    "yarn_mscale": (
        "qwen2",
        {
            "rope_type": "yarn",
            "factor": 4.0,
            "mscale": 1.0,
            "mscale_all_dim": 0.5,
            "beta_fast": 16.0,
            "beta_slow": 2.0,
            "truncate": False,
            "original_max_position_embeddings": 2048,
        },
    ),
    "longrope": (
        "llama",
        {
            "rope_type": "longrope",
            "short_factor": [1.0, 1.25, 1.5, 2.0],
            "long_factor": [1.5, 2.75, 8.0, 19.5],
            "original_max_position_embeddings": 16,
        },
    ),
}


def causal_lms() -> Cases:
    """Biases, norms of heads, windows, tied heads, and positions of each kind; dynamic ones and those
    of LongRoPE in a text that is longer than the context, and in one that is not.
    """
    for name, config in _FAMILIES.items():
        yield _case(f"logits_{name}", config)
    for name in _POSITIONS:
        yield _case(f"logits_rope_{name}", _turning(name))
    within = {"max_position_embeddings": 128, "original_max_position_embeddings": 32}
    short = {"rope_parameters": {"rope_theta": 500.0, **_POSITIONS["longrope"][1]}}
    yield _case(
        "logits_rope_longrope_within", {"model_type": "llama", **_NARROW, **within, **short}
    )
    old = {"rope_parameters": None, "rope_theta": 500.0}
    scaling = {"rope_scaling": {"type": "dynamic", "factor": 2.0}}
    yield _case("logits_rope_within_context", {"model_type": "llama", **_NARROW, **old, **scaling})


def _turning(name: str) -> dict[str, Any]:
    """A model with positions of a kind."""
    family, scaling = _POSITIONS[name]
    original = scaling.get("original_max_position_embeddings", 4)
    return {
        "model_type": family,
        **_NARROW,
        "max_position_embeddings": int(4 * original),
        "rope_parameters": {"rope_theta": 500.0, **scaling},
    }


_WRITERS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", **_NARROW, "num_key_value_heads": 1},
    "qwen2": {"model_type": "qwen2", **_NARROW, "tie_word_embeddings": True},
    "qwen3": {
        "model_type": "qwen3",
        **_NARROW,
        "rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 500.0},
    },
    "mistral": {"model_type": "mistral", **_NARROW, "sliding_window": 7},
    "rope_dynamic": _turning("dynamic"),
    "rope_longrope": _turning("longrope"),
}


def writers() -> Cases:
    """Grouped queries, tied heads, biases, norms of heads and positions that are scaled; a window that
    the text grows out of, and a context beyond which it turns otherwise.
    """
    for name, config in _WRITERS.items():
        params = {"config": config, "max_new_tokens": _WRITTEN}
        inputs = _inputs(config, 1, _PROMPT)
        yield Case(f"generate_{name}", "causal_lm_generate", "transformers", params, inputs)


def _case(name: str, config: dict[str, Any]) -> Case:
    params = {"config": {key: x for key, x in config.items() if key != "rope_parameters" or x}}
    return Case(name, "causal_lm_logits", "transformers", params, _inputs(config, _BATCH, _LENGTH))


def _inputs(config: dict[str, Any], batch: int, length: int) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        weights = {f"base.{name}": x for name, x in _weights(draw, config).items()}
        last = config["vocab_size"] - 1
        return {**weights, "input_ids": draw.integers(batch, length, low=0, high=last)}

    return make


def _weights(draw: Draw, c: dict[str, Any]) -> dict[str, Array]:
    """By the names of the state dict. No bias is zero, and no norm is one."""
    hidden, inner, vocab = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    width = c.get("head_dim") or hidden // c["num_attention_heads"]
    queries, keys = width * c["num_attention_heads"], width * c["num_key_value_heads"]
    attention_bias = c["model_type"] == "qwen2" or c.get("attention_bias", False)
    linears = {
        "self_attn.q_proj": (queries, hidden, attention_bias),
        "self_attn.k_proj": (keys, hidden, attention_bias),
        "self_attn.v_proj": (keys, hidden, attention_bias),
        "self_attn.o_proj": (hidden, queries, c.get("attention_bias", False)),
        "mlp.gate_proj": (inner, hidden, c.get("mlp_bias", False)),
        "mlp.up_proj": (inner, hidden, c.get("mlp_bias", False)),
        "mlp.down_proj": (hidden, inner, c.get("mlp_bias", False)),
    }
    norms = {"input_layernorm": hidden, "post_attention_layernorm": hidden}
    if c["model_type"] == "qwen3":
        norms |= {"self_attn.q_norm": width, "self_attn.k_norm": width}
    weights = {"model.embed_tokens.weight": draw.normal(vocab, hidden, scale=0.15)}
    for i in range(c["num_hidden_layers"]):
        at = f"model.layers.{i}"
        for name, (rows, columns, is_biased) in linears.items():
            weights[f"{at}.{name}.weight"] = draw.normal(rows, columns, scale=columns**-0.5)
            if is_biased:
                weights[f"{at}.{name}.bias"] = draw.normal(rows, scale=0.3)
        for name, size in norms.items():
            weights[f"{at}.{name}.weight"] = 1 + draw.normal(size, scale=0.2)
    weights["model.norm.weight"] = 1 + draw.normal(hidden, scale=0.2)
    if not c["tie_word_embeddings"]:
        weights["lm_head.weight"] = draw.normal(vocab, hidden, scale=hidden**-0.5)
    return weights


FAMILIES = (causal_lms, writers)
