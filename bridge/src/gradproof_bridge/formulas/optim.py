"""Optimizers, clipping, loss scaling and schedules.

Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2017, arXiv 1711.05101), in the
order of torch/optim/adamw.py and sgd.py; torch/nn/utils/clip_grad.py and torch/amp/grad_scaler.py;
Adagrad and Momentum as the ONNX specification (ai.onnx.preview.training) has them.
"""

from __future__ import annotations

import math

import numpy as np

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.adamw_8bit import Moments, state_codes, step_of_cuda, through_8bit
from gradproof_bridge.formulas.bounded import F64, Bounded, bounded, sqrt, where
from gradproof_bridge.formulas.expected import Expected, Real
from gradproof_bridge.formulas.schedule import rates
from gradproof_bridge.formulas.torch_optim import TORCH_STEPS, steps_of_torch

Outputs = dict[str, Expected]
_DEFAULTS: dict[str, Params] = {
    "adamw": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2},
    "adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "adamw8bit": {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 1e-2,
        "blocksize": 256,
        "min_8bit_size": 4096,
    },
    "sgd": {"lr": 1e-3, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
}
_ADAM = ("lr", "betas", "eps", "weight_decay", "bias_correction", "amsgrad", "maximize")
_RADAM = ("lr", "betas", "eps", "weight_decay", "decoupled_weight_decay", "maximize")
_ONNX = ("lr", "R", "T", "norm_coefficient")
_HAS = {
    "adamw": _ADAM,
    "adam": _ADAM,
    "sgd": ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize"),
    "adamw8bit": (
        *("lr", "betas", "eps", "weight_decay", "bias_correction"),
        *("blocksize", "min_8bit_size", "state_rounding", "decay_after_step"),
    ),
    "adagrad": (*_ONNX, "decay_factor", "epsilon"),
    "momentum": (*_ONNX, "alpha", "beta", "mode"),
    "adadelta": ("lr", "rho", "eps", "weight_decay", "maximize"),
    "rmsprop": ("lr", "alpha", "eps", "weight_decay", "momentum", "centered", "maximize"),
    "nadam": (*_RADAM, "momentum_decay"),
    "radam": _RADAM,
    "muon": (
        *("lr", "weight_decay", "momentum", "nesterov"),
        *("ns_coefficients", "eps", "ns_steps", "adjust_lr_fn"),
    ),
}
"""Hyperparameters of each optimizer."""


def optimizer_steps(inputs: Inputs, params: Params) -> Outputs:
    """The parameter after each step, and the state after the last."""
    name = params["optimizer"]
    _check(name, {key: value for key, value in params.items() if key != "optimizer"})
    if params.get("maximize"):
        inputs = {**inputs, "grads": -inputs["grads"]}
    if name in TORCH_STEPS or params.get("amsgrad"):
        trajectory, state = steps_of_torch(inputs, params)
        return {
            "trajectory": Real(_stack(trajectory)),
            **{f"state.{key}": Real(x) for key, x in state.items()},
        }
    if name in _DEFAULTS:
        chosen = {
            **_DEFAULTS[name],
            **{key: value for key, value in params.items() if value is not None},
        }
        return _sgd(inputs, chosen) if name == "sgd" else _adam(inputs, chosen)
    return _onnx_momentum(inputs, params) if name == "momentum" else _onnx_adagrad(inputs, params)


def _check(name: str, given: Params) -> None:
    """Nothing that an optimizer has not is passed over, unless it is off. Raises FormatError."""
    has = _HAS[name]
    for key, value in given.items():
        if key not in has and value is not None and value is not False:
            raise FormatError(f"{name} has no {key}; it has {', '.join(has)}")
    if given.get("lr") is not None and given.get("R") is not None:
        raise FormatError(f"lr and R are both the rate of {name}: give one of them")


def _adam(inputs: Inputs, p: Params) -> Outputs:
    """The steps, with both moments kept in 8 bits in between where that is asked for."""
    step = step_of_cuda if p.get("decay_after_step") else _adam_step
    param = bounded(inputs["param"])
    in_8bit = p["optimizer"] == "adamw8bit" and param.value.size >= p["min_8bit_size"]
    m, v = (_start(inputs, f"state.{state}", param) for state in ("exp_avg", "exp_avg_sq"))
    steps: list[Bounded] = []
    codes: dict[str, Expected] = {}
    for t, grad in enumerate(inputs["grads"], 1):
        param, m, v = step((param, m, v), bounded(grad), t, p)
        steps.append(param)
        if in_8bit:
            m, codes_m = through_8bit(m, p, signed=True)
            v, codes_v = through_8bit(v, p, signed=False)
            codes = state_codes(codes_m, codes_v)
    state = codes or {"state.exp_avg": Real(m), "state.exp_avg_sq": Real(v)}
    return {"trajectory": Real(_stack(steps)), **state}


def _adam_step(now: Moments, g: Bounded, t: int, p: Params) -> Moments:
    """AdamW decays the parameter first, Adam adds the decay to the gradient; eps is added after the
    correction of the bias.
    """
    (param, m, v), lr, (b1, b2) = now, p["lr"], p["betas"]
    decay = lr * p["weight_decay"]
    if p["optimizer"] == "adam":
        g = g + param * p["weight_decay"] if p["weight_decay"] else g
    elif decay:
        param = param * (1 - decay)
    m = m + (g - m) * (1 - b1)
    v = v * b2 + g * g * (1 - b2)
    corrected = p.get("bias_correction") is not False
    c1, c2 = (1 - b1**t, 1 - b2**t) if corrected else (1.0, 1.0)
    denominator = sqrt(v) / math.sqrt(c2) + p["eps"]
    return param - m * (lr / c1) / denominator, m, v


