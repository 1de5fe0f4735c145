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
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas import nn
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.expected import Expected, Real
from gradproof_bridge.formulas.four_bit import decode_blocks
from gradproof_bridge.formulas.llama_layers import Attention, Layer, Mlp, Norm, Weights
from gradproof_bridge.formulas.llama_params import run_params
from gradproof_bridge.formulas.schedule import rate

# As the format says of training runs: losses and gradient norms relative, weights as a share of the
# tensor's largest value.
_ABSOLUTE = 1e-6
_LIMITS = {"float32": (1e-4, 1e-3), "bfloat16": (1e-2, 5e-2)}
_PER_STEP = ("losses", "grad_norms", "lrs")
_CLIP_EPS = 1e-6


def train_llama(inputs: Inputs, given: Params) -> dict[str, Expected]:
    """zero_grad, forward, backward, clip, AdamW with the rate of the step; full fine-tuning, LoRA,
    QLoRA or DoRA.
    """
    params = run_params(given)
    weights, trained = _start(inputs, params)
    lora: Params | None = (
        None
        if params["mode"] == "full"
        else {key: params[key] for key in ("r", "alpha", "use_dora", "use_rslora")}
    )
    model = _Model(weights, params["config"], lora)
    moments: dict[str, tuple[F64, F64]] = {
        name: (np.zeros_like(weights[name]), np.zeros_like(weights[name])) for name in trained
    }
    outputs: dict[str, F64] = {}
    curves: dict[str, list[float]] = {name: [] for name in _PER_STEP}
    for step in range(params["steps"]):
        loss, logits, gradients = model.step(inputs["input_ids"][step], inputs["labels"][step])
        chosen = {name: gradients[name] for name in trained}
        if step == 0:
            outputs |= {
                "logits_step0": logits,
                **{f"grad0.{name}": g for name, g in chosen.items()},
            }
        norm = math.sqrt(sum(float((g * g).sum()) for g in chosen.values()))
        lr = rate({"base_lr": params["lr"], **params["schedule"]}, step)
        for name, value in zip(_PER_STEP, (loss, norm, lr), strict=True):
            curves[name].append(value)
        factor = min(1.0, params["clip"] / (norm + _CLIP_EPS))
        for name, g in chosen.items():
            moments[name] = _adamw(weights[name], g * factor, moments[name], step + 1, lr, params)
    kept = "final" if params["mode"] == "full" else "lora"
    outputs |= {f"{kept}.{name}": weights[name] for name in trained}
    outputs |= {name: np.array(curve) for name, curve in curves.items()}
    return {name: Real(_limited(name, y, params["compute_dtype"])) for name, y in outputs.items()}


def _limited(name: str, y: F64, compute_dtype: str) -> Bounded:
    relative, share = _LIMITS.get(compute_dtype, _LIMITS["bfloat16"])
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


def _adamw(
    x: F64, g: F64, moments: tuple[F64, F64], t: int, lr: float, params: Params
) -> tuple[F64, F64]:
    """One step in place; the moments after it."""
    b1, b2 = params["betas"]
    m, v = moments
    m, v = m + (1 - b1) * (g - m), b2 * v + (1 - b2) * g * g
    x *= 1 - lr * params["weight_decay"]
    x -= lr / (1 - b1**t) * m / (np.sqrt(v) / math.sqrt(1 - b2**t) + params["eps"])
    return m, v


class _Model:
    """Embedding, blocks, norm, head and loss."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], lora: Params | None):
        eps = config["rms_eps"]
        self._weights = weights
        self._blocks = [
            (
                Norm(f"model.layers.{i}.input_layernorm", weights, eps),
                Attention(f"model.layers.{i}.self_attn", weights, config, lora),
                Norm(f"model.layers.{i}.post_attention_layernorm", weights, eps),
                Mlp(f"model.layers.{i}.mlp", weights, lora),
            )
            for i in range(int(config["layers"]))
        ]
        self._norm = Norm("model.norm", weights, eps)
        self._embed = Layer("embedding", nn.embedding)
        self._loss = Layer("cross_entropy", nn.cross_entropy, {"shift": True})

    def step(
        self, ids: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]
    ) -> tuple[float, F64, Weights]:
        """Loss, logits, and the gradient of every weight."""
        x = self._embed.forward({"weight": self._weights["model.embed_tokens.weight"], "ids": ids})[
            "y"
        ]
        for norm, attention, post, mlp in self._blocks:
            x = x + attention.forward(norm.forward(x))
            x = x + mlp.forward(post.forward(x))
        hidden = self._norm.forward(x)
        head = self._weights["lm_head.weight"]
        logits = hidden @ head.T
        loss = float(self._loss.forward({"logits": logits, "labels": labels})["loss"][0])
        gradients: Weights = {}
        dlogits = self._loss.backward({"loss": np.ones(1)})["logits"]
        gradients["lm_head.weight"] = dlogits.reshape(-1, dlogits.shape[-1]).T @ hidden.reshape(
            -1, hidden.shape[-1]
        )
        dx = self._norm.backward(dlogits @ head, gradients)
        for norm, attention, post, mlp in reversed(self._blocks):
            dx = dx + post.backward(mlp.backward(dx, gradients), gradients)
            dx = dx + norm.backward(attention.backward(dx, gradients), gradients)
        gradients["model.embed_tokens.weight"] = self._embed.backward({"y": dx})["weight"]
        return loss, logits, gradients


FORMULAS = {
    "train_llama": train_llama,
}
