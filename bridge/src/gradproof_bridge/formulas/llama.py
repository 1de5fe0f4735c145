"""A whole training run of a Llama in float64: the truth about `train_llama`.

The model of transformers/models/llama/modeling_llama.py, adapters as in `linear`, layers as in
`nn`, steps as in `optim`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas import nn
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.expected import Expected, Real
from gradproof_bridge.formulas.four_bit import decode_blocks
from gradproof_bridge.formulas.halves import Halves, Store, in_full, unit_of
from gradproof_bridge.formulas.llama_layers import Attention, Layer, Mlp, Norm, Weights
from gradproof_bridge.formulas.llama_params import run_params
from gradproof_bridge.formulas.llama_update import Update

# As the format says of training runs: losses and gradient norms relative, weights as a share of the
# tensor's largest value.
_ABSOLUTE = 1e-6
_LIMITS = {"float32": (1e-4, 1e-3), "bfloat16": (1e-2, 5e-2), "autocast": (1e-2, 1e-3)}
_RUNS = 5
_SPREADS = 10
_PER_STEP = ("losses", "grad_norms", "lrs", "scale")


def train_llama(inputs: Inputs, given: Params) -> dict[str, Expected]:
    """zero_grad, forward and backward over micro-batches, the update with the rate of the step; full
    fine-tuning, LoRA, QLoRA or DoRA.
    """
    params = run_params(given)
    dtype: str | None = params.get("autocast_dtype")
    outputs = _run(inputs, params, params["steps"], Halves(dtype) if dtype else in_full)
    if dtype is None:
        limits = _LIMITS.get(params["compute_dtype"], _LIMITS["bfloat16"])
        return {name: Real(_limited(name, y, *limits)) for name, y in outputs.items()}
    spread = _spread(inputs, params, dtype)
    return {
        name: Real(
            Bounded(y, _limited(name, y, *_LIMITS["autocast"]).error + _SPREADS * spread[name])
            if name in spread
            else _limited(name, y, *_LIMITS["autocast"])
        )
        for name, y in outputs.items()
        if _is_held(name)
    }


def _run(inputs: Inputs, params: Params, steps: int, store: Store) -> Weights:
    """What a run gives whose products keep what `store` makes of them."""
    weights, trained = _start(inputs, params)
    lora: Params | None = (
        None
        if params["mode"] == "full"
        else {key: params[key] for key in ("r", "alpha", "use_dora", "use_rslora")}
    )
    model = _Model(weights, params["config"], lora, store)
    update = Update(weights, trained, params)
    outputs: Weights = {}
    curves: dict[str, list[float]] = {name: [] for name in _PER_STEP}
    for step in range(steps):
        loss, logits, gradients = _pass(model, inputs, params["grad_accum"], step, update.scale)
        chosen = {name: gradients[name] for name in trained}
        if step == 0:
            unscaled = {f"grad0.{name}": g / update.scale for name, g in chosen.items()}
            outputs |= {"logits_step0": logits, **unscaled}
        lr = update.rate
        norm = update.step(chosen)
        for name, value in zip(_PER_STEP, (loss, norm, lr, update.scale), strict=True):
            curves[name].append(value)
    kept = "final" if params["mode"] == "full" else "lora"
    outputs |= {f"{kept}.{name}": weights[name] for name in trained}
    return outputs | {name: np.array(curve) for name, curve in curves.items()}


def _pass(
    model: _Model, inputs: Inputs, parts: int, step: int, scale: float
) -> tuple[float, F64, Weights]:
    """The mean loss over all labels of a step, the logits of its first micro-batch, and the
    gradients of `scale` times that loss.
    """
    chosen = slice(step * parts, (step + 1) * parts)
    ids, labels = (inputs[name][chosen] for name in ("input_ids", "labels"))
    asked = (labels[..., 1:] >= 0).reshape(parts, -1).sum(1)
    shares = asked / asked.sum()
    passes = [
        model.step(text, label, scale * share)
        for text, label, share in zip(ids, labels, shares, strict=True)
    ]
    gradients = {
        name: sum((each[name] for _, _, each in passes), np.zeros(1)) for name in passes[0][2]
    }
    loss = sum(share * mean for share, (mean, _, _) in zip(shares, passes, strict=True))
    return float(loss), passes[0][1], gradients


def _spread(inputs: Inputs, params: Params, dtype: str) -> dict[str, F64]:
    """How far apart first logits and gradients lie of runs whose start weights differ by half a unit
    in the last place of the format, up or down as chance has it.
    """
    runs = [
        _run(_perturbed(inputs, dtype, seed), params, 1, Halves(dtype)) for seed in range(_RUNS)
    ]
    return {
        name: np.full(y.shape, float(np.ptp([run[name] for run in runs], 0).max(initial=0)))
        for name, y in runs[0].items()
        if _is_held(name) and name not in _PER_STEP
    }


def _perturbed(inputs: Inputs, dtype: str, seed: int) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    return {
        name: x + unit_of(x, dtype) * (random.integers(0, 2, x.shape) - 0.5)
        if name.startswith(("base.", "lora0."))
        else x
        for name, x in inputs.items()
    }


def _is_held(name: str) -> bool:
    """Whether an output of a run in halves is judged: norms and weights of later steps stray."""
    return name in ("losses", "lrs", "scale", "logits_step0") or name.startswith("grad0.")


def _limited(name: str, y: F64, relative: float, share: float) -> Bounded:
    limit = (
        relative * np.abs(y)
        if name in _PER_STEP
        else np.full(y.shape, share * float(np.abs(y).max(initial=0)))
    )
    return Bounded(y, limit + _ABSOLUTE)


def _start(inputs: Inputs, params: Params) -> tuple[Weights, list[str]]:
    """All weights in float64, 4-bit ones decoded, and the names of those that are trained."""
    weights = {
        name[5:]: x.astype(np.float64) for name, x in inputs.items() if name.startswith("base.")
    }
    last = f"model.layers.{params['config']['layers'] - 1}.input_layernorm.weight"
    if last not in weights:
        raise FormatError(f"train_llama: in.base.{last} is missing")
    if params["mode"] == "full":
        return weights, list(weights)
    quant = params.get("quant", {})
    for name in [
        name[2 : -len(".packed")]
        for name in inputs
        if name.startswith("q.") and name.endswith(".packed")
    ]:
        shape = weights[f"{name}.weight"].shape
        codes, absmax = inputs[f"q.{name}.packed"], inputs[f"q.{name}.absmax"]
        decoded = decode_blocks(
            codes, absmax, math.prod(shape), quant["blocksize"], quant["quant_type"]
        )
        weights[f"{name}.weight"] = decoded.value.reshape(shape)
    adapters = {
        name[6:]: x.astype(np.float64) for name, x in inputs.items() if name.startswith("lora0.")
    }
    if params["use_dora"]:
        modules = [name.removesuffix(".lora_A") for name in adapters if name.endswith(".lora_A")]
        norms = {
            f"{name}.magnitude": np.linalg.norm(weights[f"{name}.weight"], axis=1)
            for name in modules
        }
        adapters = {**norms, **adapters}
    return {**weights, **adapters}, list(adapters)


class _Model:
    """Embedding, blocks, norm, head and loss."""

    def __init__(
        self, weights: Weights, config: Mapping[str, Any], lora: Params | None, store: Store
    ):
        eps = config["rms_eps"]
        self._weights = weights
        self._store = store
        self._blocks = [
            (
                Norm(f"model.layers.{i}.input_layernorm", weights, eps),
                Attention(f"model.layers.{i}.self_attn", weights, config, lora, store),
                Norm(f"model.layers.{i}.post_attention_layernorm", weights, eps),
                Mlp(f"model.layers.{i}.mlp", weights, lora, store),
            )
            for i in range(int(config["layers"]))
        ]
        self._norm = Norm("model.norm", weights, eps)
        self._head = (
            "model.embed_tokens" if config.get("tie_word_embeddings", False) else "lm_head"
        ) + ".weight"
        self._embed = Layer("embedding", nn.embedding)
        self._loss = Layer("cross_entropy", nn.cross_entropy, {"shift": True})

    def step(
        self, ids: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], scale: float
    ) -> tuple[float, F64, Weights]:
        """Loss, logits, and the gradient of every weight by `scale` times the loss."""
        x = self._embed.forward({"weight": self._weights["model.embed_tokens.weight"], "ids": ids})[
            "y"
        ]
        for norm, attention, post, mlp in self._blocks:
            x = x + attention.forward(norm.forward(x))
            x = x + mlp.forward(post.forward(x))
        hidden = self._store(self._norm.forward(x))
        head = self._store(self._weights[self._head])
        logits = self._store(hidden @ head.T)
        loss = float(self._loss.forward({"logits": logits, "labels": labels})["loss"][0])
        gradients: Weights = {}
        dlogits = self._store(self._loss.backward({"loss": np.full(1, scale)})["logits"])
        of_head = self._store(
            dlogits.reshape(-1, dlogits.shape[-1]).T @ hidden.reshape(-1, hidden.shape[-1])
        )
        dx = self._norm.backward(self._store(dlogits @ head), gradients)
        for norm, attention, post, mlp in reversed(self._blocks):
            dx = dx + post.backward(mlp.backward(dx, gradients), gradients)
            dx = dx + norm.backward(attention.backward(dx, gradients), gradients)
        embed = "model.embed_tokens.weight"
        gradients[embed] = self._embed.backward({"y": dx})["weight"]
        gradients[self._head] = of_head + (gradients[embed] if self._head == embed else 0)
        return loss, logits, gradients


FORMULAS = {
    "train_llama": train_llama,
}
