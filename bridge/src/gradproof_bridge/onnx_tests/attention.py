"""Attention: what ONNX says by attributes and lengths becomes the mask that it stands for."""

from __future__ import annotations

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.bundle.vocabulary import Params
from gradproof_bridge.onnx_tests.node_test import Converted, NodeTest, NotConvertibleError

_HIDES = -1e4


def attention(test: NodeTest) -> Converted:
    """Past keys and values go before the new ones; present ones and the score matrix, which ONNX
    also gives, are not in the vocabulary.
    """
    q, k, v = test.inputs["Q"], test.inputs["K"], test.inputs["V"]
    y = test.outputs[0]
    flat = q.ndim == 3
    heads, kv_heads = test.get("q_num_heads", 0), test.get("kv_num_heads", 0)
    past = 0
    if "past_key" in test.inputs:
        past = test.inputs["past_key"].shape[2]
        if flat:
            q, k, v, y = (
                _split(q, heads),
                _split(k, kv_heads),
                _split(v, kv_heads),
                _split(y, heads),
            )
            flat = False
        k = np.concatenate([test.inputs["past_key"], k], 2)
        v = np.concatenate([test.inputs["past_value"], v], 2)
    params: Params = {"heads": heads, "kv_heads": kv_heads} if flat else {}
    for name, nothing in (("scale", 0.0), ("softcap", 0.0)):
        if test.get(name, nothing):
            params[name] = test.get(name)
    inputs = {"q": q, "k": k, "v": v}
    lengths = (q.shape[0], q.shape[1] if flat else q.shape[2], k.shape[1] if flat else k.shape[2])
    plain = past == 0 and not _windowed(test) and "nonpad_kv_seqlen" not in test.inputs
    if plain:
        params["causal"] = bool(test.get("is_causal", 0))
        mask = test.inputs.get("attn_mask")
        if mask is not None:
            inputs["mask"] = _finite(_wide(mask, lengths[2]))
    else:
        inputs["mask"] = _finite(_mask(test, past, lengths))
    return Converted("scaled_dot_product_attention", params, inputs, {"y": y})


def _split(x: Array, heads: int) -> Array:
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def _windowed(test: NodeTest) -> bool:
    return test.get("left_window_size", -1) >= 0 or test.get("right_window_size", -1) >= 0


def _wide(mask: Array, keys: int) -> Array:
    """A mask that is shorter than the keys hides those beyond."""
    missing = keys - mask.shape[-1]
    if missing <= 0:
        return mask
    hidden = np.full(
        (*mask.shape[:-1], missing), False if mask.dtype == np.bool_ else -np.inf
    ).astype(mask.dtype)
    return np.concatenate([mask, hidden], -1)


def _finite(mask: Array) -> Array:
    """A mask without infinities: bits where it hides or shows alone, else a number that hides as
    well, as e^-10000 is 0 in float64 too.
    """
    if mask.dtype == np.bool_:
        return mask
    wide = mask.astype(np.float64)
    hidden = np.isneginf(wide)
    if not hidden.any():
        return mask
    if np.all(hidden | (wide == 0)):
        return ~hidden
    if hidden.all(-1).any():
        raise NotConvertibleError(
            "a row of an added mask hides every key, which no finite number can"
        )
    return np.where(hidden, _HIDES, wide).astype(mask.dtype)


def _mask(test: NodeTest, past: int, lengths: tuple[int, int, int]) -> Array:
    """Which keys each query may see: causal from its place among past and new keys, within the
    windows and the lengths.
    """
    batch, queries, keys = lengths
    valid = test.inputs.get("nonpad_kv_seqlen")
    # With an outside cache the new queries are the last of each sequence.
    offset = np.full(batch, past) if valid is None else valid - queries
    place = offset[:, None, None] + np.arange(queries)[None, :, None]
    key = np.arange(keys)[None, None, :]
    seen = np.ones((batch, queries, keys), bool)
    if test.get("is_causal", 0):
        seen &= key <= place
    if test.get("left_window_size", -1) >= 0:
        seen &= key >= place - test.get("left_window_size")
    if test.get("right_window_size", -1) >= 0:
        seen &= key <= place + test.get("right_window_size")
    if valid is not None:
        seen &= key < valid[:, None, None]
    mask = test.inputs.get("attn_mask")
    wide = seen[:, None]
    if mask is None:
        return wide
    mask = _wide(mask, keys)
    if mask.dtype == np.bool_:
        return np.asarray(wide & mask)
    return np.where(wide, mask, -np.inf).astype(mask.dtype)
