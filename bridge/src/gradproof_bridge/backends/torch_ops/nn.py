"""Layers and losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradproof_bridge.errors import NotImplementedOpError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from gradproof_bridge.backends.torch_arrays import Tensors
    from gradproof_bridge.bundle.vocabulary import Params


def softmax(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.softmax."""
    return {"y": t["x"].softmax(params["axis"])}


def log_softmax(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.log_softmax."""
    return {"y": t["x"].log_softmax(params["axis"])}


def rms_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.rms_norm."""
    import torch.nn.functional as F

    y = F.rms_norm(t["x"], t["weight"].shape, t["weight"], params["eps"])
    return {"y": y + t["bias"] if "bias" in t else y}


def layer_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.layer_norm."""
    import torch.nn.functional as F

    return {"y": F.layer_norm(t["x"], t["weight"].shape, t["weight"], t.get("bias"), params["eps"])}


def batch_norm(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.batch_norm, which keeps running statistics when it trains."""
    import torch.nn.functional as F

    if not params["running_var_unbiased"]:
        raise NotImplementedOpError("torch's batch_norm always keeps the unbiased variance")
    mean, var = t["running_mean"].clone(), t["running_var"].clone()
    y = F.batch_norm(
        t["x"],
        mean,
        var,
        t["weight"],
        t["bias"],
        params["training"],
        params["momentum"],
        params["eps"],
    )
    return {"y": y, "running_mean": mean, "running_var": var} if params["training"] else {"y": y}


def rotary_embedding(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """Rotations of pairs by position * theta^(-2k/d), angles in float32 as transformers has them."""
    import torch

    d = params["head_dim"]
    inverse = 1.0 / params["theta"] ** (
        torch.arange(0, d, 2, device=t["q"].device, dtype=torch.float32) / d
    )
    angles = t["position_ids"].to(torch.float32)[..., None] * inverse
    return {
        name: _rotate(t[name], _by_heads(angles, t[name]), params["convention"])
        for name in ("q", "k")
    }


def _by_heads(angles: Tensor, x: Tensor) -> Tensor:
    """[S, d/2] or [B, S, d/2] so that it broadcasts over the heads of x [B, H, S, d]."""
    return angles[:, None] if angles.ndim == 3 and x.ndim == 4 else angles


def _rotate(x: Tensor, angles: Tensor, convention: str) -> Tensor:
    return _turn(x, angles.cos(), angles.sin(), convention)


def _turn(x: Tensor, cos: Tensor, sin: Tensor, convention: str) -> Tensor:
    import torch

    if convention == "half-split":
        low, high = x.chunk(2, -1)
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, odd * cos + even * sin], -1).flatten(-2)


