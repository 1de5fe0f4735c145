"""Layers of a Llama in float64 with their backward passes, made of the formulas of single ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.formulas import linear, nn
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.halves import Store, in_full
from gradproof_bridge.formulas.llama_names import MAGNITUDE

Formula = Callable[[Inputs, Params], Mapping[str, Bounded]]
Weights = dict[str, F64]
Tensors = Mapping[str, Array]
Adapters = Callable[[str], Params]
"""What the adapter of a linear is told, by its name."""


class Layer:
    """An op that remembers its inputs, so that gradients can flow back through it."""

    def __init__(self, op: str, formula: Formula, params: Params | None = None):
        self._formula = formula
        self._params = op_spec(op).fill(params or {})
        self._inputs: Tensors = {}

    def forward(self, inputs: Tensors) -> Weights:
        """Outputs by name."""
        self._inputs = inputs
        return {name: y.value for name, y in self._formula(inputs, self._params).items()}

    def backward(self, gradients: Weights) -> Weights:
        """Gradients of the inputs that have one."""
        flowing = {f"grad.{name}": g for name, g in gradients.items()}
        found = self._formula({**self._inputs, **flowing}, self._params)
        return {name[5:]: y.value for name, y in found.items() if name.startswith("grad.")}


class Linear:
    """x W^T, with a LoRA adapter where the weights have one; gradients go into `gradients` under
    the names that PEFT gives them. `store` is what autocast keeps of each operand and result.
    """

    def __init__(self, name: str, weights: Weights, lora: Adapters, store: Store = in_full):
        self._name = name
        self._weights = weights
        self._store = store
        self._lora = f"{name}.lora_A" in weights
        product = Layer("matmul", linear.matmul, {"transpose_b": True})
        self._layer = (
            Layer("lora_linear", linear.lora_linear, lora(name)) if self._lora else product
        )

    def forward(self, x: F64) -> F64:
        """[..., in] to [..., out]."""
        x = self._store(x)
        weight = self._store(self._weights[f"{self._name}.weight"])
        if not self._lora:
            y = self._layer.forward({"a": x.reshape(-1, x.shape[-1]), "b": weight})["y"]
            return self._store(y.reshape(*x.shape[:-1], -1))
        parts = {
            part: self._store(self._weights[f"{self._name}.{part}"])
            for part in ("lora_A", "lora_B")
        }
        magnitude = self._weights.get(f"{self._name}.{MAGNITUDE}")
        if magnitude is not None:
            parts["magnitude"] = magnitude
        return self._store(self._layer.forward({"x": x, "weight": weight, **parts})["y"])

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x; that of what is trained is kept."""
        dy = self._store(dy)
        if not self._lora:
            found = self._layer.backward({"y": dy.reshape(-1, dy.shape[-1])})
            gradients[f"{self._name}.weight"] = self._store(found["b"])
            return self._store(found["a"].reshape(*dy.shape[:-1], -1))
        found = self._layer.backward({"y": dy})
        gradients |= {
            f"{self._name}.{MAGNITUDE if part == 'magnitude' else part}": g
            if part == "magnitude"
            else self._store(g)
            for part, g in found.items()
            if part != "x"
        }
        return self._store(found["x"])


class Norm:
    """RMSNorm with its weight."""

    def __init__(self, name: str, weights: Weights, eps: float):
        self._name = name
        self._weights = weights
        self._layer = Layer("rms_norm", nn.rms_norm, {"eps": eps})

    def forward(self, x: F64) -> F64:
        """Of each position."""
        return self._layer.forward({"x": x, "weight": self._weights[f"{self._name}.weight"]})["y"]

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x; that of the weight is kept."""
        found = self._layer.backward({"y": dy})
        gradients[f"{self._name}.weight"] = found["weight"]
        return found["x"]


class Attention:
    """Rotated queries and keys, causal attention, projections."""

    def __init__(
        self,
        name: str,
        weights: Weights,
        config: Mapping[str, float],
        lora: Adapters,
        store: Store = in_full,
    ):
        self._store = store
        self._heads, self._kv = int(config["heads"]), int(config["kv_heads"])
        self._width = int(config["hidden"]) // self._heads
        self._in = {part: Linear(f"{name}.{part}_proj", weights, lora, store) for part in "qkv"}
        self._out = Linear(f"{name}.o_proj", weights, lora, store)
        self._rotary = Layer(
            "rotary_embedding",
            nn.rotary_embedding,
            {"theta": config["rope_theta"], "head_dim": self._width},
        )
        self._attend = Layer(
            "scaled_dot_product_attention", nn.scaled_dot_product_attention, {"causal": True}
        )

    def forward(self, x: F64) -> F64:
        """[B, S, hidden] to the same."""
        q, k, v = (
            _split(self._in[part].forward(x), self._heads if part == "q" else self._kv)
            for part in "qkv"
        )
        places = np.broadcast_to(np.arange(x.shape[1], dtype=np.int32), x.shape[:2])
        turned = self._stored(self._rotary.forward({"q": q, "k": k, "position_ids": places}))
        attended = self._stored(self._attend.forward({**turned, "v": v}))
        return self._out.forward(_join(attended["y"]))

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x."""
        flowing = {"y": _split(self._out.backward(dy, gradients), self._heads)}
        attended = self._stored(self._attend.backward(flowing))
        turned = self._stored(self._rotary.backward({part: attended[part] for part in "qk"}))
        parts = {**turned, "v": attended["v"]}
        return sum(
            (self._in[part].backward(_join(parts[part]), gradients) for part in "qkv"), np.zeros(1)
        )

    def _stored(self, found: Weights) -> Weights:
        return {name: self._store(x) for name, x in found.items()}


def _split(x: F64, heads: int) -> F64:
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def _join(x: F64) -> F64:
    return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)


class Mlp:
    """down(silu(gate(x)) up(x))."""

    def __init__(self, name: str, weights: Weights, lora: Adapters, store: Store = in_full):
        self._store = store
        self._gate, self._up, self._down = (
            Linear(f"{name}.{part}_proj", weights, lora, store) for part in ("gate", "up", "down")
        )
        self._silu = Layer("silu", nn.silu)
        self._gated: tuple[F64, F64] = (np.zeros(0), np.zeros(0))

    def forward(self, x: F64) -> F64:
        """[B, S, hidden] to the same."""
        gate = self._silu.forward({"x": self._gate.forward(x)})["y"]
        self._gated = (self._store(gate), self._up.forward(x))
        return self._down.forward(self._gated[0] * self._gated[1])

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x."""
        inner = self._down.backward(dy, gradients)
        gate, up = self._gated
        of_gate = self._silu.backward({"y": self._store(inner * up)})["x"]
        dx = self._gate.backward(of_gate, gradients)
        return dx + self._up.backward(inner * gate, gradients)
