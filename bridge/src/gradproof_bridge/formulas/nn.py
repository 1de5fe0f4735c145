"""Layers and losses, as torch.nn.functional defines them, attention and rotary embeddings as the
ONNX operators do.

RMSNorm: Zhang and Sennrich (2019, arXiv 1910.07467); GELU: Hendrycks and Gimpel (2016, arXiv
1606.08415); rotary embeddings: Su et al. (2021, arXiv 2104.09864); grouped queries: Ainslie et al.
(2023, arXiv 2305.13245).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradproof_bridge.backends.base import Inputs
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.errors import FormatError
from gradproof_bridge.formulas.bounded import (
    Bounded,
    bounded,
    concatenate,
    erf,
    exp,
    log,
    sigmoid,
    sqrt,
    tanh,
    where,
)
from gradproof_bridge.formulas.elementwise import elementwise
from gradproof_bridge.formulas.logits import logits
from gradproof_bridge.formulas.shapes import axis_in, unbroadcast

Outputs = dict[str, Bounded]


def shifted_softmax(x: Bounded, axis: int) -> tuple[Bounded, Bounded, Bounded]:
    """Softmax along an axis, the sum of the exponentials, and x minus the maximum (any shift is
    right, so it carries no error).
    """
    top = np.nan_to_num(x.value.max(axis=axis, keepdims=True, initial=-np.inf), neginf=0.0)
    shifted = x - top
    e = exp(shifted)
    total = e.sum(axis, keepdims=True)
    return e / total, total, shifted


def softmax(inputs: Inputs, params: Params) -> Outputs:
    """P = e^(x - max) / sum; dx = p (g - sum(g p))."""
    axis = axis_in(params["axis"], inputs["x"].ndim)
    x = logits(inputs["x"], axis)
    y, _, _ = shifted_softmax(x, axis)
    outputs = {"y": y}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        outputs["grad.x"] = y * (g - (g * y).sum(axis, keepdims=True))
    return outputs


def log_softmax(inputs: Inputs, params: Params) -> Outputs:
    """X - max - ln sum e^(x - max); dx = g - p sum(g)."""
    axis = axis_in(params["axis"], inputs["x"].ndim)
    x = logits(inputs["x"], axis)
    p, total, shifted = shifted_softmax(x, axis)
    outputs = {"y": shifted - log(total)}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        outputs["grad.x"] = g - p * g.sum(axis, keepdims=True)
    return outputs


def rms_norm(inputs: Inputs, params: Params) -> Outputs:
    """Y = w x / sqrt(mean(x^2) + eps) [+ b] over the dimensions from `axis` on."""
    x, weight = bounded(inputs["x"]), bounded(inputs["weight"])
    axes = _from_axis(params["axis"], inputs["x"].ndim)
    inverse = 1.0 / sqrt((x * x).mean(axes, keepdims=True) + params["eps"])
    return _normalised(inputs, x, x * inverse, weight, inverse, axes, centred=False)


def layer_norm(inputs: Inputs, params: Params) -> Outputs:
    """Y = w (x - mean) / sqrt(var + eps) + b with the biased variance."""
    x, weight = bounded(inputs["x"]), bounded(inputs["weight"])
    axes = _from_axis(params["axis"], inputs["x"].ndim)
    centred = x - x.mean(axes, keepdims=True)
    inverse = 1.0 / sqrt((centred * centred).mean(axes, keepdims=True) + params["eps"])
    return _normalised(inputs, x, centred * inverse, weight, inverse, axes, centred=True)


def _from_axis(axis: int, rank: int) -> tuple[int, ...]:
    return tuple(range(axis_in(axis, rank), rank))


def _normalised(
    inputs: Inputs,
    x: Bounded,
    normal: Bounded,
    weight: Bounded,
    inverse: Bounded,
    axes: tuple[int, ...],
    *,
    centred: bool,
) -> Outputs:
    y = normal * weight
    if "bias" in inputs:
        y = y + bounded(inputs["bias"])
    outputs = {"y": y}
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        inner = g * weight
        dx = inner - normal * (inner * normal).mean(axes, keepdims=True)
        if centred:
            dx = dx - inner.mean(axes, keepdims=True)
        outputs["grad.x"] = dx * inverse
        outputs["grad.weight"] = unbroadcast(g * normal, weight.shape)
        if "bias" in inputs:
            outputs["grad.bias"] = unbroadcast(g, weight.shape)
    return outputs


def batch_norm(inputs: Inputs, params: Params) -> Outputs:
    """Per channel; training takes the batch's own mean and biased variance and moves the running
    ones by `momentum`.
    """
    x = bounded(inputs["x"])
    axes = (0, *range(2, x.value.ndim))
    lift = (1, -1, *[1] * (x.value.ndim - 2))
    weight, bias, mean, var = (
        bounded(inputs[name]) for name in ("weight", "bias", "running_mean", "running_var")
    )
    outputs: Outputs = {}
    if params["training"]:
        batch_mean = x.mean(axes)
        centred = x - batch_mean.reshape(*lift)
        batch_var = (centred * centred).mean(axes)
        n = x.value.size // x.shape[1]
        kept = batch_var * (n / (n - 1)) if params["running_var_unbiased"] and n > 1 else batch_var
        m = params["momentum"]
        outputs = {
            "running_mean": mean * (1 - m) + batch_mean * m,
            "running_var": var * (1 - m) + kept * m,
        }
        mean, var = batch_mean, batch_var
    inverse = 1.0 / sqrt(var + params["eps"])
    normal = (x - mean.reshape(*lift)) * inverse.reshape(*lift)
    y = normal * weight.reshape(*lift) + bias.reshape(*lift)
    # torch makes one factor and one term of each channel first: where they cancel, more is lost.
    factor = inverse * weight
    folded = x * factor.reshape(*lift) + (bias - mean * factor).reshape(*lift)
    outputs["y"] = Bounded(y.value, np.maximum(y.error, folded.error))
    if "grad.y" in inputs:
        g = bounded(inputs["grad.y"])
        inner = g * weight.reshape(*lift)
        if params["training"]:
            inner = (
                inner
                - inner.mean(axes, keepdims=True)
                - normal * (inner * normal).mean(axes, keepdims=True)
            )
        outputs |= {
            "grad.x": inner * inverse.reshape(*lift),
            "grad.weight": (g * normal).sum(axes),
            "grad.bias": g.sum(axes),
        }
    return outputs


def rotary_embedding(inputs: Inputs, params: Params) -> Outputs:
    """Rotates pairs by position * theta^(-2k/d): (lo, hi) -> (lo c - hi s, hi c + lo s)."""
    d = params["head_dim"]
    if any(inputs[name].shape[-1] != d for name in ("q", "k")):
        raise FormatError(f"rotary_embedding: the last dimensions of q and k are not head_dim {d}")
    exponents = np.arange(0, d, 2) / d
    angles = inputs["position_ids"].astype(np.float64)[..., None] * params["theta"] ** -exponents
    # The angle is taken in float32, and what that loses grows with the position: the exponent is
    # rounded, CUDA's powf errs by up to 4 units in the last place, its inverse and the product by
    # half a unit each.
    rounded_exponents = np.abs(exponents.astype(np.float32) - exponents)
    slack = (5 * 2.0**-23 + abs(math.log(params["theta"])) * rounded_exponents) * np.abs(angles)
    outputs: Outputs = {}
    for name in ("q", "k"):
        fits = angles[:, None] if angles.ndim == 3 and inputs[name].ndim == 4 else angles
        room = slack[:, None] if angles.ndim == 3 and inputs[name].ndim == 4 else slack
        cos, sin = (Bounded(f(fits), room + 2.0**-23) for f in (np.cos, np.sin))
        outputs[name] = _turn(bounded(inputs[name]), cos, sin, params["convention"])
        if f"grad.{name}" in inputs:
            outputs[f"grad.{name}"] = _turn(
                bounded(inputs[f"grad.{name}"]), cos, -sin, params["convention"]
            )
    return outputs


def rotary_embedding_cache(inputs: Inputs, params: Params) -> Outputs:
    """As `rotary_embedding`, of given cosines and sines; what lies past twice their last dimension
    passes.
    """
    x = inputs["x"]
    cos, sin = (
        inputs[name][inputs["position_ids"]] if "position_ids" in inputs else inputs[name]
        for name in ("cos", "sin")
    )
    turned = 2 * cos.shape[-1]

    def apply(array: NDArray[Any], sign: float) -> Bounded:
        heads = bounded(_split_heads(array, params["heads"] if array.ndim == 3 else None))
        y = _turn(
            heads[..., :turned],
            bounded(cos[:, None]),
            bounded(sin[:, None]) * sign,
            params["convention"],
        )
        whole = concatenate([y, heads[..., turned:]], -1)
        return whole if array.ndim == 4 else _join_heads(whole)

    outputs = {"y": apply(x, 1.0)}
    if "grad.y" in inputs:
        outputs["grad.x"] = apply(inputs["grad.y"], -1.0)
    return outputs


def _turn(x: Bounded, cos: Bounded, sin: Bounded, convention: str) -> Bounded:
    if convention == "half-split":
        half = x.shape[-1] // 2
        low, high = x[..., :half], x[..., half:]
        return concatenate([low * cos - high * sin, high * cos + low * sin], -1)
    even, odd = x[..., 0::2], x[..., 1::2]
    first, second = even * cos - odd * sin, odd * cos + even * sin
    value, error = (
        np.stack([getattr(first, part), getattr(second, part)], -1) for part in ("value", "error")
    )
    return Bounded(value, error).reshape(*value.shape[:-2], -1)


def _split_heads(x: NDArray[Any], heads: int | None) -> NDArray[Any]:
    """[B, S, H*D] as [B, H, S, D]."""
    if x.ndim == 4:
        return x
    if heads is None or x.ndim != 3 or x.shape[-1] % heads:
        raise FormatError(f"a tensor of shape {list(x.shape)} does not split into {heads} heads")
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def _join_heads(x: Bounded) -> Bounded:
    b, h, s, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(b, s, h * d)


def scaled_dot_product_attention(inputs: Inputs, params: Params) -> Outputs:
    """softmax(softcap(scale q k^T) + mask) v; a row that may see no key is 0. What is not packed as
    [B, S, H*D] has torch's dimensions: any number of batches, heads, or neither.
    """
    rank = max(inputs[name].ndim for name in ("q", "k", "v"))
    packed = {
        name
        for name in ("q", "k", "v")
        if inputs[name].ndim < 4 and not params.keys().isdisjoint(("heads", "kv_heads"))
    }
    by_operand = {"q": params.get("heads"), "k": params.get("kv_heads")}

    def with_heads(x: NDArray[Any], operand: str) -> Bounded:
        if operand in packed:
            return bounded(_split_heads(x, by_operand.get(operand, by_operand["k"])))
        return bounded(x.reshape(*(1,) * (max(rank, 3) - x.ndim), *x.shape))

    q, k, v = _broadcast_heads(*(with_heads(inputs[name], name) for name in ("q", "k", "v")))
    shared = q.shape[-3] // k.shape[-3] if q.shape[-3] > 0 else 1
    wide_k, wide_v = (_repeat(x, shared) for x in (k, v))
    given, cap = params.get("scale"), params.get("softcap")
    scale = 1 / math.sqrt(q.shape[-1]) if given is None else given
    raw = (q @ wide_k.swap()) * scale
    ratio = tanh(raw / cap) if cap else bounded(0.0)
    scores = ratio * cap if cap else raw
    seen: NDArray[np.bool_] = np.ones(raw.shape, np.bool_)
    mask = inputs.get("mask")
    if mask is not None and mask.dtype == np.uint8:
        seen = np.logical_and(seen, mask != 0)
    elif mask is not None:
        seen = np.logical_and(seen, mask.astype(np.float64) > -np.inf)
        scores = scores + np.where(np.isneginf(mask.astype(np.float64)), 0, mask.astype(np.float64))
    if params["causal"]:
        seen = np.logical_and(seen, np.tri(raw.shape[-2], raw.shape[-1]).astype(np.bool_))
    open_row: NDArray[np.bool_] = np.asarray(seen.any(-1, keepdims=True))
    top = np.where(
        open_row, np.where(seen, scores.value, -np.inf).max(-1, keepdims=True, initial=-np.inf), 0
    )
    e = where(seen, exp(where(seen, scores - top, 0.0)), 0.0)
    p = e / where(open_row, e.sum(-1, keepdims=True), 1.0)
    y = p @ wide_v
    outputs = {"y": _join_heads(y) if "q" in packed else y.reshape(*y.shape[-rank:])}
    if "grad.y" in inputs:
        g = with_heads(inputs["grad.y"], "q")
        dp = g @ wide_v.swap()
        ds = p * (dp - (dp * p).sum(-1, keepdims=True))
        if mask is not None and mask.dtype != np.uint8:
            outputs["grad.mask"] = unbroadcast(ds, mask.shape)
        if cap:
            ds = ds * (1.0 - ratio * ratio)
        ds = ds * scale
        grads = {
            "q": ds @ wide_k,
            "k": _fold(ds.swap() @ q, shared),
            "v": _fold(p.swap() @ g, shared),
        }
        outputs |= {
            f"grad.{n}": _join_heads(x) if n in packed else unbroadcast(x, inputs[n].shape)
            for n, x in grads.items()
        }
    return outputs


def _broadcast_heads(q: Bounded, k: Bounded, v: Bounded) -> tuple[Bounded, Bounded, Bounded]:
    """All with as many batches; keys and values with as many heads, and one head of queries too."""
    *batches, kv = np.broadcast_shapes(k.shape[:-2], v.shape[:-2])
    batch = np.broadcast_shapes(q.shape[:-3], tuple(batches))

    def wide(x: Bounded, heads: int) -> Bounded:
        shape = (*batch, heads, *x.shape[-2:])
        return Bounded(np.broadcast_to(x.value, shape), np.broadcast_to(x.error, shape))

    return wide(q, kv if q.shape[-3] == 1 else q.shape[-3]), wide(k, kv), wide(v, kv)


def _repeat(x: Bounded, times: int) -> Bounded:
    return Bounded(np.repeat(x.value, times, -3), np.repeat(x.error, times, -3))


def _fold(x: Bounded, times: int) -> Bounded:
    *batch, h, s, d = x.shape
    return x.reshape(*batch, h // times, times, s, d).sum(-3)


def relu(inputs: Inputs, params: Params) -> Outputs:
    """max(x, 0); the gradient passes where x > 0."""
    x = inputs["x"].astype(np.float64)
    return elementwise(inputs, bounded(np.maximum(x, 0)), bounded((x > 0).astype(np.float64)))


def sigmoid_op(inputs: Inputs, params: Params) -> Outputs:
    """1 / (1 + e^-x); slope s (1 - s)."""
    s = sigmoid(bounded(inputs["x"]))
    return elementwise(inputs, s, s * (1.0 - s))


def silu(inputs: Inputs, params: Params) -> Outputs:
    """X sigmoid(x); slope s (1 + x (1 - s))."""
    x = bounded(inputs["x"])
    s = sigmoid(x)
    return elementwise(inputs, x * s, s * (1.0 + x * (1.0 - s)))


def gelu(inputs: Inputs, params: Params) -> Outputs:
    """x/2 (1 + erf(x/sqrt 2)), or with tanh(sqrt(2/pi) (x + 0.044715 x^3))."""
    x = bounded(inputs["x"])
    if params["approximate"] == "tanh":
        inner = (x + x * x * x * 0.044715) * math.sqrt(2 / math.pi)
        t = tanh(inner)
        slope = (1.0 + x * x * (3 * 0.044715)) * math.sqrt(2 / math.pi)
        return elementwise(
            inputs, x * 0.5 * (1.0 + t), (1.0 + t) * 0.5 + x * 0.5 * (1.0 - t * t) * slope
        )
    phi = (1.0 + erf(x * math.sqrt(0.5))) * 0.5
    density = exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
    return elementwise(inputs, x * phi, phi + x * density)


def embedding(inputs: Inputs, params: Params) -> Outputs:
    """Rows of the weight; its gradient sums what flowed into each row but the padding."""
    weight, ids = inputs["weight"], inputs["ids"]
    if ((ids < 0) | (ids >= weight.shape[0])).any():
        raise FormatError(f"an id lies outside 0 to {weight.shape[0] - 1}")
    outputs = {"y": bounded(weight[ids])}
    if "grad.y" in inputs:
        chosen = np.zeros((weight.shape[0], ids.size))
        chosen[ids.reshape(-1), np.arange(ids.size)] = 1
        if params.get("padding_idx") is not None:
            chosen[params["padding_idx"]] = 0
        outputs["grad.weight"] = bounded(chosen) @ bounded(inputs["grad.y"]).reshape(
            ids.size, weight.shape[1]
        )
    return outputs


def cross_entropy(inputs: Inputs, params: Params) -> Outputs:
    """-sum over classes of ((1-e) onehot + e/C) w log p, reduced; `shift` compares position i with
    label i+1.
    """
    rank = inputs["logits"].ndim
    axis = rank - 1 if params["shift"] or rank == 1 else 1
    p, total, shifted = shifted_softmax(logits(inputs["logits"], axis), axis)
    log_probs = shifted - log(total)
    labels = inputs["labels"].astype(np.int64)
    if params["shift"]:
        labels = np.concatenate(
            [labels[..., 1:], np.full((*labels.shape[:-1], 1), params["ignore_index"])], -1
        )
    loss, dlog = _nll(
        log_probs, labels.reshape(() if rank == 1 else labels.shape), axis, inputs, params
    )
    outputs = {"loss": loss.reshape(*(loss.shape or (1,))), "log_probs": log_probs}
    if "grad.loss" in inputs:
        g = dlog * _grad_of_loss(inputs["grad.loss"], labels, axis, rank, params)
        outputs["grad.logits"] = g - p * g.sum(axis, keepdims=True)
    return outputs


def cross_entropy_prob_target(inputs: Inputs, params: Params) -> Outputs:
    """-sum over classes of ((1-e) t + e/C) w log p, reduced; a mean is over the rows."""
    axis = min(1, inputs["logits"].ndim - 1)
    p, total, shifted = shifted_softmax(bounded(inputs["logits"]), axis)
    log_probs = shifted - log(total)
    classes = log_probs.shape[axis]
    lift = [-1 if d == axis else 1 for d in range(log_probs.value.ndim)]
    weight = bounded(inputs.get("weight", np.ones(classes))).reshape(*lift)
    keep = 1 - params["label_smoothing"]
    target = bounded(inputs["target"]) * keep + params["label_smoothing"] / classes
    terms = -(log_probs * target * weight)
    none = params["reduction"] == "none"
    rows = log_probs.value.size // classes if params["reduction"] == "mean" else 1
    loss = terms.sum(axis) if none else terms.sum() / rows
    outputs = {"loss": loss.reshape(*(loss.shape or (1,)))}
    if "grad.loss" in inputs:
        g = bounded(inputs["grad.loss"])
        shape = [1 if d == axis else n for d, n in enumerate(log_probs.shape)]
        g = g.reshape(*shape) if none else g / rows
        dlog = -(g * target * weight)
        outputs |= {
            "grad.logits": dlog - p * dlog.sum(axis, keepdims=True),
            "grad.target": -(g * log_probs * weight) * keep,
        }
    return outputs


def nll_loss(inputs: Inputs, params: Params) -> Outputs:
    """-w[label] log_probs[label], reduced; mean divides by the weights that were used."""
    log_probs, labels = bounded(inputs["log_probs"]), inputs["labels"].astype(np.int64)
    rank = log_probs.value.ndim
    axis = 0 if rank == 1 else 1
    loss, dlog = _nll(
        log_probs, labels.reshape(() if rank == 1 else labels.shape), axis, inputs, params
    )
    outputs = {"loss": loss.reshape(*(loss.shape or (1,)))}
    if "grad.loss" in inputs:
        outputs["grad.log_probs"] = dlog * _grad_of_loss(
            inputs["grad.loss"], labels, axis, rank, params
        )
    return outputs


def _nll(
    log_probs: Bounded, labels: NDArray[np.int64], axis: int, inputs: Inputs, params: Params
) -> tuple[Bounded, Bounded]:
    """The reduced loss, and its derivative by each log-probability (not yet reduced where reduction
    is none).
    """
    classes = log_probs.shape[axis]
    kept = labels != params["ignore_index"]
    if ((labels < 0) | (labels >= classes))[kept].any():
        raise FormatError(f"a label lies outside 0 to {classes - 1} and is not ignore_index")
    safe = np.where(kept, labels, 0)
    weight = inputs["weight"].astype(np.float64) if "weight" in inputs else np.ones(classes)
    onehot = np.moveaxis(np.eye(classes)[safe], -1, axis)
    wide = weight.reshape([-1 if d == axis else 1 for d in range(log_probs.value.ndim)])
    smooth = params.get("label_smoothing", 0)
    target = bounded(wide * ((1 - smooth) * onehot + smooth / classes) * np.expand_dims(kept, axis))
    each = -(log_probs * target).sum(axis)
    if params["reduction"] == "none":
        return each, -target
    if params["reduction"] == "sum":
        return each.sum(), -target
    used = bounded(np.where(kept, weight[safe], 0)).sum()
    return each.sum() / used, -target / used


def _grad_of_loss(
    grad: NDArray[Any], labels: NDArray[Any], axis: int, rank: int, params: Params
) -> Bounded:
    if params["reduction"] != "none" or rank == 1:
        return bounded(grad.reshape(-1)[0])
    if params.get("shift"):
        grad = np.concatenate(
            [grad[..., : labels.shape[-1] - 1], np.zeros((*labels.shape[:-1], 1))], -1
        )
    return bounded(np.expand_dims(grad, axis))


FORMULAS = {
    "softmax": softmax,
    "log_softmax": log_softmax,
    "rms_norm": rms_norm,
    "layer_norm": layer_norm,
    "batch_norm": batch_norm,
    "rotary_embedding": rotary_embedding,
    "rotary_embedding_cache": rotary_embedding_cache,
    "scaled_dot_product_attention": scaled_dot_product_attention,
    "relu": relu,
    "silu": silu,
    "sigmoid": sigmoid_op,
    "gelu": gelu,
    "embedding": embedding,
    "cross_entropy": cross_entropy,
    "cross_entropy_prob_target": cross_entropy_prob_target,
    "nll_loss": nll_loss,
}
