"""Layers of a Llama in float64 with their backward passes, made of the formulas of single ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params, op_spec
from gradproof_bridge.formulas import linear, nn
from gradproof_bridge.formulas.bounded import F64, Bounded
from gradproof_bridge.formulas.causal_lm import turned, window_of
from gradproof_bridge.formulas.halves import Store, in_full
from gradproof_bridge.formulas.llama_names import MAGNITUDE
from gradproof_bridge.formulas.rope_scaling import turns_of

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
            return self._store(y.reshape(*x.shape[:-1], -1) + self._bias)
        parts = {
            part: self._store(self._weights[f"{self._name}.{part}"])
            for part in ("lora_A", "lora_B")
        }
        magnitude = self._weights.get(f"{self._name}.{MAGNITUDE}")
        if magnitude is not None:
            parts["magnitude"] = magnitude
        y = self._layer.forward({"x": x, "weight": weight, **parts})["y"]
        return self._store(y + self._bias)

    @property
    def _bias(self) -> F64:
        """Zero where there is none."""
        bias = self._weights.get(f"{self._name}.bias")
        return np.zeros(1) if bias is None else self._store(bias)

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x; that of what is trained is kept."""
        dy = self._store(dy)
        gradients[f"{self._name}.bias"] = self._store(dy.reshape(-1, dy.shape[-1]).sum(0))
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


class Rotary:
    """Queries and keys turned by their positions, as the configuration has it."""

    def __init__(self, config: Mapping[str, Any], width: int):
        self._config, self._width = config, width

    def forward(self, x: F64) -> F64:
        """[B, H, S, D] to the same."""
        cos, sin = turns_of(self._config, self._width, x.shape[2])
        return turned(x, (cos, sin))

    def backward(self, dy: F64) -> F64:
        """Turned back."""
        cos, sin = turns_of(self._config, self._width, dy.shape[2])
        return turned(dy, (cos, -sin))


class Attention:
    """Queries and keys, normalized in Qwen3 and rotated, causal attention, projections."""

    def __init__(
        self,
        layer: int,
        weights: Weights,
        config: Mapping[str, Any],
        lora: Adapters,
        store: Store = in_full,
    ):
        name = f"model.layers.{layer}.self_attn"
        self._store = store
        self._heads, self._kv = int(config["heads"]), int(config["kv_heads"])
        self._in = {part: Linear(f"{name}.{part}_proj", weights, lora, store) for part in "qkv"}
        self._out = Linear(f"{name}.o_proj", weights, lora, store)
        self._norms = {
            part: Norm(f"{name}.{part}_norm", weights, config["rms_eps"])
            for part in "qk"
            if f"{name}.{part}_norm.weight" in weights
        }
        self._window = window_of(config, layer)
        self._rotary = Rotary(config, int(config["head_dim"]))
        self._attend = Layer(
            "scaled_dot_product_attention", nn.scaled_dot_product_attention, {"causal": True}
        )

    def forward(self, x: F64) -> F64:
        """[B, S, hidden] to the same."""
        parts = {
            part: _split(linear.forward(x), self._heads if part == "q" else self._kv)
            for part, linear in self._in.items()
        }
        for part, norm in self._norms.items():
            parts[part] = norm.forward(parts[part])
        rotated = {part: self._store(self._rotary.forward(parts[part])) for part in "qk"}
        mask = {} if self._window is None else {"mask": _near(x.shape[1], self._window)}
        attended = self._stored(self._attend.forward({**rotated, "v": parts["v"], **mask}))
        return self._out.forward(_join(attended["y"]))

    def backward(self, dy: F64, gradients: Weights) -> F64:
        """The gradient of x."""
        flowing = {"y": _split(self._out.backward(dy, gradients), self._heads)}
        parts = self._stored(self._attend.backward(flowing))
        for part in "qk":
            parts[part] = self._store(self._rotary.backward(parts[part]))
        for part, norm in self._norms.items():
            parts[part] = norm.backward(parts[part], gradients)
        return sum(
            (self._in[part].backward(_join(parts[part]), gradients) for part in "qkv"), np.zeros(1)
        )

    def _stored(self, found: Weights) -> Weights:
        return {name: self._store(x) for name, x in found.items()}


def _near(length: int, window: int) -> Array:
    """1 where a query, by row, is not too far behind a key."""
    places = np.arange(length)
    return (places[:, None] - places < window).astype(np.uint8)


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
