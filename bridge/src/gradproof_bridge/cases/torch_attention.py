"""Attention and rotary embeddings, with gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gradproof_bridge.bundle.stored import Array
from gradproof_bridge.cases.case import Case, Cases, Make
from gradproof_bridge.philox import Draw


@dataclass(frozen=True)
class _Attention:
    """Shapes of a case; `mask` is none, bits (U8), added (float) or repeated (float, too)."""

    batch: int = 2
    kv_batch: int | None = None
    """As many as there are of queries unless it is told."""
    heads: int = 4
    kv_heads: int = 4
    queries: int = 9
    keys: int = 9
    width: int = 16
    mask: str = "none"
    flat: bool = False
    dtype: str = "f32"


_ATTENTION: tuple[tuple[str, _Attention, dict[str, Any]], ...] = (
    ("plain", _Attention(), {}),
    ("causal", _Attention(), {"causal": True}),
    (
        "grouped_causal",
        _Attention(kv_heads=2, queries=17, keys=17),
        {"causal": True, "scale": 0.25},
    ),
    ("one_key_head", _Attention(kv_heads=1), {}),
    ("fewer_keys", _Attention(queries=7, keys=13), {}),
    ("mask_bits", _Attention(mask="bits"), {}),
    ("mask_added", _Attention(mask="added", queries=5, keys=11), {}),
    (
        "mask_repeated",
        _Attention(mask="repeated", kv_heads=2, queries=5, keys=7, width=8),
        {"softcap": 5.0},
    ),
    ("one_query", _Attention(batch=1, queries=1, keys=33), {}),
    ("softcap", _Attention(heads=2, kv_heads=2), {"softcap": 5.0}),
    ("empty_row", _Attention(heads=1, kv_heads=1, mask="empty"), {}),
    ("f16", _Attention(heads=2, kv_heads=2, dtype="f16"), {}),
    ("bf16", _Attention(heads=2, kv_heads=2, dtype="bf16"), {}),
    ("one_batch_of_keys", _Attention(kv_heads=2, kv_batch=1, keys=5), {}),
    ("one_query_head", _Attention(heads=1, kv_heads=3, batch=1, kv_batch=2), {"causal": True}),
    ("flat", _Attention(kv_heads=2, flat=True), {"heads": 4, "kv_heads": 2, "causal": True}),
)


def attention() -> Cases:
    """scaled_dot_product_attention and both rotary embeddings."""
    for name, shapes, params in _ATTENTION:
        yield Case(
            f"attention_{name}", "scaled_dot_product_attention", "torch", params, _attention(shapes)
        )
    for convention in ("half-split", "interleaved"):
        for start, theta in ((0, 10_000.0), (1000, 500_000.0)):
            params = {"head_dim": 16, "theta": theta, "convention": convention}
            yield Case(
                f"rotary_{convention}_from_{start}",
                "rotary_embedding",
                "torch",
                params,
                _rotary(start),
            )
        params = {"convention": convention}
        yield Case(
            f"rotary_cache_{convention}",
            "rotary_embedding_cache",
            "torch",
            params,
            _cache(partial=False),
        )
        yield Case(
            f"rotary_cache_{convention}_partial",
            "rotary_embedding_cache",
            "torch",
            params,
            _cache(partial=True),
        )


def _attention(s: _Attention) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        def heads(count: int, length: int, batch: int = s.batch) -> Array:
            return (
                draw.normal(batch, length, count * s.width, dtype=s.dtype)
                if s.flat
                else draw.normal(batch, count, length, s.width, dtype=s.dtype)
            )

        kv_batch = s.batch if s.kv_batch is None else s.kv_batch

        inputs = {
            "q": heads(s.heads, s.queries),
            "k": heads(s.kv_heads, s.keys, kv_batch),
            "v": heads(s.kv_heads, s.keys, kv_batch),
        }
        if s.mask in ("bits", "empty"):
            inputs["mask"] = draw.bits(s.queries, s.keys, share=0.7)
            # Every row sees a key, but for the one that is to see none.
            inputs["mask"][:, 0] = 1
            if s.mask == "empty":
                inputs["mask"][2] = 0
        if s.mask == "added":
            inputs["mask"] = draw.normal(s.batch, 1, s.queries, s.keys)
        if s.mask == "repeated":
            inputs["mask"] = draw.normal(s.queries, s.keys)
        # Gradients in halves are made of what was stored in halves before.
        if s.dtype != "f32":
            return inputs
        together = max(s.heads, s.kv_heads), s.queries, max(s.batch, kv_batch)
        return {**inputs, "grad.y": heads(*together)}

    return make


def _rotary(start: int) -> Make:
    return lambda draw: {
        "q": draw.normal(2, 3, 7, 16),
        "k": draw.normal(2, 1, 7, 16),
        "position_ids": np.arange(start, start + 7, dtype=np.int32)[None].repeat(2, 0),
        "grad.q": draw.normal(2, 3, 7, 16),
        "grad.k": draw.normal(2, 1, 7, 16),
    }


def _cache(*, partial: bool) -> Make:
    def make(draw: Draw) -> dict[str, Array]:
        turned = 3 if partial else 4
        return {
            "x": draw.normal(2, 3, 5, 8),
            "cos": draw.uniform(11, turned),
            "sin": draw.uniform(11, turned),
            "position_ids": draw.integers(2, 5, low=0, high=10),
            "grad.y": draw.normal(2, 3, 5, 8),
        }

    return make


FAMILIES = (attention,)