def _start(inputs: Inputs, name: str, param: Bounded) -> Bounded:
    if name not in inputs:
        return bounded(np.zeros(param.shape))
    if inputs[name].dtype == np.uint8:
        raise FormatError(f"{name} in 8 bits before the first step has no formula here")
    return bounded(inputs[name])


def _sgd(inputs: Inputs, p: Params) -> Outputs:
    """G += wd p; buf = mu buf + (1 - dampening) g, at first g; p -= lr (nesterov ? g + mu buf :
    buf).
    """
    param, mu = bounded(inputs["param"]), p["momentum"]
    buffer = bounded(inputs["state.momentum_buffer"]) if "state.momentum_buffer" in inputs else None
    steps: list[Bounded] = []
    for grad in inputs["grads"]:
        g = bounded(grad)
        if p["weight_decay"]:
            g = g + param * p["weight_decay"]
        step = g
        if mu:
            buffer = g if buffer is None else buffer * mu + g * (1 - p["dampening"])
            step = g + buffer * mu if p["nesterov"] else buffer
        param = param - step * p["lr"]
        steps.append(param)
    outputs: Outputs = {"trajectory": Real(_stack(steps))}
    return outputs if buffer is None else {**outputs, "state.momentum_buffer": Real(buffer)}


def _rate_of_onnx(p: Params) -> float:
    """By torch's name or by ONNX's, which has no default."""
    given = (p.get(name) for name in ("lr", "R"))
    return next((float(rate) for rate in given if rate is not None), 1e-3)


def _onnx_momentum(inputs: Inputs, p: Params) -> Outputs:
    """ai.onnx.preview.training.Momentum: v = alpha v + beta g (beta is 1 at step T = 0); nesterov
    looks ahead.
    """
    param = bounded(inputs["param"])
    v = _start(inputs, "state.momentum_buffer", param)
    steps: list[Bounded] = []
    for i, grad in enumerate(inputs["grads"]):
        g = bounded(grad) + param * p.get("norm_coefficient", 0.0)
        beta = p.get("beta", 1.0) if p.get("T", 0) + i > 0 else 1.0
        v = v * p["alpha"] + g * beta
        step = g + v * p["alpha"] if p.get("mode") == "nesterov" else v
        param = param - step * _rate_of_onnx(p)
        steps.append(param)
    return {"trajectory": Real(_stack(steps)), "state.momentum_buffer": Real(v)}


def _onnx_adagrad(inputs: Inputs, p: Params) -> Outputs:
    """ai.onnx.preview.training.Adagrad: h += g^2; p -= lr/(1 + T decay) g / (sqrt(h) + epsilon)."""
    param = bounded(inputs["param"])
    h = _start(inputs, "state.exp_avg_sq", param)
    steps: list[Bounded] = []
    for i, grad in enumerate(inputs["grads"]):
        g = bounded(grad) + param * p.get("norm_coefficient", 0.0)
        h = h + g * g
        lr = _rate_of_onnx(p) / (1 + (p.get("T", 0) + i) * p.get("decay_factor", 0.0))
        param = param - g * lr / (sqrt(h) + p.get("epsilon", 1e-6))
        steps.append(param)
    return {"trajectory": Real(_stack(steps)), "state.exp_avg_sq": Real(h)}


def _stack(parts: list[Bounded]) -> Bounded:
    return Bounded(
        np.stack([part.value for part in parts]), np.stack([part.error for part in parts])
    )


def clip_grad_norm(inputs: Inputs, params: Params) -> Outputs:
    """N = L2 over all gradients; each is multiplied by min(1, max_norm / (n + eps))."""
    names = sorted(inputs, key=lambda name: int(name[1:]))
    grads = [bounded(inputs[name]) for name in names]
    # A library may add up the norms of the tensors or all squares at once: both are within a sum
    # over all elements.
    squares = [(g * g).sum().reshape(1) for g in grads]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    norm = sqrt(total)
    norm = Bounded(norm.value, norm.error + 4.5 * 2.0**-23 * norm.value)
    ratio = params["max_norm"] / (norm + params["eps"])
    factor = where(ratio.value < 1, ratio, bounded(np.ones(1)))
    return {
        "norm": Real(norm),
        **{name: Real(g * factor) for name, g in zip(names, grads, strict=True)},
    }


def grad_scaler(inputs: Inputs, params: Params) -> Outputs:
    """After an infinite gradient the scale backs off and the step is skipped; after growth_interval
    finite ones it grows.
    """
    scale, tracker, param = float(params["init_scale"]), 0, 0.0
    scales: list[float] = []
    values: list[float] = []
    for found in inputs["found_inf"]:
        if found:
            scale, tracker = scale * params["backoff_factor"], 0
        else:
            param -= params.get("lr") or 0.0
            tracker += 1
            if tracker == params["growth_interval"]:
                scale, tracker = scale * params["growth_factor"], 0
        scales.append(scale)
        values.append(param)
    outputs: Outputs = {"scale": Real(bounded(np.array(scales)))}
    if params.get("lr") is not None:
        steps = np.arange(1, len(values) + 1)
        value: F64 = np.array(values)
        outputs["param"] = Real(
            Bounded(value, np.asarray(2.0**-23 * steps * np.abs(value), np.float64))
        )
    return outputs


def lr_schedule(inputs: Inputs, params: Params) -> Outputs:
    """The learning rate of each step until two past the total."""
    return {"lr": Real(rates(params))}


FORMULAS = {
    "optimizer_steps": optimizer_steps,
    "clip_grad_norm": clip_grad_norm,
    "grad_scaler": grad_scaler,
    "lr_schedule": lr_schedule,
}