def rotary_embedding_cache(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """ONNX's RotaryEmbedding: cosines and sines are given; what lies past twice their last
    dimension passes.
    """
    import torch

    x = t["x"]
    heads = x if x.ndim == 4 else x.unflatten(-1, (params["heads"], -1)).transpose(1, 2)
    cos, sin = (
        t[name][t["position_ids"].long()] if "position_ids" in t else t[name]
        for name in ("cos", "sin")
    )
    turned = 2 * cos.shape[-1]
    y = torch.cat(
        [
            _turn(heads[..., :turned], cos[:, None], sin[:, None], params["convention"]),
            heads[..., turned:],
        ],
        -1,
    )
    return {"y": y if x.ndim == 4 else y.transpose(1, 2).flatten(2)}


def scaled_dot_product_attention(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.scaled_dot_product_attention with the math kernel; softcap and rows
    without a key by hand.
    """
    import torch
    import torch.nn.functional as F

    rank = max(t[name].ndim for name in ("q", "k", "v"))
    has_heads = params.get("heads") is None and params.get("kv_heads") is None
    q, k, v = _broadcast(
        *(
            _apart(t[name], rank)
            if has_heads or t[name].ndim == 4
            else _heads(t[name], params["heads" if name == "q" else "kv_heads"])
            for name in ("q", "k", "v")
        )
    )
    scale = params["scale"] if params.get("scale") is not None else q.shape[-1] ** -0.5
    mask = t.get("mask")
    allowed = mask if mask is None or mask.is_floating_point() else mask.bool()
    if params["causal"]:
        allowed = _with_causal(allowed, q.shape[-2], k.shape[-2], q)
    if params.get("softcap") is None and not _has_empty_row(allowed):
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            y = F.scaled_dot_product_attention(
                q, k, v, allowed, scale=scale, enable_gqa=q.shape[-3] != k.shape[-3]
            )
    else:
        y = _by_hand(q, k, v, allowed, scale, params.get("softcap"))
    is_apart = has_heads or t["q"].ndim == 4
    return {"y": y.reshape(y.shape[-rank:]) if is_apart else y.transpose(1, 2).flatten(2)}


def _apart(x: Tensor, rank: int) -> Tensor:
    """With as many dimensions as the other operands, and one for heads."""
    return x.reshape(*(1,) * (max(rank, 3) - x.ndim), *x.shape)


def _broadcast(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Torch broadcasts batches and heads, but not beside heads of queries that share keys."""
    import torch

    *batches, kv = torch.broadcast_shapes(k.shape[:-2], v.shape[:-2])
    batch = torch.broadcast_shapes(q.shape[:-3], tuple(batches))
    heads = kv if q.shape[-3] == 1 else q.shape[-3]
    return (
        q.expand(*batch, heads, -1, -1),
        k.expand(*batch, kv, -1, -1),
        v.expand(*batch, kv, -1, -1),
    )


def _heads(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def _with_causal(mask: Tensor | None, queries: int, keys: int, like: Tensor) -> Tensor:
    import torch

    seen = torch.ones(queries, keys, dtype=torch.bool, device=like.device).tril()
    if mask is None:
        return seen
    return mask & seen if mask.dtype == torch.bool else mask.masked_fill(~seen, -torch.inf)


def _has_empty_row(mask: Tensor | None) -> bool:
    import torch

    if mask is None:
        return False
    open_cells = mask if mask.dtype == torch.bool else mask > -torch.inf
    return not bool(open_cells.any(-1).all())


def _by_hand(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, scale: float, softcap: float | None
) -> Tensor:
    import torch

    k, v = (x.repeat_interleave(q.shape[-3] // x.shape[-3], -3) for x in (k, v))
    scores = q @ k.mT * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if mask is not None:
        scores = (
            scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
        )
    weights = scores.softmax(-1)
    return weights.masked_fill((scores == -torch.inf).all(-1, keepdim=True), 0.0) @ v


def relu(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.relu."""
    return {"y": t["x"].relu()}


def silu(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.silu."""
    import torch.nn.functional as F

    return {"y": F.silu(t["x"])}


def sigmoid(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.sigmoid."""
    return {"y": t["x"].sigmoid()}


def gelu(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.gelu."""
    import torch.nn.functional as F

    return {"y": F.gelu(t["x"], approximate=params["approximate"])}


def embedding(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.embedding."""
    import torch.nn.functional as F

    return {"y": F.embedding(t["ids"].long(), t["weight"], params.get("padding_idx"))}


def cross_entropy(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.cross_entropy; `shift` predicts the next label along the sequence, as
    causal models do.
    """
    import torch.nn.functional as F

    scores, labels = t["logits"], t["labels"].long()
    log_probs = scores.log_softmax(-1 if params["shift"] or scores.ndim == 1 else 1)
    if params["shift"]:
        labels = F.pad(labels, (0, 1), value=params["ignore_index"])[..., 1:]
        scores = scores.movedim(-1, 1)
    loss = F.cross_entropy(
        scores,
        labels.reshape(()) if scores.ndim == 1 else labels,
        t.get("weight"),
        ignore_index=params["ignore_index"],
        reduction=params["reduction"],
        label_smoothing=params["label_smoothing"],
    )
    return {"loss": loss, "log_probs": log_probs}


def cross_entropy_prob_target(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.cross_entropy of probabilities of the classes."""
    import torch.nn.functional as F

    loss = F.cross_entropy(
        t["logits"],
        t["target"],
        t.get("weight"),
        reduction=params["reduction"],
        label_smoothing=params["label_smoothing"],
    )
    return {"loss": loss}


def nll_loss(t: Mapping[str, Tensor], params: Params) -> Tensors:
    """torch.nn.functional.nll_loss."""
    import torch.nn.functional as F

    labels = t["labels"].long()
    return {
        "loss": F.nll_loss(
            t["log_probs"],
            labels.reshape(()) if t["log_probs"].ndim == 1 else labels,
            t.get("weight"),
            ignore_index=params["ignore_index"],
            reduction=params["reduction"],
        )
    }


OPS = {
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
    "sigmoid": sigmoid,
    "gelu": gelu,
    "embedding": embedding,
    "cross_entropy": cross_entropy,
    "cross_entropy_prob_target": cross_entropy_prob_target,
    "nll_loss": nll_loss,
}
