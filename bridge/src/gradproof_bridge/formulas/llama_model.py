"""The model of transformers/models/llama/modeling_llama.py in float64, with its backward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradproof_bridge.formulas import nn
from gradproof_bridge.formulas.bounded import F64
from gradproof_bridge.formulas.halves import Store
from gradproof_bridge.formulas.llama_layers import Adapters, Attention, Layer, Mlp, Norm, Weights


class Model:
    """Embedding, blocks, norm, head and loss."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], lora: Adapters, store: Store):
        eps = config["rms_eps"]
        self._weights = weights
        self._store = store
        self._blocks = [
            (
                Norm(f"model.layers.{i}.input_layernorm", weights, eps),
                Attention(i, weights, config, lora, store),
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
