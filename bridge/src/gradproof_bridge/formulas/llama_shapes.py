"""Shapes of the linears of a Llama, by its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def block_linears(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """[out, in] of each linear of a block, by its name there."""
    width, heads = int(config["hidden"]), int(config["heads"])
    head_dim = int(config.get("head_dim", width // heads))
    queries, kv = head_dim * heads, head_dim * int(config["kv_heads"])
    inner = int(config["intermediate"])
    return {
        "self_attn.q_proj": (queries, width),
        "self_attn.k_proj": (kv, width),
        "self_attn.v_proj": (kv, width),
        "self_attn.o_proj": (width, queries),
        "mlp.gate_proj": (inner, width),
        "mlp.up_proj": (inner, width),
        "mlp.down_proj": (width, inner),
    }


def linear_shapes(config: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """[out, in] of the linears of all blocks, by the names of their modules."""
    block = block_linears(config)
    return {
        f"model.layers.{i}.{name}": shape
        for i in range(int(config["layers"]))
        for name, shape in block.items()
    }
