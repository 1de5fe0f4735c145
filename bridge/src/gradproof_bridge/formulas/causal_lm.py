"""Logits of transformers' Llama, Qwen2, Qwen3 and Mistral in float64, and what they write.

modeling_llama.py, modeling_qwen2.py, modeling_qwen3.py, modeling_mistral.py. The config has the
words of their config.json. Errors that every operation may add, carried through all layers as if
none of them met another, have no useful bound: what float32 may be off is measured, as the format
has it of trajectories.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.expected import Codes, Expected, Real
from gradproof_bridge.formulas.rope_scaling import turns_as_read

_EPS = 1e-6
"""Of rms_norm where a config tells none."""
_WINDOW = 4096
_FIRST_WITH_WINDOW = 28
_RUNS = 5
_SPREADS = 10
_SHARE = 1e-5
"""The least that logits may be off, of the largest."""


def causal_lm_logits(inputs: Inputs, params: Params) -> dict[str, Bounded]:
    """Embeddings, blocks of attention and of a gated perceptron, a norm, and the head. They may be
    off by ten times the spread of runs whose weights differ by half a unit in the last place, or by
    1e-5 of the largest.
    """
    ids = inputs["input_ids"]
    return {"logits": _bounded_logits(_weights(inputs), params["config"], ids, ids.shape[1])}


def causal_lm_generate(inputs: Inputs, params: Params) -> dict[str, Expected]:
    """The likeliest token behind the prompt, and so on, and the logits by which each was chosen. Once
    two of these are nearer to each other than they may be off, either token is right, and whatever
    follows. The prompt is read together.
    """
    config, prompt = params["config"], inputs["input_ids"]
    weights, count = _weights(inputs), params["max_new_tokens"]
    model, ids, together = _Model(weights, config), prompt, prompt.shape[1]
    for _ in range(count):
        ids = np.append(ids, model.logits(ids, together)[:, -1].argmax(-1, keepdims=True), 1)
    whole = _bounded_logits(weights, config, ids[:, :-1], together)
    value, error = whole.value[0, -count:], whole.error[0, -count:].copy()
    ids = ids.astype(np.int32)
    low, high = ids.copy(), ids.copy()
    nearest = np.partition(value, -2, -1)
    unsure = np.flatnonzero(nearest[:, -1] - nearest[:, -2] <= 2 * error.max(-1))
    if unsure.size:
        low[:, together + unsure[0] :] = 0
        high[:, together + unsure[0] :] = value.shape[1] - 1
        error[unsure[0] + 1 :] = np.inf
    return {"sequences": Codes(ids, low, high), "logits": Real(Bounded(value, error))}


def _weights(inputs: Inputs) -> dict[str, F64]:
    return {name[5:]: x.astype(np.float64) for name, x in inputs.items() if name[:5] == "base."}


def _bounded_logits(
    weights: dict[str, F64], config: Mapping[str, Any], ids: NDArray[Any], together: int
) -> Bounded:
    def logits_of(each: dict[str, F64]) -> F64:
        return _Model(each, config).logits(ids, together)

    logits = logits_of(weights)
    runs = [logits_of(_perturbed(weights, seed)) for seed in range(_RUNS)]
    spread = float(np.ptp(runs, 0).max(initial=0))
    limit = max(_SPREADS * spread, _SHARE * float(np.abs(logits).max(initial=0)))
    return Bounded(logits, np.full(logits.shape, limit))


def _perturbed(weights: Mapping[str, F64], seed: int) -> dict[str, F64]:
    random = np.random.default_rng(seed)
    return {
        name: x + np.spacing(x.astype(np.float32)) * (random.integers(0, 2, x.shape) - 0.5)
        for name, x in weights.items()
    }


class _Model:
    def __init__(self, weights: Mapping[str, F64], config: Mapping[str, Any]):
        self._weights = weights
        self._config = config
        self._heads = int(config["num_attention_heads"])
        self._kv = int(config.get("num_key_value_heads") or self._heads)
        self._width = int(config.get("head_dim") or config["hidden_size"] // self._heads)
        self._eps = float(config.get("rms_norm_eps", _EPS))

    def logits(self, ids: NDArray[Any], together: int) -> F64:
        """[B, S] to [B, S, vocab], where so many first tokens are read together."""
        table = self._weight("model.embed_tokens.weight")
        if ((ids < 0) | (ids >= table.shape[0])).any():
            raise FormatError(f"an id lies outside 0 to {table.shape[0] - 1}")
        x = table[ids]
        turns = turns_as_read(self._config, self._width, ids.shape[1], together)
        for i in range(int(self._config["num_hidden_layers"])):
            at = f"model.layers.{i}"
            x = x + self._attention(i, self._norm(f"{at}.input_layernorm", x), turns)
            x = x + self._mlp(f"{at}.mlp", self._norm(f"{at}.post_attention_layernorm", x))
        last = self._norm("model.norm", x)
        tied = self._config.get("tie_word_embeddings", False)
        head = table if tied else self._weight("lm_head.weight")
        return last @ head.T

    def _weight(self, name: str) -> F64:
        if name not in self._weights:
            raise FormatError(f"in.base.{name} is missing")
        return self._weights[name]

    def _linear(self, name: str, x: F64) -> F64:
        """With its bias where there is one."""
        return x @ self._weight(f"{name}.weight").T + self._weights.get(f"{name}.bias", 0.0)

    def _norm(self, name: str, x: F64) -> F64:
        """Over the last dimension."""
        scale = np.sqrt((x * x).mean(-1, keepdims=True) + self._eps)
        return x / scale * self._weight(f"{name}.weight")

    def _attention(self, layer: int, x: F64, turns: tuple[F64, F64]) -> F64:
        at = f"model.layers.{layer}.self_attn"
        q = turned(self._split(f"{at}.q", x, self._heads), turns)
        k = turned(self._split(f"{at}.k", x, self._kv), turns)
        v = self._split(f"{at}.v", x, self._kv)
        shared = self._heads // self._kv
        k, v = (np.repeat(part, shared, 1) for part in (k, v))
        scores = q @ k.swapaxes(-1, -2) / math.sqrt(self._width)
        scores = np.where(self._seen(layer, x.shape[1]), scores, -np.inf)
        e = np.exp(scores - scores.max(-1, keepdims=True))
        y = (e / e.sum(-1, keepdims=True)) @ v
        batch, length = x.shape[:2]
        return self._linear(f"{at}.o_proj", y.transpose(0, 2, 1, 3).reshape(batch, length, -1))

    def _split(self, name: str, x: F64, heads: int) -> F64:
        """[B, S, hidden] as heads [B, H, S, D]; Qwen3 normalizes each of queries and keys."""
        y = self._linear(f"{name}_proj", x)
        y = y.reshape(*y.shape[:2], heads, self._width)
        if self._config["model_type"] == "qwen3" and not name.endswith(".v"):
            y = self._norm(f"{name}_norm", y)
        return y.transpose(0, 2, 1, 3)

    def _seen(self, layer: int, length: int) -> NDArray[np.bool_]:
        """What a query, by row, sees: what came before, and of that the window."""
        behind = np.arange(length)[:, None] - np.arange(length)[None, :]
        window = window_of(self._config, layer)
        causal: NDArray[np.bool_] = behind >= 0
        return causal if window is None else causal & (behind < window)

    def _mlp(self, at: str, x: F64) -> F64:
        gate = self._linear(f"{at}.gate_proj", x)
        gated = gate / (1 + np.exp(-gate)) * self._linear(f"{at}.up_proj", x)
        return self._linear(f"{at}.down_proj", gated)


def window_of(config: Mapping[str, Any], layer: int) -> int | None:
    """The positions that a query of a layer sees, its own among them; None where it sees all."""
    kind, window = config["model_type"], config.get("sliding_window", _WINDOW)
    if kind == "mistral":
        return None if window is None else int(window)
    if kind == "llama" or window is None or not config.get("use_sliding_window"):
        return None
    types = config.get("layer_types")
    slides = (
        types[layer] == "sliding_attention"
        if types
        else layer >= config.get("max_window_layers", _FIRST_WITH_WINDOW)
    )
    return int(window) if slides else None


def turned(x: F64, turns: tuple[F64, F64]) -> F64:
    """(lo, hi) -> (lo cos - hi sin, hi cos + lo sin)."""
    cos, sin = turns
    half = x.shape[-1] // 2
    low, high = x[..., :half], x[..., half:]
    return np.concatenate([low * cos - high * sin, high * cos + low * sin], -1)


FORMULAS = {"causal_lm_logits": causal_lm_logits, "causal_lm_generate": causal_lm_generate}
